"""Adapters in the layout in which the authors publish them, on a backbone of some thousand weights."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import Qwen2VLForConditionalGeneration
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from crossreid.core.errors import CheckpointError
from crossreid.core.modality import Modality
from crossreid.models.adapter import base_of
from crossreid.models.encoder import ModelEncoder
from crossreid.models.folder import load_model, save_model
from crossreid.models.loading import load_encoder
from crossreid.models.lora import HierarchicalLora, add_adapters
from crossreid.models.teacher import Teacher

pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")

TARGETS = ["qkv", "proj", "mlp.0", "mlp.2", "q_proj", "k_proj", "v_proj", "o_proj"]
"""Of the authors' launch script; `proj` reaches the patch embedding too."""

SYSTEM = (
    "You are a four-modal data (RGB image(rgb), infrared image(ir), sketch image(sketch) and text) embedding "
    "generator.I will now arbitrarily select single or multi modal data from these 4 modalities as input.Please "
    "convert the input multimodal data into semantic vectors for multimodal matching."
)
FOCUS = "embedding, focusing on age, gender, clothing, and biometric features."


@pytest.fixture(scope="module")
def trained(tiny: Any) -> Any:
    """What the authors' training holds in memory: PEFT around the model that generates text."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        captioner = Qwen2VLForConditionalGeneration(tiny.qwen_config())
    tiny.draw(captioner.model)
    config = LoraConfig(
        r=4,
        lora_alpha=64,
        lora_dropout=0.1,
        use_dora=True,
        init_lora_weights="gaussian",
        target_modules=TARGETS,
    )
    adapted = get_peft_model(captioner, config)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.01, generator=generator)
            if "magnitude" in name:
                parameter.mul_(1.1)
    return adapted.eval()


def older_name(key: str) -> str:
    """As transformers 4 called the layers."""
    key = key.replace("base_model.model.model.visual.", "base_model.model.visual.")
    return key.replace("base_model.model.model.language_model.", "base_model.model.model.")


@pytest.fixture
def released(trained: Any, tiny: Any, tmp_path: Path) -> Path:
    """The published files, and the base beside them."""
    folder = tmp_path / "released"
    trained.peft_config["default"].base_model_name_or_path = "../base"
    trained.save_pretrained(str(folder), save_embedding_layers=False)
    state = load_file(folder / "adapter_model.safetensors")
    (folder / "adapter_model.safetensors").unlink()
    torch.save({older_name(key): value for key, value in state.items()}, folder / "adapter_model.bin")
    torch.save({"weight": torch.zeros(7, 32)}, folder / "classifier.pt")
    save_model(tiny.teacher(), tmp_path / "base")
    return folder


def last_hidden(trained: Any, tokenizer: Any, text: str, pixels: Tensor | None = None) -> Tensor:
    """By transformers' and PEFT's own forward pass, nothing merged."""
    ids = torch.tensor([tokenizer(text, add_special_tokens=False)["input_ids"]])
    model = trained.base_model.model.model
    extra: dict[str, Any] = {}
    if pixels is not None:
        processor = Qwen2VLImageProcessorPil(do_resize=False, do_rescale=False, do_normalize=False)
        seen = processor([np.asarray(pixels)], input_data_format="channels_first", return_tensors="pt")
        extra = {"pixel_values": seen["pixel_values"], "image_grid_thw": seen["image_grid_thw"]}
    with torch.inference_mode():
        kinds = (ids == model.config.image_token_id).int()
        output = model(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            mm_token_type_ids=kinds,
            use_cache=False,
            **extra,
        )
    return output.last_hidden_state[0, -1]


def test_a_released_adapter_gives_the_features_of_its_training(
    released: Path, trained: Any, tiny: Any
) -> None:
    teacher: Any = load_model(released)[0]
    caption = "A man in a red coat."
    prompt = (
        f"<|im_start|>system\n{SYSTEM}.<|im_end|>\n<|im_start|>user\nThe modality of this item:text. The caption is "
        f"'{caption}'. Generate this text's {FOCUS}<|im_end|><|im_start|>assistant\n"
    )
    teacher.conversation.text_budget = 2000  # this tokenizer has few words
    with torch.inference_mode():
        read = teacher.embed_captions([caption])[0]
    expected = last_hidden(trained, tiny.tokenizer(), prompt)
    assert (read - expected).abs().max() < 1e-4

    prompt = (
        f"<|im_start|>system\n{SYSTEM}<|im_end|>\n<|im_start|>user\n<|vision_start|>{'<|image_pad|>' * 84}"
        f"<|vision_end|>The modality of this item:ir. Generate the image's {FOCUS}<|im_end|><|im_start|>assistant\n"
    )
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, size=(90, 40, 3), dtype=np.uint8)
    large = np.asarray(Image.fromarray(picture).resize((196, 336), Image.Resampling.LANCZOS)) / 255
    pixels = torch.tensor((large - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]).permute(2, 0, 1).float()
    seen = ModelEncoder(teacher).encode([picture], modality=Modality.IR).vectors[0]
    expected = last_hidden(trained, tiny.tokenizer(), prompt, pixels)
    np.testing.assert_allclose(seen, (expected / expected.norm()).numpy(), atol=1e-5)


def test_the_adapter_changes_what_its_base_says(released: Path, tiny: Any) -> None:
    pixels = tiny.pixels(1)
    adapted, base = load_model(released)[0], tiny.teacher()
    assert isinstance(adapted, Teacher)
    with torch.inference_mode():
        difference = Teacher(
            adapted.backbone, tiny.tokenizer(), base.conversation.prompts, tiny.SIZE
        ).eval().embed_images(pixels, [Modality.RGB]) - base.embed_images(pixels, [Modality.RGB])
    assert difference.abs().max() > 0.1


def test_the_names_of_today_load_alike(released: Path, trained: Any) -> None:
    before = load_model(released)[0]
    (released / "adapter_model.bin").unlink()
    state = get_peft_model_state_dict(trained, save_embedding_layers=False)
    save_file(
        {key: value.contiguous() for key, value in state.items()}, released / "adapter_model.safetensors"
    )
    after = load_model(released)[0]
    for name, weight in before.state_dict().items():
        assert torch.equal(after.state_dict()[name], weight), name


def change(change_state: Callable[[dict[str, Tensor]], object]) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        state = torch.load(folder / "adapter_model.bin", weights_only=True)
        change_state(state)
        torch.save(state, folder / "adapter_model.bin")

    return apply


def settings(**values: Any) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        file = folder / "adapter_config.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | values))

    return apply


QKV = "base_model.model.visual.blocks.1.attn.qkv"


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (change(lambda s: s.pop(f"{QKV}.lora_B.weight")), r"lacks \['visual.blocks.1.attn.qkv.lora_B'\]"),
        (change(lambda s: s.pop(f"{QKV}.lora_magnitude_vector")), r"lacks .*lora_magnitude_vector"),
        (
            change(lambda s: [s.pop(key) for key in list(s) if key.startswith(f"{QKV}.")]),
            r"lacks \['visual.blocks.1.attn.qkv'\]",
        ),
        (change(lambda s: s.update({"encoder.weight": torch.ones(1)})), r"1 foreign keys.*encoder\.weight"),
        (
            change(lambda s: s.update({f"{QKV.replace('1', '9')}.lora_A.weight": torch.ones(4, 32)})),
            r"layers that its base does not have, such as \['visual.blocks.9.attn.qkv'\]",
        ),
        (
            change(lambda s: s.update({f"{QKV}.lora_A.weight": torch.ones(4, 30)})),
            r"other shapes in \['visual.blocks.1.attn.qkv'\]",
        ),
        (change(dict.clear), "expected lora_A, lora_B"),
        (settings(peft_type="IA3"), "of kind IA3.*expected LORA"),
        (settings(rank_pattern={"qkv": 8}), "with \\['rank_pattern'\\]"),
        (settings(base_model_name_or_path=""), "names no base model"),
        (
            settings(base_model_name_or_path="nobody"),
            "base nobody.* no model at nobody;.*base_model_name_or_path in",
        ),
        (lambda folder: (folder / "adapter_model.bin").unlink(), "no adapter weights"),
        (lambda folder: torch.save([1, 2], folder / "adapter_model.bin"), "holds no state dict"),
        (lambda folder: (folder / "adapter_config.json").write_text("{"), "cannot be read"),
        (lambda folder: torch.save({"weight": torch.ones(7, 31)}, folder / "classifier.pt"), "of width 31"),
        (lambda folder: torch.save({"bias": torch.ones(7)}, folder / "classifier.pt"), r"holds \['bias'\]"),
    ],
)
def test_a_wrong_or_partial_adapter_is_named(
    released: Path, spoil: Callable[[Path], object], complaint: str
) -> None:
    spoil(released)
    with pytest.raises(CheckpointError, match=complaint):
        load_model(released)


class Payload:
    """Would touch a file if it were unpickled."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> Any:
        return Path.touch, (self.file,)


@pytest.mark.parametrize("name", ["adapter_model.bin", "classifier.pt"])
def test_nothing_but_tensors_is_unpickled(released: Path, tmp_path: Path, name: str) -> None:
    torch.save({"weight": Payload(tmp_path / "touched")}, released / name)
    with pytest.raises(
        CheckpointError, match=f"{name} cannot be read as weights alone: it is damaged"
    ) as refused:
        load_encoder(released, device="cpu")
    assert "weights_only" not in str(refused.value)  # torch's way around it
    assert not (tmp_path / "touched").exists()


@pytest.mark.parametrize(
    ("named", "meant"),
    [
        ("Qwen/Qwen2-VL-2B-Instruct", "Qwen/Qwen2-VL-2B-Instruct"),
        ("/root/models/Qwen2-VL-2B-Instruct", "Qwen/Qwen2-VL-2B-Instruct"),
        ("/root/models/Qwen2.5-VL-7B-Instruct/", "Qwen/Qwen2.5-VL-7B-Instruct"),
        ("/root/models/mine", "/root/models/mine"),
    ],
)
def test_a_base_that_only_another_machine_had_is_qwen_s_of_that_name(
    tmp_path: Path, named: str, meant: str
) -> None:
    (tmp_path / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": named}))
    assert base_of(tmp_path) == meant


def test_full_names_of_an_earlier_transformers_are_looked_for_too(released: Path) -> None:
    file = released / "adapter_config.json"
    state = torch.load(released / "adapter_model.bin", weights_only=True)
    layers = sorted(
        {older_name(key.removeprefix("base_model.model.").rpartition(".lora_")[0]) for key in state}
    )
    assert "model.layers.1.self_attn.q_proj" in layers
    assert "visual.patch_embed.proj" in layers
    file.write_text(json.dumps(json.loads(file.read_text()) | {"target_modules": layers}))
    load_model(released)
    file.write_text(
        json.dumps(json.loads(file.read_text()) | {"target_modules": [*layers, "model.layers.1.mlp.up_proj"]})
    )
    with pytest.raises(CheckpointError, match=r"lacks \['language_model.layers.1.mlp.up_proj'\]"):
        load_model(released)


def test_a_student_is_no_base(released: Path, tiny: Any) -> None:
    save_model(tiny.student(), released.parent / "base")
    with pytest.raises(CheckpointError, match=r"a Student; expected a Qwen2-VL"):
        load_model(released)


def test_adapters_of_this_program_have_full_names(tiny: Any) -> None:
    adapted = add_adapters(tiny.teacher(depth=3).backbone, HierarchicalLora(rank=2))
    assert not any("patch_embed" in name for name in get_peft_model_state_dict(adapted))
