"""`cr.train` and `cr.distill`; each kind of training has tests of its own."""

from pathlib import Path
from typing import Any

import pytest
import yaml

import crossreid as cr
from crossreid.core.errors import ConfigurationError, DataError
from crossreid.models.encoder import ModelEncoder
from crossreid.models.folder import save_model
from crossreid.training.config import load_config

LOOP = {"steps": 2, "learning_rate": 1e-3, "workers": 0, "tracker": None, "log_every": 1}


def write(folder: Path, kind: str, **settings: object) -> Path:
    path = folder / f"{kind}.yaml"
    path.write_text(
        yaml.safe_dump({"kind": kind, "loop": LOOP, "batch": {"people": 3, "groups": 2}} | settings)
    )
    return path


@pytest.fixture
def student(tiny: Any, tmp_path: Path) -> Path:
    return save_model(tiny.student(), tmp_path / "backbone")


def test_a_configuration_is_trained_by_its_name(tiny: Any, student: Path, tmp_path: Path) -> None:
    config = write(tmp_path, "student", backbone=str(student))
    model = cr.train(config, tiny.dataset(), tmp_path / "run", overrides=["loop.steps=1"], quiet=True)
    assert model == tmp_path / "run" / "model"
    assert cr.load_encoder(model, device="cpu").dim == 32
    assert len((tmp_path / "run" / "history.jsonl").read_text().splitlines()) == 1

    read = load_config(config, ["loop.steps=1"])
    again = cr.train(read, tiny.dataset(), tmp_path / "again", quiet=True)
    first, second = (cr.load_encoder(folder, device="cpu").fingerprint for folder in (model, again))
    assert first == second


def test_a_student_follows_an_encoder_and_its_stored_features(
    tiny: Any, student: Path, tmp_path: Path
) -> None:
    config, people = write(tmp_path, "distillation", backbone=str(student)), tiny.dataset()
    settings = load_config(config, ["distillation.components=4"])
    teacher = ModelEncoder(tiny.teacher())
    model = cr.distill(settings, teacher, people, tmp_path / "run", quiet=True)
    kept = tmp_path / "run" / "teacher_features.parquet"
    stored = cr.Embeddings.load(kept)
    assert len(stored) == len(people)
    again = cr.distill(settings, stored, people, tmp_path / "again", quiet=True)
    first, second = (cr.load_encoder(folder, device="cpu") for folder in (model, again))
    assert first.fingerprint == second.fingerprint
    assert first.fingerprint.split("@")[1] == teacher.space

    with pytest.raises(DataError, match="not those of"):
        cr.distill(settings, stored[:3], people, tmp_path / "other", quiet=True)


def test_the_wrong_call_names_the_right_one(tiny: Any, student: Path, tmp_path: Path) -> None:
    alone = write(tmp_path, "student", backbone=str(student))
    followed = write(tmp_path, "distillation", backbone=str(student))
    with pytest.raises(ConfigurationError, match=r"kind distillation; .*crossreid\.distill takes it"):
        cr.train(followed, tiny.dataset(), tmp_path / "run")
    with pytest.raises(ConfigurationError, match=r"kind student; .*crossreid\.train takes it"):
        cr.distill(alone, "tiny-cloud", tiny.dataset(), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_missing_data_and_second_overrides_are_refused(student: Path, tmp_path: Path) -> None:
    config = write(tmp_path, "student", backbone=str(student))
    with pytest.raises(ConfigurationError, match="no data to train a student"):
        cr.train(config, None, tmp_path / "run")
    with pytest.raises(ConfigurationError, match="pass the overrides to load_config"):
        cr.train(load_config(config), None, tmp_path / "run", overrides=["loop.steps=1"])
