import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import (
    CLIPConfig,
    CLIPModel,
    CLIPTextConfig,
    CLIPVisionConfig,
    GPT2Config,
    Qwen2VLConfig,
    Qwen2VLForConditionalGeneration,
    Qwen2VLModel,
)

from crossreid.core.errors import CheckpointError
from crossreid.data.preprocessing import Preprocessing
from crossreid.models.folder import CARD, fingerprint_of, load_model, save_model
from crossreid.models.prompts import TINY_PROMPTS
from crossreid.models.student import Student
from crossreid.models.teacher import Teacher
from crossreid.models.tokenizer import special_token_ids, train_tokenizer

TOWER: dict[str, Any] = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
}
SIZE = Preprocessing(56, 28)


def tokenizer() -> Any:
    return train_tokenizer(["a man in a red coat"], vocabulary=280)


@pytest.fixture(scope="module")
def teacher() -> Teacher:
    words = tokenizer()
    ids = special_token_ids(words)
    vision = {
        "depth": 1,
        "embed_dim": 16,
        "num_heads": 2,
        "hidden_size": 16,
        "mlp_ratio": 2,
        "patch_size": 14,
    }
    text = TOWER | {
        "vocab_size": 280,
        "num_key_value_heads": 1,
        "max_position_embeddings": 256,
        "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [2, 1, 1]},
    }
    config = Qwen2VLConfig(
        vision_config=vision, text_config=text, image_token_id=ids["<|image_pad|>"], tie_word_embeddings=True
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Teacher(Qwen2VLModel(config), words, TINY_PROMPTS, SIZE, text_budget=120).eval()


@pytest.fixture(scope="module")
def student() -> Student:
    words = tokenizer()
    text = CLIPTextConfig(vocab_size=280, eos_token_id=words.eos_token_id, **TOWER)
    vision = CLIPVisionConfig(image_size=28, patch_size=14, **TOWER)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        clip = CLIPModel(
            CLIPConfig(text_config=text.to_dict(), vision_config=vision.to_dict(), projection_dim=8)
        )
    return Student(clip, words, SIZE, dim=12).eval()


@pytest.fixture(params=["teacher", "student"])
def model(request: pytest.FixtureRequest) -> Teacher | Student:
    return request.getfixturevalue(request.param)


def test_a_folder_gives_back_the_same_function(model: Teacher | Student, tmp_path: Path) -> None:
    loaded, space = load_model(save_model(model, tmp_path / "model", space="shared"))
    assert space == "shared"
    assert fingerprint_of(loaded) == fingerprint_of(model)
    with torch.inference_mode():
        torch.testing.assert_close(
            loaded.embed_captions(["a man", "a red coat"]), model.embed_captions(["a man", "a red coat"])
        )


def test_a_teacher_folder_is_one_that_transformers_reads(teacher: Teacher, tmp_path: Path) -> None:
    folder = save_model(teacher, tmp_path / "model")
    architecture: Any = Qwen2VLForConditionalGeneration
    captioner, report = architecture.from_pretrained(folder, output_loading_info=True)
    assert not report["missing_keys"]
    assert not report["unexpected_keys"]
    for name, weight in teacher.backbone.state_dict().items():
        assert torch.equal(captioner.model.state_dict()[name], weight), name


def test_loading_is_silent(student: Student, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = save_model(student, tmp_path / "model")
    capfd.readouterr()
    load_model(folder)
    assert capfd.readouterr().err == ""


def test_the_fingerprint_covers_weights_and_input_treatment(student: Student) -> None:
    before = fingerprint_of(student)
    head = student.heads.get_parameter("ir.weight")
    with torch.no_grad():
        head[0, 0] += 1
        changed = fingerprint_of(student)
        head[0, 0] -= 1
    assert changed != before
    kept = student.preprocessing
    student.preprocessing = Preprocessing(56, 28, mean=(0.5, 0.5, 0.5))
    moved = fingerprint_of(student)
    student.preprocessing = kept
    assert moved != before
    assert len(before) == 16


def test_the_fingerprint_covers_words_and_rotary_frequencies(teacher: Teacher) -> None:
    before = fingerprint_of(teacher)
    known = teacher.conversation.tokenizer
    try:
        teacher.conversation.tokenizer = train_tokenizer(["other words, seen by others"], vocabulary=280)
        assert fingerprint_of(teacher) != before
    finally:
        teacher.conversation.tokenizer = known
    frequencies = next(
        buffer
        for name, buffer in teacher.named_buffers()
        if name.endswith("language_model.rotary_emb.inv_freq")
    )
    frequencies *= 2
    slower = fingerprint_of(teacher)
    frequencies /= 2
    assert slower != before
    assert fingerprint_of(teacher) == before


def test_half_precision_is_as_close_as_half_precision_is(student: Student, tmp_path: Path) -> None:
    loaded, _ = load_model(save_model(student, tmp_path / "model", dtype=torch.float16))
    assert next(loaded.parameters()).dtype == torch.float32
    with torch.inference_mode():
        cosine = (loaded.embed_captions(["a man"]) * student.embed_captions(["a man"])).sum()
    assert 0.9999 < float(cosine) <= 1.0001


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_missing_file_is_a_checkpoint_error(student: Student, tmp_path: Path, name: str) -> None:
    folder = save_model(student, tmp_path / "model")
    (folder / name).unlink()
    with pytest.raises(CheckpointError, match="model"):
        load_model(folder)


def test_cut_off_weights_are_a_checkpoint_error(student: Student, tmp_path: Path) -> None:
    weights = save_model(student, tmp_path / "model") / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match="cannot be loaded"):
        load_model(weights.parent)


def test_a_card_of_another_format_is_refused(student: Student, tmp_path: Path) -> None:
    folder = save_model(student, tmp_path / "model")
    card = json.loads((folder / CARD).read_text())
    (folder / CARD).write_text(json.dumps(card | {"format": 99}))
    with pytest.raises(CheckpointError, match="format 99"):
        load_model(folder)


def test_saving_replaces_the_older_model_as_a_whole(
    student: Student, teacher: Teacher, tmp_path: Path
) -> None:
    folder = save_model(student, tmp_path / "model")
    save_model(teacher, folder)
    assert not (folder / "heads.safetensors").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def edit_weights(folder: Path, change: Any) -> Path:
    weights = load_file(folder / "model.safetensors")
    change(weights)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


LAYER_NORM = "vision_model.pre_layrnorm.weight"


def test_missing_weights_are_named(student: Student, tmp_path: Path) -> None:
    folder = save_model(student, tmp_path / "model")
    with pytest.raises(CheckpointError, match=rf"lacks \['{LAYER_NORM}'\]"):
        load_model(edit_weights(folder, lambda weights: weights.pop(LAYER_NORM)))


def test_foreign_weights_are_named(student: Student, tmp_path: Path) -> None:
    folder = save_model(student, tmp_path / "model")
    with pytest.raises(CheckpointError, match=r"foreign \['vision_model.extra'\]"):
        load_model(
            edit_weights(folder, lambda weights: weights.update({"vision_model.extra": torch.ones(1)}))
        )


def test_weights_of_another_shape_are_named(student: Student, tmp_path: Path) -> None:
    folder = save_model(student, tmp_path / "model")
    with pytest.raises(CheckpointError, match=LAYER_NORM):
        load_model(edit_weights(folder, lambda weights: weights.update({LAYER_NORM: torch.ones(3)})))


def test_heads_of_another_shape_are_a_checkpoint_error(student: Student, tmp_path: Path) -> None:
    heads = save_model(student, tmp_path / "model") / "heads.safetensors"
    save_file(load_file(heads) | {"ir.weight": torch.ones(2, 2)}, heads)
    with pytest.raises(CheckpointError, match=r"ir\.weight"):
        load_model(heads.parent)


def test_a_student_without_one_of_its_heads_is_a_checkpoint_error(student: Student, tmp_path: Path) -> None:
    heads = save_model(student, tmp_path / "model") / "heads.safetensors"
    save_file({name: value for name, value in load_file(heads).items() if name != "ir.weight"}, heads)
    with pytest.raises(CheckpointError, match=r"expected \['ir.weight'"):
        load_model(heads.parent)


def test_another_architecture_is_refused_by_name(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    tokenizer().save_pretrained(folder)
    GPT2Config(n_layer=1, n_embd=8, n_head=1).save_pretrained(folder)
    with pytest.raises(CheckpointError, match=r"holds a gpt2 model; expected qwen2_vl"):
        load_model(folder)


def test_an_empty_folder_is_a_checkpoint_error(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"has no config.json"):
        load_model(tmp_path)


def test_heads_of_another_width_are_drawn_alike_each_time(student: Student, tmp_path: Path) -> None:
    # 8 is the width of the backbone's projections, which a student with heads no longer holds.
    folder = save_model(student, tmp_path / "model")
    for dim in (8, 20):
        first, again = (load_model(folder, dim=dim)[0] for _ in range(2))
        assert first.dim == dim
        assert fingerprint_of(first) == fingerprint_of(again)
