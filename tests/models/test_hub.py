"""Folders for the hub: what is written is read back, by this program and by transformers."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

from crossreid.core.errors import CheckpointError
from crossreid.core.modality import Modality
from crossreid.models.folder import fingerprint_of, load_model, save_model
from crossreid.models.hub import save_for_hub
from crossreid.models.loading import load_encoder
from crossreid.models.model_card import Measured
from crossreid.models.training_record import TrainingRecord, read_training_record
from crossreid.models.treatment import treat
from crossreid.training.build import train_model
from crossreid.training.config import TeacherConfig

RESULTS = (
    Measured("S->R C2C", "people (test)", {"R1": 92.871, "mAP": 89.82}),
    Measured("T->R C2C", "", {"R1": 65.29}),
)


@pytest.fixture(scope="module")
def run(tiny: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a teacher with DoRA on a base of its own."""
    folder = tmp_path_factory.mktemp("run")
    base = save_model(tiny.teacher(), folder / "base")
    values = {
        "kind": "teacher", "backbone": str(base), "batch": {"people": 2, "groups": 1},
        "loop": {"steps": 2, "learning_rate": 0.05, "workers": 0, "tracker": None, "validate_every": 1},
        "lora": {"rank": 2, "dora": True}, "input": {"height": 112},
    }  # fmt: skip
    validation = replace(tiny.dataset(people=3), split="val")
    config = TeacherConfig.model_validate(values)
    train_model(config, tiny.dataset(people=2), folder, validation=validation, quiet=True)
    return folder


def test_the_adapter_of_a_run_is_its_model_to_the_bit(run: Path) -> None:
    model, adapter = (load_model(run / name)[0] for name in ("model", "adapter"))
    for name, weight in model.state_dict().items():
        assert torch.equal(adapter.state_dict()[name], weight), name
    assert fingerprint_of(model) == fingerprint_of(adapter)
    base = load_model(run / "base")[0]
    assert fingerprint_of(model) != fingerprint_of(base)
    settings = json.loads((run / "adapter" / "adapter_config.json").read_text())
    assert settings["base_model_name_or_path"] == str((run / "base").resolve())
    assert "visual.blocks.1.mlp.fc2" in settings["target_modules"]
    assert "base_model" not in (run / "adapter" / "README.md").read_text().split("---")[1]


@pytest.mark.parametrize("merged", [False, True], ids=["adapter", "merged"])
def test_a_saved_teacher_is_read_back_to_the_bit(run: Path, tmp_path: Path, merged: bool) -> None:
    out = save_for_hub(run / "adapter", tmp_path / "cloud", merged=merged, results=RESULTS)
    names = {path.name for path in out.iterdir()}
    assert names >= {"crossreid.json", "README.md", "preprocessor_config.json", "tokenizer.json"}
    weights = (
        {"model.safetensors", "config.json"}
        if merged
        else {"adapter_model.safetensors", "adapter_config.json"}
    )
    assert (
        names & {"model.safetensors", "config.json", "adapter_model.safetensors", "adapter_config.json"}
        == weights
    )
    first, again = (load_encoder(folder, device="cpu") for folder in (run / "adapter", out))
    assert again.fingerprint == first.fingerprint
    picture = np.random.default_rng(0).integers(0, 256, size=(60, 30, 3), dtype=np.uint8)
    for encoder in (again, first):
        assert encoder.encode([picture], modality=Modality.IR).vectors.shape == (1, 32)
    np.testing.assert_array_equal(
        again.encode([picture], modality=Modality.IR).vectors,
        first.encode([picture], modality=Modality.IR).vectors,
    )


def test_a_saved_student_is_read_back_to_the_bit(tiny: Any, tmp_path: Path) -> None:
    source = save_model(tiny.student(dim=20), tmp_path / "student", space="cloud")
    out = save_for_hub(source, tmp_path / "edge", results=RESULTS)
    assert load_encoder(out, device="cpu").fingerprint == load_encoder(source, device="cpu").fingerprint


@pytest.mark.parametrize("feature", ["vision", "latent"])
def test_a_saved_llava_is_read_back_to_the_bit(tiny: Any, tmp_path: Path, feature: Any) -> None:
    llava = tiny.llava(feature=feature)
    out = save_for_hub(save_model(llava, tmp_path / "llava"), tmp_path / "out", results=RESULTS)
    first, again = (load_encoder(folder, device="cpu") for folder in (tmp_path / "llava", out))
    assert again.fingerprint == first.fingerprint
    picture = np.random.default_rng(0).integers(0, 256, size=(60, 30, 3), dtype=np.uint8)
    seen, expected = (encoder.encode([picture], modality=Modality.RGB).vectors for encoder in (again, first))
    np.testing.assert_array_equal(seen, expected)
    card = (out / "README.md").read_text()
    evidence = (
        "photos, infrared pictures and sketches" if feature == "vision" else "sketches and descriptions"
    )
    assert f"{evidence} of people" in card
    assert f"{'vision tower' if feature == 'vision' else 'language model'} of a LLaVA" in card
    read = CLIPImageProcessorPil.from_pretrained(out)(picture, return_tensors="np")["pixel_values"]
    size = llava.preprocessing
    np.testing.assert_allclose(read, size.normalise([size.resize(picture)]), atol=1e-5)


def test_a_saved_vit_and_bert_are_read_back_to_the_bit(tmp_path: Path, tiny: Any) -> None:
    student = tiny.vision_text(["a man", "a woman"], dim=8)
    out = save_for_hub(save_model(student, tmp_path / "student"), tmp_path / "edge")
    again = load_encoder(out, device="cpu")
    assert again.fingerprint == load_encoder(tmp_path / "student", device="cpu").fingerprint
    assert "An edge model of CrossReID" in (out / "README.md").read_text()
    picture = np.random.default_rng(0).integers(0, 256, size=(60, 30, 3), dtype=np.uint8)
    read = ViTImageProcessorPil.from_pretrained(out)(picture, return_tensors="np")["pixel_values"]
    size = student.preprocessing
    np.testing.assert_allclose(read, size.normalise([size.resize(picture)]), atol=1e-5)


def test_the_card_holds_what_was_measured_and_nothing_else(run: Path, tmp_path: Path) -> None:
    base = "Qwen/Qwen2-VL-2B-Instruct"
    out = save_for_hub(run / "adapter", tmp_path / "cloud", base=base, results=RESULTS)
    _, head, text = (out / "README.md").read_text().split("---\n", 2)
    values = yaml.safe_load(head)
    assert (values["base_model"], values["base_model_relation"]) == (base, "adapter")
    sketches, words = values["model-index"][0]["results"]
    assert sketches["task"]["name"] == "S->R C2C"
    assert (sketches["dataset"]["name"], words["dataset"]["name"]) == (
        "people (test)",
        "not named by the report",
    )
    assert sketches["metrics"] == [{"type": "R1", "value": 92.87}, {"type": "mAP", "value": 89.82}]
    assert words["metrics"] == [{"type": "R1", "value": 65.29}]
    assert (
        "| S->R C2C | people (test) | 92.87 | 89.82 |\n| T->R C2C | not named by the report | 65.29 |  |"
        in text
    )
    assert "112 × 56 px" in text
    bare = save_for_hub(run / "model", tmp_path / "bare")
    assert "model-index" not in (bare / "README.md").read_text()
    assert "Measured" not in (bare / "README.md").read_text()


def test_the_card_says_what_the_record_says(run: Path, tmp_path: Path) -> None:
    """Of two people in two groups of four kinds, with validation on three others."""
    saved = save_for_hub(run / "adapter", tmp_path / "adapter")
    merged = save_for_hub(run / "model", tmp_path / "merged")
    found = [json.loads(line) for line in (run / "history.jsonl").read_text().splitlines()]
    last = f"{found[-1]['validation_map']:.2f}"
    for folder in (saved, merged, run / "adapter"):
        card = (folder / "README.md").read_text()
        name = "colours, split train: 2 people, 4 rgb, 4 ir, 4 sketch, 4 text"
        assert f"Trained (teacher) on {name}." in card
        assert "Validated on colours, split val: 3 people, 6 rgb" in card
        assert f"S->R, IR->R, T->R by source-excluded: mean mAP {last}, in percent." in card


def test_a_card_says_what_no_record_tells(run: Path, tmp_path: Path) -> None:
    again = save_for_hub(save_for_hub(run / "model", tmp_path / "once"), tmp_path / "twice")
    assert "No record of a training lay beside the model" in (again / "README.md").read_text()
    shutil.copytree(run / "model", tmp_path / "old" / "model")
    record = json.loads((run / "run.json").read_text())
    del record["trained_on"], record["validated_on"]
    (tmp_path / "old" / "run.json").write_text(json.dumps(record))
    card = (save_for_hub(tmp_path / "old" / "model", tmp_path / "bare") / "README.md").read_text()
    assert "Trained (teacher) on data that the record of its training does not name." in card
    assert "Nobody was searched for in validation." in card
    (tmp_path / "old" / "run.json").write_text("[]")
    with pytest.raises(CheckpointError, match="expected the record of a training"):
        save_for_hub(tmp_path / "old" / "model", tmp_path / "damaged")
    assert not (tmp_path / "damaged").exists()


def test_the_figures_of_a_record_are_those_of_the_model_that_was_kept(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    validated = {"name": "people", "split": "", "people": 3, "tasks": ["S->R"], "protocol": "all"}
    for keep, expected in (("best", 61.0), ("last", 55.0)):
        configuration = {"kind": "student", "keep": keep}
        record = {"configuration": configuration, "validated_on": validated}
        (tmp_path / "run.json").write_text(json.dumps(record))
        history = [{"step": 1, "validation_map": 61.0}, {"step": 2, "validation_map": 55.0}, {"step": 3}]
        (tmp_path / "history.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in history))
        (tmp_path / "best.json").write_text('{"validation_map": 61.0}')
        read = read_training_record(tmp_path / "model")
        assert read == TrainingRecord(
            "student", "", "people: 3 people", "S->R by all", {"mean mAP": expected}
        )


def test_transformers_processor_gives_the_numbers_that_the_student_reads(tiny: Any, tmp_path: Path) -> None:
    student = treat(tiny.student(), treatment="release", height=84, width=56)
    out = save_for_hub(save_model(student, tmp_path / "student"), tmp_path / "edge")
    picture = np.random.default_rng(0).integers(0, 256, size=(70, 40, 3), dtype=np.uint8)
    read = CLIPImageProcessorPil.from_pretrained(out)(picture, return_tensors="np")["pixel_values"]
    size = student.preprocessing
    np.testing.assert_allclose(read, size.normalise([size.resize(picture)]), atol=1e-5)


def test_transformers_processor_gives_the_numbers_that_the_teacher_reads(tiny: Any, tmp_path: Path) -> None:
    teacher = tiny.teacher()
    out = save_for_hub(save_model(teacher, tmp_path / "teacher"), tmp_path / "cloud")
    size = teacher.preprocessing
    picture = np.random.default_rng(0).integers(0, 256, size=(size.height, size.width, 3), dtype=np.uint8)
    read = Qwen2VLImageProcessorPil.from_pretrained(out)(picture, return_tensors="pt")
    assert read["image_grid_thw"].tolist() == [[1, 6, 4]]
    # Both frames of a still picture are the same; the teacher's patches have one.
    frames = read["pixel_values"].view(24, 3, 2, 14 * 14)
    patches = teacher._patches(torch.from_numpy(size.normalise([picture])))[0].view(24, 3, 14 * 14)
    for frame in (0, 1):
        torch.testing.assert_close(frames[:, :, frame], patches, atol=1e-5, rtol=0)


def test_nothing_is_overwritten(run: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(CheckpointError, match="which is not empty"):
        save_for_hub(run / "model", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
