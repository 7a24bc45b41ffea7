"""The whole way at the smallest size: adapt a teacher, store its features, distil a student, evaluate across both."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from crossreid.core.errors import ConfigurationError, DataError, FingerprintError
from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.data.dataset import Dataset
from crossreid.evaluation.evaluate import evaluate
from crossreid.models.encoder import ModelEncoder
from crossreid.models.folder import load_model, save_model
from crossreid.models.loading import load_encoder
from crossreid.synthesis.pedestrians.world import World
from crossreid.training import build
from crossreid.training.build import read_history, train_model
from crossreid.training.config import DistillationConfig, StudentConfig, TeacherConfig
from crossreid.training.teacher_features import store_teacher_features

LOOP: dict[str, Any] = {"steps": 3, "learning_rate": 0.01, "log_every": 1, "workers": 0, "tracker": None}
PEOPLE = 12


@pytest.fixture(scope="module")
def people() -> Dataset:
    world, samples = World(0), []
    for person in range(PEOPLE):
        for number in range(2):
            group = world.group("train", person, number)
            key = f"{person}-{number}"
            pictures = {
                Modality.RGB: group.rgb(height=84, width=42),
                Modality.IR: group.infrared(height=84, width=42),
                Modality.SKETCH: group.sketch(height=84, width=42),
            }
            samples += [
                Sample(kind, person_id=person, image=image, source_id=key, item_id=f"{key}-{kind}")
                for kind, image in pictures.items()
            ]
            samples.append(
                Sample(
                    Modality.TEXT,
                    person_id=person,
                    caption=group.caption,
                    source_id=key,
                    item_id=f"{key}-text",
                )
            )
    return Dataset("world", "train", tuple(samples), tuple(map(str, range(PEOPLE))))


@pytest.fixture(scope="module")
def backbones(tiny: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("backbones")
    return {
        "teacher": str(save_model(tiny.teacher(text_budget=400), folder / "teacher")),
        "student": str(save_model(tiny.student(), folder / "student")),
    }


@pytest.fixture(scope="module")
def teacher_run(people: Dataset, backbones: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    config = TeacherConfig.model_validate(
        {
            "kind": "teacher",
            "backbone": backbones["teacher"],
            "loop": LOOP | {"validate_every": 2},
            "batch": {"people": 4},
            "lora": {"rank": 2},
        }
    )
    folder = tmp_path_factory.mktemp("teacher")
    train_model(config, people, folder, validation=people, quiet=True)
    return folder


def distillation(backbones: dict[str, str]) -> DistillationConfig:
    return DistillationConfig.model_validate(
        {
            "kind": "distillation",
            "backbone": backbones["student"],
            "loop": LOOP,
            "batch": {"people": 4},
            "distillation": {"components": 8},
        }
    )


def test_the_whole_way(people: Dataset, backbones: dict[str, str], teacher_run: Path, tmp_path: Path) -> None:
    cloud = load_encoder(teacher_run / "model", device="cpu")
    features = store_teacher_features(cloud, people, tmp_path / "features.parquet")
    folder = train_model(
        distillation(backbones), people, tmp_path / "edge", teacher_features=features, quiet=True
    )
    assert folder == tmp_path / "edge" / "model"
    edge = load_encoder(folder, device="cpu")
    assert edge.dim == cloud.dim == 32
    assert edge.fingerprint.split("@")[1] == cloud.fingerprint.split("@")[1]
    assert edge.fingerprint.split("@")[0] != cloud.fingerprint.split("@")[0]
    for query, gallery in ((cloud, cloud), (edge, edge), (edge, cloud), (cloud, edge)):
        report = evaluate(query=query, gallery=gallery, dataset=people)
        assert [row.task for row in report.rows] == ["S->R", "IR->R", "T->R"]
        assert all(0 < row.mean_ap <= 100 and row.gallery_size == 2 * PEOPLE for row in report.rows)
    for name in ("total", "task", "cosine", "principal", "relation"):
        assert [step for step, _ in read_history(tmp_path / "edge" / "history.jsonl", name)] == [1, 2, 3]


def test_three_steps_of_distillation_bring_the_student_nearer_to_its_teacher(
    people: Dataset, backbones: dict[str, str], teacher_run: Path, tmp_path: Path
) -> None:
    cloud = load_encoder(teacher_run / "model", device="cpu")
    features = store_teacher_features(cloud, people, tmp_path / "features.parquet")
    folder = train_model(
        distillation(backbones), people, tmp_path / "edge", teacher_features=features, quiet=True
    )
    before, after = (
        load_encoder(place, device="cpu").encode(people.samples).vectors
        for place in (backbones["student"], folder)
    )
    nearness = [float((vectors * features.vectors).sum(axis=1).mean()) for vectors in (before, after)]
    assert nearness[1] > nearness[0] + 0.05


def test_a_teacher_run_leaves_model_adapter_history_and_record(
    people: Dataset, backbones: dict[str, str], teacher_run: Path
) -> None:
    assert {path.name for path in teacher_run.iterdir()} == {
        "adapter", "checkpoint", "history.jsonl", "model", "run.json",
    }  # fmt: skip
    assert (teacher_run / "adapter" / "adapter_model.safetensors").is_file()
    record = json.loads((teacher_run / "run.json").read_text())
    assert record["configuration"]["lora"]["rank"] == 2
    measured = read_history(teacher_run / "history.jsonl", "validation_map")
    assert [step for step, _ in measured] == [0, 2, 3]
    assert all(0 < value <= 100 for _, value in measured)
    trained, plain = (
        load_encoder(folder, device="cpu").encode(people.samples[:8]).vectors
        for folder in (teacher_run / "model", backbones["teacher"])
    )
    assert np.abs(trained - plain).max() > 1e-3


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
def test_the_stored_adapter_makes_the_stored_model(
    people: Dataset, backbones: dict[str, str], teacher_run: Path, tiny: Any
) -> None:
    from peft import PeftModel

    teacher: Any = load_model(Path(backbones["teacher"]))[0]
    teacher.backbone = PeftModel.from_pretrained(
        teacher.backbone, str(teacher_run / "adapter")
    ).merge_and_unload()
    expected = load_encoder(teacher_run / "model", device="cpu").encode(people.samples[:8]).vectors
    np.testing.assert_allclose(ModelEncoder(teacher).encode(people.samples[:8]).vectors, expected, atol=1e-4)


def test_a_student_alone_has_a_space_of_its_own(
    people: Dataset, backbones: dict[str, str], teacher_run: Path, tmp_path: Path
) -> None:
    config = StudentConfig.model_validate(
        {"kind": "student", "backbone": backbones["student"], "dim": 16, "loop": LOOP, "batch": {"people": 4}}
    )
    student = load_encoder(train_model(config, people, tmp_path, quiet=True), device="cpu")
    assert student.dim == 16
    wide = config.model_copy(update={"dim": 32})
    student = load_encoder(train_model(wide, people, tmp_path / "wide", quiet=True), device="cpu")
    cloud = load_encoder(teacher_run / "model", device="cpu")
    with pytest.raises(FingerprintError, match="one space"):
        evaluate(query=student, gallery=cloud, dataset=people)


def test_a_distillation_needs_the_features_of_its_own_samples(
    people: Dataset, backbones: dict[str, str], tiny: Any, tmp_path: Path
) -> None:
    config = distillation(backbones)
    with pytest.raises(ConfigurationError, match="without teacher features"):
        train_model(config, people, tmp_path, quiet=True)
    foreign = ModelEncoder(tiny.teacher()).encode(tiny.dataset().samples)
    with pytest.raises(DataError, match="not those of"):
        train_model(config, people, tmp_path, teacher_features=foreign, quiet=True)


def test_later_captions_of_a_photo_are_left_out_where_only_the_first_counts(
    people: Dataset, backbones: dict[str, str], tiny: Any, tmp_path: Path
) -> None:
    second = [
        replace(sample, caption="again", item_id=f"{sample.item_id} again")
        for sample in people.samples
        if sample.modality == Modality.TEXT
    ]
    twice = replace(people, samples=(*people.samples, *second))
    features = ModelEncoder(tiny.teacher(text_budget=400)).encode(people.samples)
    values = distillation(backbones).model_dump()
    first = DistillationConfig.model_validate(values | {"batch": {"people": 4, "captions": "first"}})
    train_model(first, twice, tmp_path / "first", teacher_features=features, quiet=True)
    with pytest.raises(DataError, match="96 teacher features that are not those of the 120 samples"):
        train_model(distillation(backbones), twice, tmp_path / "all", teacher_features=features, quiet=True)


def test_checkpointing_trains_the_same_student(
    people: Dataset, backbones: dict[str, str], tmp_path: Path
) -> None:
    values = {
        "kind": "student",
        "backbone": backbones["student"],
        "loop": LOOP | {"steps": 2},
        "batch": {"people": 4},
    }
    heads = []
    for checkpointing in (False, True):
        config = StudentConfig.model_validate(values | {"checkpointing": checkpointing})
        model, _ = load_model(train_model(config, people, tmp_path / str(checkpointing), quiet=True))
        heads.append(model.get_parameter("heads.rgb.weight"))
    torch.testing.assert_close(heads[1], heads[0], atol=1e-5, rtol=0)


def test_a_backbone_of_the_other_kind_is_refused(
    people: Dataset, backbones: dict[str, str], tmp_path: Path
) -> None:
    config = TeacherConfig.model_validate({"kind": "teacher", "backbone": backbones["student"], "loop": LOOP})
    with pytest.raises(ConfigurationError, match=r"which is a student; expected a teacher"):
        train_model(config, people, tmp_path, quiet=True)


def test_the_same_seed_trains_the_same_student(
    people: Dataset, backbones: dict[str, str], tmp_path: Path
) -> None:
    models = []
    for place, seed in (("a", 0), ("b", 0), ("c", 1)):
        config = StudentConfig.model_validate(
            {
                "kind": "student",
                "backbone": backbones["student"],
                "loop": LOOP | {"seed": seed, "steps": 2},
                "batch": {"people": 4},
            }
        )
        torch.rand(3)
        models.append(load_model(train_model(config, people, tmp_path / place, quiet=True))[0])
    heads = [model.get_parameter("heads.rgb.weight") for model in models]
    assert torch.equal(heads[0], heads[1])
    assert not torch.equal(heads[0], heads[2])


def test_too_few_people_are_told_before_a_model_is_loaded(people: Dataset, tmp_path: Path) -> None:
    values = {"kind": "student", "backbone": "nowhere", "loop": LOOP, "batch": {"people": PEOPLE + 1}}
    with pytest.raises(
        DataError, match=f"{PEOPLE} people with groups in world; expected at least {PEOPLE + 1}"
    ):
        train_model(StudentConfig.model_validate(values), people, tmp_path / "run", quiet=True)
    assert not (tmp_path / "run").exists()


def test_a_validation_searches_for_what_it_has_the_evidence_for(
    people: Dataset, backbones: dict[str, str], tmp_path: Path
) -> None:
    values = {"kind": "student", "backbone": backbones["student"], "loop": LOOP, "batch": {"people": 2}}
    config = StudentConfig.model_validate(values)
    captioned = people.of("rgb", "text")
    train_model(config, captioned, tmp_path / "run", validation=captioned, quiet=True)
    assert read_history(tmp_path / "run" / "history.jsonl", "validation_map")
    assert json.loads((tmp_path / "run" / "run.json").read_text())["validated_on"]["tasks"] == ["T->R"]
    with pytest.raises(DataError, match=r"with rgb alone; expected evidence for one of S->R, IR->R, T->R"):
        train_model(config, people, tmp_path / "other", validation=people.of("rgb"), quiet=True)
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("kind", ["teacher", "student"])
@pytest.mark.parametrize(("figures", "changed"), [((3.0, 2.0, 1.0), False), ((1.0, 2.0, 3.0), True)])
def test_a_training_that_only_harms_keeps_its_start(
    people: Dataset, backbones: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str,
    figures: tuple[float, ...], changed: bool,
) -> None:  # fmt: skip
    coming = iter(figures)
    monkeypatch.setattr(build, "validation_figures", lambda *_: {"validation_map": next(coming)})
    values = {
        "kind": kind, "backbone": backbones[kind], "batch": {"people": 4}, "keep": "best",
        "loop": LOOP | {"steps": 2, "validate_every": 1},
    }  # fmt: skip
    config = (TeacherConfig if kind == "teacher" else StudentConfig).model_validate(values)
    model = train_model(config, people, tmp_path, validation=people, quiet=True)
    assert [step for step, _ in read_history(tmp_path / "history.jsonl", "validation_map")] == [0, 1, 2]
    kept, start = (
        load_encoder(source, device="cpu").encode(people.samples[:8]).vectors
        for source in (model, backbones[kind])
    )
    assert bool(np.abs(kept - start).max() > 1e-3) is changed
