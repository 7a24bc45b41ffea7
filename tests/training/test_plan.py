from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from crossreid.core.errors import ConfigurationError, DataError
from crossreid.core.modality import Modality
from crossreid.models.folder import save_model
from crossreid.training.build import _task
from crossreid.training.config import DistillationConfig, StudentConfig, TeacherConfig
from crossreid.training.plan import plan_training
from crossreid.training.tasks.teacher import TeacherTask
from crossreid.training.widths import teacher_width

LOOP = {"steps": 30, "learning_rate": 0.1, "accumulation": 2}


@pytest.fixture(scope="module")
def folders(tiny: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("models")
    models = {"teacher": tiny.teacher(depth=3), "student": tiny.student(projection=20, dim=20)}
    return {kind: str(save_model(model, folder / kind)) for kind, model in models.items()}


def test_a_teacher_s_plan_counts_what_its_training_trains(tiny: Any, folders: dict[str, str]) -> None:
    people = tiny.dataset()
    lora = {"rank": 3, "dense": 1, "dora": True}
    values = {
        "kind": "teacher",
        "backbone": folders["teacher"],
        "loop": LOOP,
        "lora": lora,
        "batch": {"people": 2},
    }
    config = TeacherConfig.model_validate(values)
    plan, task = plan_training(config, people), _task(config, people, None)
    assert isinstance(task, TeacherTask)
    assert plan.trained_parameters == sum(p.numel() for p in task.parameters() if p.requires_grad)
    tuner: Any = task.adapters.base_model
    adapted = {n for n, module in tuner.model.named_modules() if hasattr(module, "lora_A")}
    assert set(plan.adapters) == adapted
    assert plan.backbone_parameters == sum(p.numel() for p in tiny.teacher(depth=3).parameters())
    assert (plan.height, plan.width, plan.batch.items) == (84, 56, 2 * 2 * 4)
    assert plan.epochs == 30  # 60 batches of 2 people out of 5: 2 batches an epoch
    mib = (plan.backbone_parameters + 4 * plan.trained_parameters) * 4 / 2**20
    assert plan.lowest_memory_mib == pytest.approx(mib)


@pytest.mark.parametrize("dim", [None, 12])
def test_a_student_s_plan_counts_what_its_training_trains(
    tiny: Any, folders: dict[str, str], dim: int | None
) -> None:
    people = tiny.dataset(people=8)
    values = {"kind": "student", "backbone": folders["student"], "loop": LOOP, "dim": dim}
    config = StudentConfig.model_validate(values)
    plan, task = plan_training(config, people), _task(config, people, None)
    assert plan.trained_parameters == sum(p.numel() for p in task.parameters() if p.requires_grad)
    assert plan.adapters == {}
    assert plan.lowest_memory_mib == pytest.approx(16 * plan.trained_parameters / 2**20)


def test_a_distillation_takes_the_width_of_its_teacher(folders: dict[str, str]) -> None:
    config = DistillationConfig.model_validate(
        {"kind": "distillation", "backbone": folders["student"], "loop": LOOP, "input": {"height": 112}}
    )
    own, wider = (plan_training(config, None, teacher=t) for t in (None, folders["teacher"]))
    assert wider.trained_parameters - own.trained_parameters == (32 - 20) * 4 * 24
    assert (own.height, own.width, own.epochs) == (112, 56, None)


def test_a_named_treatment_sets_the_size(folders: dict[str, str]) -> None:
    for kind, size in (("teacher", (336, 196)), ("student", (280, 140))):
        values = {"backbone": folders[kind], "kind": kind, "loop": LOOP, "input": {"treatment": "release"}}
        config = (TeacherConfig if kind == "teacher" else StudentConfig).model_validate(values)
        plan = plan_training(config, None)
        assert (plan.height, plan.width) == size


def test_a_backbone_of_the_other_kind_is_refused(folders: dict[str, str]) -> None:
    config = StudentConfig.model_validate({"kind": "student", "backbone": folders["teacher"], "loop": LOOP})
    with pytest.raises(ConfigurationError, match="which is a teacher; expected a student"):
        plan_training(config, None)


def test_the_batch_is_counted_from_the_groups_of_the_data(tiny: Any, folders: dict[str, str]) -> None:
    """Two groups a person: in the first no infrared and three captions, in the second one of each kind."""
    whole = tiny.dataset(people=4)
    samples = [s for s in whole.samples if not (s.source_id.endswith("-0") and s.modality == Modality.IR)]
    for sample in whole.samples:
        if sample.source_id.endswith("-0") and sample.modality == Modality.TEXT:
            samples += [replace(sample, item_id=f"{sample.item_id}-{number}") for number in (2, 3)]
    people = replace(whole, samples=tuple(samples))
    values: dict[str, Any] = {"kind": "student", "backbone": folders["student"], "loop": LOOP}
    for items, captions in ((None, 2 * (3 + 1)), (2, 2 * (2 + 1)), (1, 2 * (1 + 1))):
        config = StudentConfig.model_validate(values | {"batch": {"people": 2, "groups": 2, "items": items}})
        batch = plan_training(config, people).batch
        assert (batch.pictures, batch.captions, batch.modalities) == (2 * (2 + 3), captions, 4)
    words = plan_training(config, people.of("rgb", "text")).batch
    assert (words.pictures, words.captions, words.modalities) == (4, 4, 2)


def test_too_few_people_are_refused_as_the_training_would(tiny: Any, folders: dict[str, str]) -> None:
    config = StudentConfig.model_validate({"kind": "student", "backbone": folders["student"], "loop": LOOP})
    with pytest.raises(DataError, match="5 people with groups in colours; expected at least 8"):
        plan_training(config, tiny.dataset(people=5))


@pytest.mark.parametrize(("kind", "cell"), [("teacher", 28), ("student", 14)])
def test_a_size_that_patches_do_not_fill_is_refused(folders: dict[str, str], kind: str, cell: int) -> None:
    model = TeacherConfig if kind == "teacher" else StudentConfig
    values: dict[str, Any] = {"kind": kind, "backbone": folders[kind], "loop": LOOP}
    plan_training(model.model_validate(values | {"input": {"height": 3 * cell}}), None)
    with pytest.raises(ConfigurationError, match=f"an input of 90 x 56 px; expected multiples of {cell} px"):
        plan_training(model.model_validate(values | {"input": {"height": 90}}), None)


@pytest.mark.parametrize(
    ("settings", "width"),
    [
        ({"kind": "student", "backbone": "tiny-edge", "dim": 12}, 12),
        ({"kind": "teacher", "backbone": "tiny-cloud"}, 320),
        ({"kind": "mllmreid", "backbone": "tiny", "alignment": {"loop": LOOP}}, 160),
        (
            {
                "kind": "mllmreid",
                "backbone": "tiny",
                "alignment": {"loop": LOOP},
                "feature": "latent",
            },
            320,
        ),
    ],
)
def test_settings_say_how_wide_a_teacher_will_be(tmp_path: Path, settings: Any, width: int) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(yaml.safe_dump(settings | {"loop": LOOP}))
    assert teacher_width(str(file)) == width
