"""The backbones of the paper by their settings alone: nothing of these sizes is made."""

from pathlib import Path
from typing import Any

import pytest
from transformers import CLIPConfig, GPT2Config, Qwen2VLConfig

from crossreid.core.errors import CheckpointError
from crossreid.data.preprocessing import Preprocessing
from crossreid.models.folder import save_model
from crossreid.models.lora import HierarchicalLora, adapter_parameters
from crossreid.models.outline import outline

QWEN_TEXT = {
    "hidden_size": 1536, "intermediate_size": 8960, "num_hidden_layers": 28, "num_attention_heads": 12,
    "num_key_value_heads": 2, "vocab_size": 151936, "tie_word_embeddings": True,
    "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [16, 24, 24]},
}  # fmt: skip
QWEN_VISION = {
    "depth": 32,
    "embed_dim": 1280,
    "hidden_size": 1536,
    "num_heads": 16,
    "mlp_ratio": 4,
    "patch_size": 14,
}
CLIP_TEXT = {
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
}
CLIP_VISION = {
    "hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24, "num_attention_heads": 16,
    "image_size": 224, "patch_size": 14,
}  # fmt: skip


@pytest.fixture
def qwen(tmp_path: Path) -> Path:
    Qwen2VLConfig(text_config=QWEN_TEXT, vision_config=QWEN_VISION).save_pretrained(tmp_path)
    return tmp_path


def test_qwen2_vl_2b_has_as_many_parameters_as_on_the_hub(qwen: Path) -> None:
    drawn = outline(qwen)
    assert (drawn.kind, drawn.dim, drawn.preprocessing) == ("teacher", 1536, Preprocessing(280, 140))
    assert drawn.parameters == 2_208_985_600


def test_the_paper_s_adapters_by_hand(qwen: Path) -> None:
    backbone: Any = outline(qwen).backbone
    counts = adapter_parameters(backbone, HierarchicalLora())
    # Rank 16, a layer m -> n has 16 (m + n). Vision: 4 last blocks and 14 even ones before them.
    vision = 18 * 16 * ((1280 + 3840) + (1280 + 1280) + 2 * (1280 + 5120))
    # Language: 4 last layers and 12 even ones before; two heads of 128 for keys and values.
    language = 16 * 16 * (2 * (1536 + 1536) + 2 * (1536 + 256) + 3 * (1536 + 8960))
    assert sum(counts.values()) == vision + language == 16_449_536
    assert len(counts) == 18 * 4 + 16 * 7


def test_clip_vit_l_14_has_as_many_parameters_as_on_the_hub(tmp_path: Path) -> None:
    CLIPConfig(text_config=CLIP_TEXT, vision_config=CLIP_VISION, projection_dim=768).save_pretrained(tmp_path)
    drawn = outline(tmp_path)
    projections = 1024 * 768 + 768 * 768
    assert (drawn.kind, drawn.dim, drawn.parameters) == ("student", 768, 427_616_513 - projections - 1)


def test_a_saved_model_is_outlined_with_its_own_treatment(tiny: Any, tmp_path: Path) -> None:
    for model in (tiny.teacher(), tiny.student(dim=20)):
        drawn = outline(save_model(model, tmp_path / "model"))
        assert (drawn.dim, drawn.preprocessing) == (model.dim, tiny.SIZE)
        heads = sum(p.numel() for p in model.heads.parameters()) if drawn.kind == "student" else 0
        assert drawn.parameters == sum(p.numel() for p in model.parameters()) - heads


def test_what_cannot_be_outlined_is_a_checkpoint_error(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"no config\.json"):
        outline(tmp_path)
    GPT2Config(n_layer=1, n_embd=8, n_head=1).save_pretrained(tmp_path)
    with pytest.raises(CheckpointError, match="holds a gpt2 model"):
        outline(tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(CheckpointError, match="cannot be read"):
        outline(tmp_path)
