"""DSMD from its configuration to a model: on people, on captions with a ViT beside a BERT, and stopped in between."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import ConfigurationError
from crossreid.data import load_dataset
from crossreid.data.dataset import Dataset
from crossreid.evaluation.evaluate import BOTH_WAYS, evaluate
from crossreid.models.encoder import ModelEncoder
from crossreid.models.folder import load_model, save_model
from crossreid.models.loading import load_encoder
from crossreid.models.vision_text import VisionTextStudent
from crossreid.training.build import read_history, train_model
from crossreid.training.config import DistillationConfig, DsmdConfig, load_config

CONFIGS = Path(__file__).parents[2] / "configs"
LOOP: dict[str, Any] = {"steps": 3, "learning_rate": 0.01, "log_every": 1, "workers": 0, "tracker": None}
LOSSES = ("contrast", "feature", "similarity", "hard_negative")


@pytest.fixture(scope="module")
def features(tiny: Any) -> Embeddings:
    return ModelEncoder(tiny.teacher()).encode(tiny.dataset().samples)


@pytest.fixture(scope="module")
def photos(program: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pictures = {"train": 8, "val": 5}
    drawn = program("tests/caption_set.py")
    return drawn.write_caption_set(tmp_path_factory.mktemp("flickr30k"), pictures=pictures)


def directions(dataset: Dataset, width: int = 16) -> Embeddings:
    """A teacher that knows who is who: a direction for each person."""
    person_ids = np.array([sample.person_id for sample in dataset.samples])
    drawn = np.random.default_rng(0).normal(size=(len(dataset.labels), width))
    return Embeddings(
        vectors=drawn[person_ids],
        modalities=np.array([sample.modality.value for sample in dataset.samples]),
        person_ids=person_ids,
        camera_ids=np.full(len(dataset), -1),
        source_ids=np.array([sample.source_id for sample in dataset.samples]),
        item_ids=np.array([sample.item_id for sample in dataset.samples]),
        fingerprint="elsewhere@directions",
    ).unit()


def test_the_tiny_configuration_runs_to_its_end(tiny: Any, features: Embeddings, tmp_path: Path) -> None:
    backbone = str(save_model(tiny.student(), tmp_path / "backbone"))
    given = load_config(CONFIGS / "dsmd-tiny.yaml")
    assert isinstance(given, DsmdConfig)
    loop = given.loop.model_copy(update={"steps": 3, "log_every": 1, "workers": 0, "tracker": None})
    batch = given.batch.model_copy(update={"people": 4})
    config = given.model_copy(update={"backbone": backbone, "loop": loop, "batch": batch})
    people = tiny.dataset()
    model = train_model(
        config, people, tmp_path / "run", teacher_features=features, validation=people, quiet=True
    )
    assert load_encoder(model, device="cpu").fingerprint.split("@")[1] == features.fingerprint.split("@")[1]
    history = tmp_path / "run" / "history.jsonl"
    for name in ("total", "task", *LOSSES, *(f"weight_{loss}" for loss in LOSSES)):
        assert [step for step, _ in read_history(history, name)] == [1, 2, 3], name
    assert read_history(history, "weight_feature")[0] == (1, 1.0)
    (untrained, _), (step, rsum) = read_history(history, "validation_rsum")
    assert (untrained, step) == (0, 3)
    assert 0 < rsum <= 600
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["configuration"]["dsmd"]["balancer"] == {
        "rate_of": "raw",
        "scale": 10.0,
        "temperature": 1.0,
    }


def test_dsmd_brings_an_edge_model_to_its_teacher(tiny: Any, features: Embeddings, tmp_path: Path) -> None:
    backbone = save_model(tiny.student(), tmp_path / "backbone")
    config = DsmdConfig.model_validate(
        {
            "kind": "dsmd", "backbone": str(backbone), "loop": LOOP | {"steps": 8}, "batch": {"people": 4},
            "augmentation": {"flip": 0.0, "padding": 0, "erase": 0.0}, "dsmd": {"queue": 32},
        }
    )  # fmt: skip
    people = tiny.dataset()
    model = train_model(config, people, tmp_path / "run", teacher_features=features, quiet=True)
    before, after = (
        float(
            (load_encoder(place, device="cpu").encode(people.samples).vectors * features.vectors)
            .sum(1)
            .mean()
        )
        for place in (backbone, model)
    )
    assert after > before + 0.05


def test_a_vit_and_a_bert_learn_photographs_and_captions(photos: Path, tmp_path: Path, tiny: Any) -> None:
    train, val = (load_dataset("flickr30k", photos, split) for split in ("train", "val"))
    words = [sample.caption or "" for sample in train.of("text").samples]
    student = tiny.vision_text(words, dim=8, vocabulary=200)
    folder = save_model(student, tmp_path / "backbone")
    config = DsmdConfig.model_validate(
        {
            "kind": "dsmd",
            "backbone": f"{folder / 'vision'}+{folder / 'text'}",
            "loop": LOOP | {"steps": 4, "validate_every": 1, "drop_at": 0.5, "final_learning_rate": 1e-3},
            "batch": {"people": 4, "groups": 1, "items": 1},
            "dsmd": {"queue": 16},
            "keep": "best",
        }
    )
    with pytest.raises(ConfigurationError, match=r"`keep: best` without a validation set"):
        train_model(config, train, tmp_path / "run", teacher_features=directions(train), quiet=True)
    model = train_model(
        config, train, tmp_path / "run", teacher_features=directions(train), validation=val, quiet=True
    )
    rates = [value for _, value in read_history(tmp_path / "run" / "history.jsonl", "learning_rate")]
    assert rates == pytest.approx([0.01, 1e-3, 1e-3, 1e-3])
    sums = [value for _, value in read_history(tmp_path / "run" / "history.jsonl", "validation_rsum")]
    assert len(sums) == 5
    assert json.loads((tmp_path / "run" / "best.json").read_text()) == {"validation_rsum": max(sums)}
    trained, space = load_model(model)
    assert isinstance(trained, VisionTextStudent)
    assert (trained.dim, space) == (16, "directions")
    report = evaluate(load_encoder(model, device="cpu"), dataset=val, tasks=BOTH_WAYS, protocol="image-text")
    assert report.recall_sums()["", "image-text"] == pytest.approx(max(sums))


@pytest.mark.parametrize(
    ("file", "style"), [("dsmd-paper.yaml", "flickr30k"), ("dsmd-paper-mscoco.yaml", "mscoco")]
)
def test_the_full_sized_configurations_run_in_small(
    program: Any, tmp_path: Path, file: str, style: str, tiny: Any
) -> None:
    """On Karpathy's splits; those of MSCOCO have a `restval` that is learnt from too."""
    pictures = {"train": 6, "val": 5} | ({"restval": 2} if style == "mscoco" else {"train": 8})
    photos = program("tests/caption_set.py").write_caption_set(
        tmp_path / style, pictures=pictures, style=style
    )
    train, val = (load_dataset(style, photos, split) for split in ("train", "val"))
    assert len(train.labels) == 8
    student = tiny.vision_text(["a dog"], dim=8, vocabulary=200)
    folder = save_model(student, tmp_path / "backbone")
    smaller = [
        f"backbone={folder / 'vision'}+{folder / 'text'}", "loop.steps=3", "loop.validate_every=1", "loop.workers=0",
        "loop.tracker=", "loop.log_every=1", "batch.people=4",
    ]  # fmt: skip
    config = load_config(CONFIGS / file, smaller)
    assert isinstance(config, DsmdConfig)
    model = train_model(
        config, train, tmp_path / "run", teacher_features=directions(train), validation=val, quiet=True
    )
    for loss in (*LOSSES, "validation_rsum"):
        steps = [step for step, _ in read_history(tmp_path / "run" / "history.jsonl", loss)]
        assert steps == [0, 1, 2, 3][loss in LOSSES :], loss
    assert isinstance(load_model(model)[0], VisionTextStudent)


def test_the_full_sized_configurations_differ_by_their_data_alone() -> None:
    small, large = (load_config(CONFIGS / f"dsmd-paper{name}.yaml") for name in ("", "-mscoco"))
    assert isinstance(small, DsmdConfig)
    assert isinstance(large, DsmdConfig)
    assert round(large.loop.steps * 128 / 30) == pytest.approx(5 * 113_287, abs=3)
    assert round(small.loop.steps * 128 / 30) == pytest.approx(145_000, abs=3)
    kept = {"steps", "checkpoint_every", "validate_every"}
    loop = small.loop.model_copy(update={name: getattr(large.loop, name) for name in kept})
    assert small.model_copy(update={"loop": loop}) == large


def test_the_best_is_not_replaced_by_a_worse_one(tmp_path: Path) -> None:
    from crossreid.training.best import KeepBest

    kept, texts = tmp_path / "model", iter("abcde")

    def see(figure: float) -> str:
        best = KeepBest(tmp_path / "best.json", lambda: kept.write_text(next(texts)), kept=kept)
        best.see({"validation_rsum": figure, "other": 0.0})
        return kept.read_text()

    assert [see(figure) for figure in (10.0, 30.0, 20.0, 30.0)] == ["a", "b", "b", "b"]
    kept.unlink()
    assert see(5.0) == "c"


@pytest.mark.parametrize("rate_of", ["raw", "released"])
def test_the_balancer_drives_the_other_distillation(
    tiny: Any, features: Embeddings, tmp_path: Path, rate_of: str
) -> None:
    backbone = str(save_model(tiny.student(), tmp_path / "backbone"))
    config = DistillationConfig.model_validate(
        {
            "kind": "distillation", "backbone": backbone, "loop": LOOP, "batch": {"people": 4},
            "distillation": {
                "components": 8, "balancer": {"rate_of": rate_of},
                "cosine": 1.0, "principal": 1.0, "relation": 1.0,
            },
        }
    )  # fmt: skip
    train_model(config, tiny.dataset(), tmp_path / "run", teacher_features=features, quiet=True)
    history = tmp_path / "run" / "history.jsonl"
    losses, weights = (
        np.array([[value for _, value in read_history(history, prefix + name)] for name in TERMS])
        for prefix in ("", "weight_")
    )
    assert weights[:, 0].tolist() == [1.0, 1.0, 1.0]
    inert = 10 / 3 * losses.max(axis=0) / losses
    if rate_of == "released":
        np.testing.assert_allclose(weights[:, 1:], inert[:, 1:], rtol=1e-4)
    else:
        assert np.abs(weights[:, 1:] / inert[:, 1:] - 1).max() > 1e-3
    totals = [value for _, value in read_history(history, "total")]
    tasks = [value for _, value in read_history(history, "task")]
    np.testing.assert_allclose((weights * losses).sum(axis=0) + 0.01 * np.array(tasks), totals, rtol=1e-4)


TERMS = ("cosine", "principal", "relation")
