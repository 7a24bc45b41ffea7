import torch
from transformers import CLIPModel, Qwen2VLModel

from crossreid.models.full_size import qwen_2b_config, vit_large_config
from crossreid.models.prompts import SPECIAL_TOKENS

IDS = {token: number for number, token in enumerate(SPECIAL_TOKENS)}


def parameters(model: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def test_they_have_as_many_parameters_as_the_published_ones() -> None:
    with torch.device("meta"):
        qwen, clip = Qwen2VLModel(qwen_2b_config(IDS)), CLIPModel(vit_large_config(IDS))
        wide = CLIPModel(vit_large_config(IDS, projection=1536))
    assert parameters(qwen) == 2_208_985_600
    assert parameters(clip) == 427_616_513
    assert parameters(wide) - parameters(clip) == 768 * (768 + 1024)
