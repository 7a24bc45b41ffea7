"""Backbones as the hub stores them: shards with an index, the names and settings of the day they were uploaded."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from transformers import Qwen2_5_VLForConditionalGeneration

from crossreid.core.errors import CheckpointError
from crossreid.core.modality import Modality
from crossreid.data.preprocessing import Preprocessing
from crossreid.models.folder import load_model, save_model
from crossreid.models.prompts import PAPER_PROMPTS
from crossreid.models.student import Student
from crossreid.models.teacher import Teacher


def write_shards(folder: Path, state: dict[str, Tensor], count: int) -> None:
    """As `huggingface_hub` splits them."""
    names = sorted(state)
    index = {}
    for shard in range(count):
        file = f"model-{shard + 1:05d}-of-{count:05d}.safetensors"
        part = {name: state[name].contiguous() for name in names[shard::count]}
        save_file(part, folder / file, metadata={"format": "pt"})
        index |= dict.fromkeys(part, file)
    size = sum(value.numel() * value.element_size() for value in state.values())
    (folder / "model.safetensors.index.json").write_text(
        json.dumps({"metadata": {"total_size": size}, "weight_map": index})
    )


@pytest.fixture
def qwen(tiny: Any, tmp_path: Path) -> Path:
    """Settings and names of Qwen2-VL-2B-Instruct's upload of 2024: one flat config, `visual.` beside `model.`."""
    config = tiny.qwen_config()
    text, vision = config.text_config, config.vision_config
    flat = {
        "architectures": ["Qwen2VLForConditionalGeneration"],
        "model_type": "qwen2_vl",
        **{
            name: getattr(text, name)
            for name in (
                "hidden_size", "intermediate_size", "num_attention_heads", "num_hidden_layers", "num_key_value_heads",
                "vocab_size", "max_position_embeddings", "hidden_act", "rms_norm_eps", "bos_token_id", "eos_token_id",
            )
        },
        "rope_scaling": {"type": "mrope", "mrope_section": [2, 3, 3]},
        "rope_theta": 100.0,
        "tie_word_embeddings": True,
        "torch_dtype": "bfloat16",
        "image_token_id": config.image_token_id,
        "video_token_id": config.video_token_id,
        "vision_start_token_id": config.vision_start_token_id,
        "vision_end_token_id": config.vision_end_token_id,
        "vision_config": {
            "depth": vision.depth, "embed_dim": 32, "mlp_ratio": 2, "num_heads": 2, "in_chans": 3, "hidden_size": 32,
            "patch_size": 14, "spatial_merge_size": 2, "spatial_patch_size": 14, "temporal_patch_size": 2,
        },
    }  # fmt: skip
    folder = tmp_path / "qwen"
    tiny.tokenizer().save_pretrained(folder)
    (folder / "config.json").write_text(json.dumps(flat))
    state = {
        name.replace("language_model.", "model."): value
        for name, value in tiny.teacher().backbone.state_dict().items()
    }
    write_shards(folder, state, 3)
    return folder


def test_qwen_in_shards_is_a_teacher_of_the_paper(qwen: Path, tiny: Any) -> None:
    teacher, space = load_model(qwen)
    assert isinstance(teacher, Teacher)
    assert (teacher.preprocessing, space) == (Preprocessing(280, 140), "")
    assert (teacher.rows, teacher.columns) == (10, 5)  # the paper's fifty visual tokens
    assert (teacher.conversation.prompts, teacher.conversation.text_budget) == (PAPER_PROMPTS, 160)
    original = tiny.teacher(prompts=PAPER_PROMPTS, size=Preprocessing(280, 140), text_budget=2000)
    teacher.conversation.text_budget = 2000  # this tokenizer has few words
    pixels = torch.randn(2, 3, 280, 140, generator=torch.Generator().manual_seed(0))
    modalities = [Modality.IR, Modality.SKETCH]
    with torch.inference_mode():
        assert torch.equal(
            teacher.embed_images(pixels, modalities), original.embed_images(pixels, modalities)
        )
        assert torch.equal(teacher.embed_captions(["a man"]), original.embed_captions(["a man"]))


def test_a_missing_shard_is_named(qwen: Path) -> None:
    (qwen / "model-00002-of-00003.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"model-00002-of-00003"):
        load_model(qwen)


@pytest.mark.parametrize("tied", [True, False], ids=["2B", "7B"])
def test_qwen_2_5_is_a_teacher_through_the_same_code(tiny: Any, tmp_path: Path, tied: bool) -> None:
    original = tiny.teacher_2_5()
    config = tiny.qwen_2_5_config()
    config.tie_word_embeddings = tied
    captioner: Any = Qwen2_5_VLForConditionalGeneration(config)
    captioner.model.load_state_dict(original.backbone.state_dict())
    captioner.save_pretrained(tmp_path / "qwen", max_shard_size="60KB")
    tiny.tokenizer().save_pretrained(tmp_path / "qwen")
    assert len(list((tmp_path / "qwen").glob("*.safetensors"))) > 2
    loaded, _ = load_model(tmp_path / "qwen")
    assert isinstance(loaded, Teacher)
    for name, weight in original.backbone.state_dict().items():
        assert torch.equal(loaded.backbone.state_dict()[name], weight), name
    again, _ = load_model(save_model(original, tmp_path / "saved"))
    with torch.inference_mode():
        pixels = tiny.pixels(2)
        seen = again.embed_images(pixels, [Modality.RGB, Modality.IR])
        assert torch.equal(seen, original.embed_images(pixels, [Modality.RGB, Modality.IR]))


def test_clip_in_shards_is_a_student_that_embeds_as_it_does(tiny: Any, tmp_path: Path) -> None:
    clip = tiny.clip()
    clip.save_pretrained(tmp_path / "clip", max_shard_size="30KB")
    tiny.tokenizer().save_pretrained(tmp_path / "clip")
    assert len(list((tmp_path / "clip").glob("*.safetensors"))) > 2
    student, _ = load_model(tmp_path / "clip")
    assert isinstance(student, Student)
    assert student.preprocessing == Preprocessing(280, 140)
    pixels = torch.randn(1, 3, 280, 140, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        pooled = clip.vision_model(pixels, interpolate_pos_encoding=True).pooler_output
        seen = clip.visual_projection(pooled)
        torch.testing.assert_close(student.embed_images(pixels, [Modality.RGB]), seen / seen.norm())
