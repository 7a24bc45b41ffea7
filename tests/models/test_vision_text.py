"""A ViT beside a BERT: what is pooled, what is read from disk, what is refused."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import (
    BertConfig,
    BertForPreTraining,
    BertModel,
    ViTConfig,
    ViTForImageClassification,
    ViTModel,
)

from crossreid.core.errors import CheckpointError
from crossreid.core.modality import Modality
from crossreid.models.encoder import ModelEncoder
from crossreid.models.folder import fingerprint_of, load_model, save_model
from crossreid.models.loading import load_encoder
from crossreid.models.vision_text import VisionTextStudent
from crossreid.models.vision_text_folder import load_towers

WORDS = ("A man in a red coat.", "a woman with a blue bag", "somebody tall in grey trousers and white shoes")
HEIGHT, WIDTH = 56, 28


@pytest.fixture(scope="module")
def student(tiny: Any) -> VisionTextStudent:
    return tiny.vision_text(WORDS, dim=12, vocabulary=120)


@pytest.fixture(scope="module")
def hub(student: VisionTextStudent, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Checkpoints as the hub has them: a ViT with a classifier, a BERT with the heads of its pretraining."""
    folder = tmp_path_factory.mktemp("hub")
    vision = ViTForImageClassification(student.vision.config)
    vision.vit.load_state_dict(student.vision.state_dict())
    vision.save_pretrained(folder / "vision")
    text = BertForPreTraining(student.text.config)
    text.bert.load_state_dict(student.text.state_dict())
    text.save_pretrained(folder / "text")
    student.tokenizer.save_pretrained(folder / "text")
    return folder


def pixels(count: int) -> torch.Tensor:
    return torch.randn(count, 3, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(0))


def test_pictures_are_the_class_token_through_the_head_of_their_modality(student: VisionTextStudent) -> None:
    kinds = [Modality.SKETCH, Modality.RGB, Modality.SKETCH]
    with torch.no_grad():
        seen = student.embed_images(pixels(3), kinds)
        tokens = student.vision(pixels(3), interpolate_pos_encoding=True).last_hidden_state[:, 0]
        for row, kind in enumerate(kinds):
            head: Any = student.heads[kind.value]
            expected = tokens[row] @ head.weight.T + head.bias
            torch.testing.assert_close(seen[row], expected / expected.norm())
    assert not torch.equal(student.heads["rgb"].weight, student.heads["sketch"].weight)  # type: ignore[arg-type]


def test_captions_are_the_pooler_and_do_not_see_the_padding(student: VisionTextStudent) -> None:
    with torch.no_grad():
        together = student.embed_captions(WORDS)
        alone = torch.cat([student.embed_captions([words]) for words in WORDS])
        words = student.tokenize(WORDS[:1])
        expected = student.heads["text"](student.text(**words).pooler_output)[0]
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(alone[0], expected / expected.norm())
    assert words["input_ids"][0, 0] == student.tokenizer.cls_token_id
    assert words["input_ids"][0, -1] == student.tokenizer.sep_token_id


def test_long_captions_are_cut_and_stay_closed(student: VisionTextStudent) -> None:
    ids = student.tokenize(["red " * 50, "red"])["input_ids"]
    assert ids.shape == (2, 30)
    assert ids[0, -1] == student.tokenizer.sep_token_id
    assert ids[1].tolist()[3:] == [student.tokenizer.pad_token_id] * 27


def test_a_special_token_in_a_caption_is_letters(student: VisionTextStudent) -> None:
    ids = student.tokenize(["a man [SEP] in red"])["input_ids"][0].tolist()
    assert ids.count(student.tokenizer.sep_token_id) == 1


def test_hub_folders_give_the_same_towers(hub: Path, student: VisionTextStudent) -> None:
    from_hub, space = load_model(hub, dim=7)
    assert isinstance(from_hub, VisionTextStudent)
    assert (from_hub.dim, space) == (7, "")
    assert (from_hub.preprocessing.height, from_hub.preprocessing.width) == (HEIGHT, HEIGHT)
    for tower in ("vision", "text"):
        expected = getattr(student, tower).state_dict()
        for name, value in getattr(from_hub, tower).state_dict().items():
            torch.testing.assert_close(value, expected[name])
    again = load_towers(hub / "vision", hub / "text", dim=7)
    assert fingerprint_of(again) == fingerprint_of(from_hub)


def test_a_saved_model_embeds_as_before(student: VisionTextStudent, tmp_path: Path) -> None:
    folder = save_model(student, tmp_path / "model", space="teacher")
    encoder = load_encoder(folder, device="cpu")
    assert encoder.fingerprint == f"{fingerprint_of(student)}@teacher"
    images = [np.full((90, 40, 3), value, dtype=np.uint8) for value in (0, 99, 255)]
    for items, modality in ((images, "rgb"), (images, "ir"), (list(WORDS), "text")):
        expected = ModelEncoder(student).encode(items, modality=modality).vectors
        assert np.array_equal(encoder.encode(items, modality=modality).vectors, expected)
    wider, _ = load_model(folder, dim=20)
    assert wider.dim == 20


def test_every_part_is_in_the_fingerprint(student: VisionTextStudent, tmp_path: Path) -> None:
    seen = {fingerprint_of(student)}
    for name in ("vision.layernorm.bias", "text.pooler.dense.bias", "heads.ir.bias"):
        other: Any = load_model(save_model(student, tmp_path / name))[0]
        with torch.no_grad():
            other.get_parameter(name)[0] += 1
        seen.add(fingerprint_of(other))
    other = load_model(tmp_path / "heads.ir.bias")[0]
    other.text_tokens = 12
    assert len(seen | {fingerprint_of(other)}) == 5


@pytest.mark.parametrize("loss", ["vision", "text"])
def test_weights_that_are_missing_are_refused(hub: Path, tmp_path: Path, loss: str) -> None:
    folder = shutil.copytree(hub, tmp_path / "hub")
    file = folder / loss / "model.safetensors"
    state = load_file(file)
    dropped = next(name for name in sorted(state) if "layer" in name and name.endswith("weight"))
    save_file({name: value for name, value in state.items() if name != dropped}, file, {"format": "pt"})
    with pytest.raises(CheckpointError, match="lacks"):
        load_model(folder)


def test_towers_of_another_kind_are_refused(hub: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="holds a bert model; expected a vit"):
        load_towers(hub / "text", hub / "text")
    folder = shutil.copytree(hub, tmp_path / "hub")
    (folder / "crossreid.json").write_text(json.dumps({"format": 9, "kind": "student"}))
    with pytest.raises(CheckpointError, match="is of format 9"):
        load_model(folder)
    (folder / "crossreid.json").write_text("{}")
    with pytest.raises(CheckpointError, match="cannot be loaded"):
        load_model(folder)


def test_pickled_weights_are_not_read(hub: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(hub, tmp_path / "hub")
    state = load_file(folder / "text" / "model.safetensors")
    (folder / "text" / "model.safetensors").unlink()
    torch.save(state, folder / "text" / "pytorch_model.bin")
    with pytest.raises(CheckpointError, match="safetensors"):
        load_model(folder)


def test_the_paper_s_sizes() -> None:
    """ViT-B/16 and BERT-base, without weights."""
    with torch.device("meta"):
        vision = ViTModel(ViTConfig(), add_pooling_layer=False)
        text = BertModel(BertConfig())
    sizes = [sum(weight.numel() for weight in tower.parameters()) for tower in (vision, text)]
    assert sizes == [85_798_656, 109_482_240]
