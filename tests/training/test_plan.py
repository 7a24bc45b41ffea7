from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from crossreid.core.errors import ConfigurationError, DataError
from crossreid.core.modality import Modality
from crossreid.models.folder import save_model
from crossreid.models.full_size import qwen_2b_config
from crossreid.models.prompts import SPECIAL_TOKENS
from crossreid.training.build import _task
from crossreid.training.config import DistillationConfig, StudentConfig, TeacherConfig, load_config
from crossreid.training.machine import Machine, find_card, machine_by_options
from crossreid.training.plan import check_backbone, plan_training
from crossreid.training.remedies import find_remedies, fits
from crossreid.training.tasks.teacher import TeacherTask
from crossreid.training.widths import teacher_width

CPU = Machine("cpu", 1, None, "fp32", 1e9, 1.0, "measured here")
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
    plan, task = plan_training(config, people, machine=CPU), _task(config, people, None)
    assert isinstance(task, TeacherTask)
    assert plan.trained_parameters == sum(p.numel() for p in task.parameters() if p.requires_grad)
    tuner: Any = task.adapters.base_model
    adapted = {n for n, module in tuner.model.named_modules() if hasattr(module, "lora_A")}
    assert set(plan.adapters) == adapted
    assert plan.backbone_parameters == sum(p.numel() for p in tiny.teacher(depth=3).parameters())
    assert (plan.height, plan.width, plan.batch.items) == (84, 56, 2 * 2 * 4)
    assert plan.epochs == 30  # 60 batches of 2 people out of 5: 2 batches an epoch
    memory, trained = plan.memory, 4 * plan.trained_parameters / 2**20
    neck = (
        2 * 32 * 4 / 2**20
    )  # the bias of the neck, which is frozen, and its running mean, variance and count
    assert memory.frozen == pytest.approx((4 * plan.backbone_parameters + 32 * 4) / 2**20)
    assert (memory.trained, memory.gradients, memory.moments) == (trained, trained, 2 * trained)
    assert (memory.average, memory.exchange) == (0, 0)
    assert memory.stored >= neck
    assert memory.total == pytest.approx(memory.fixed + plan.cost.activations_mib + plan.cost.working_mib)


@pytest.mark.parametrize("dim", [None, 12])
def test_a_student_s_plan_counts_what_its_training_trains(
    tiny: Any, folders: dict[str, str], dim: int | None
) -> None:
    people = tiny.dataset(people=8)
    values = {"kind": "student", "backbone": folders["student"], "loop": LOOP, "dim": dim}
    config = StudentConfig.model_validate(values)
    plan, task = plan_training(config, people, machine=CPU), _task(config, people, None)
    assert plan.trained_parameters == sum(p.numel() for p in task.parameters() if p.requires_grad)
    assert plan.adapters == {}
    state = plan.memory.trained + plan.memory.gradients + plan.memory.moments
    assert state == pytest.approx(16 * plan.trained_parameters / 2**20)


def test_a_distillation_takes_the_width_of_its_teacher(folders: dict[str, str]) -> None:
    values = {"kind": "distillation", "backbone": folders["student"], "loop": LOOP, "input": {"height": 112}}
    config = DistillationConfig.model_validate(values | {"distillation": {"components": 10}})
    own, wider = (plan_training(config, None, machine=CPU, teacher=t) for t in (None, folders["teacher"]))
    assert wider.trained_parameters - own.trained_parameters == (32 - 20) * 4 * 24
    assert (own.height, own.width, own.epochs) == (112, 56, None)


def test_a_named_treatment_sets_the_size(folders: dict[str, str]) -> None:
    for kind, size in (("teacher", (336, 196)), ("student", (280, 140))):
        values = {"backbone": folders[kind], "kind": kind, "loop": LOOP, "input": {"treatment": "release"}}
        config = (TeacherConfig if kind == "teacher" else StudentConfig).model_validate(values)
        treated = check_backbone(config)[1]
        assert (treated.height, treated.width) == size


def test_a_backbone_of_the_other_kind_is_refused(folders: dict[str, str]) -> None:
    config = StudentConfig.model_validate({"kind": "student", "backbone": folders["teacher"], "loop": LOOP})
    with pytest.raises(ConfigurationError, match="which is a teacher; expected a student"):
        check_backbone(config)


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
        batch = plan_training(config, people, machine=CPU).batch
        assert (batch.pictures, batch.captions, len(batch.kinds)) == (2 * (2 + 3), captions, 4)
    words = plan_training(config, people.of("rgb", "text"), machine=CPU).batch
    assert (words.pictures, words.captions, words.kinds) == (4, 4, (Modality.RGB, Modality.TEXT))


def test_too_few_people_are_refused_as_the_training_would(tiny: Any, folders: dict[str, str]) -> None:
    config = StudentConfig.model_validate({"kind": "student", "backbone": folders["student"], "loop": LOOP})
    with pytest.raises(DataError, match="5 people with groups in colours; expected at least 8"):
        plan_training(config, tiny.dataset(people=5), machine=CPU)


@pytest.mark.parametrize(("kind", "cell"), [("teacher", 28), ("student", 14)])
def test_a_size_that_patches_do_not_fill_is_refused(folders: dict[str, str], kind: str, cell: int) -> None:
    model = TeacherConfig if kind == "teacher" else StudentConfig
    values: dict[str, Any] = {"kind": kind, "backbone": folders[kind], "loop": LOOP}
    check_backbone(model.model_validate(values | {"input": {"height": 3 * cell}}))
    with pytest.raises(ConfigurationError, match=f"an input of 90 x 56 px; expected multiples of {cell} px"):
        check_backbone(model.model_validate(values | {"input": {"height": 90}}))


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


def test_memory_of_several_processes_of_an_average_and_on_a_gpu(tiny: Any, folders: dict[str, str]) -> None:
    people = tiny.dataset()

    def memory(machine: Machine, **loop: Any) -> Any:
        values: dict[str, Any] = {"kind": "teacher", "backbone": folders["teacher"], "batch": {"people": 2}}
        config = TeacherConfig.model_validate(values | {"lora": {"rank": 2}, "loop": LOOP | loop})
        return plan_training(config, people, machine=machine).memory

    alone, trained = memory(CPU), memory(CPU).trained
    two = memory(replace(CPU, processes=2))
    assert (two.exchange, two.frozen, two.trained) == (trained, alone.frozen, trained)
    assert memory(CPU, average=0.9).average == trained
    divided = memory(replace(CPU, processes=2), sharded=True)
    assert (divided.frozen, divided.moments) == (alone.frozen / 2, alone.moments / 2)
    # On a GPU the frozen weights of linear layers take half; embeddings, norms and the patch embedding stay.
    linear = sum(
        parameter.numel()
        for module in tiny.teacher(depth=3).modules()
        if isinstance(module, torch.nn.Linear)
        for parameter in module.parameters()
    )
    gpu = memory(Machine("cuda", 1, 24.0, "bf16", 1e12, 0.4, "of --rate"))
    assert alone.frozen - gpu.frozen == pytest.approx(2 * linear / 2**20)


def test_more_processes_than_people_are_refused(folders: dict[str, str]) -> None:
    config = StudentConfig.model_validate({"kind": "student", "backbone": folders["student"], "loop": LOOP})
    with pytest.raises(ConfigurationError, match=r"8 people for 9 processes.*--set batch.people=9"):
        plan_training(config, None, machine=replace(CPU, processes=9))


def test_what_does_not_fit_is_told_what_makes_it_fit(folders: dict[str, str]) -> None:
    values: dict[str, Any] = {"kind": "teacher", "backbone": folders["teacher"], "lora": {"rank": 2}}
    config = TeacherConfig.model_validate(values | {"loop": LOOP, "batch": {"people": 8}})
    machine = replace(CPU, memory_gib=1.0)

    def again(changed: Any) -> Any:
        return plan_training(changed, None, machine=machine)

    plan = again(config)
    checkpointed = again(config.model_copy(update={"checkpointing": True}))

    def remedies(usable_mib: float) -> list[str]:
        small = replace(machine, memory_gib=usable_mib / 1024 / 0.9)
        found = list(find_remedies(config, plan, small, again))
        assert all(remedy.total_mib <= usable_mib for remedy in found)
        return [remedy.options for remedy in found]

    assert remedies(checkpointed.memory.total * 1.001)[0] == "--set checkpointing=true"
    half = checkpointed.memory.fixed + (checkpointed.memory.total - checkpointed.memory.fixed) / 2
    assert remedies(half * 1.001) == [
        "--set checkpointing=true --processes 2",
        "--set checkpointing=true --set batch.people=4 --set loop.accumulation=4",
    ]
    assert remedies(checkpointed.memory.fixed / 2) == []


@pytest.mark.slow
def test_the_paper_s_teacher_fits_the_paper_s_four_gpus(tmp_path: Path) -> None:
    """Qwen2-VL-2B by its settings alone; 128 items on four GPUs of 24 GiB."""
    ids = {token: 151_643 + place for place, token in enumerate(SPECIAL_TOKENS)}
    qwen_2b_config(ids).save_pretrained(tmp_path)
    paper = Path(__file__).parents[2] / "configs" / "paper" / "teacher.yaml"
    config = load_config(paper, [f"backbone={tmp_path}"])
    assert isinstance(config, TeacherConfig)
    card = find_card("RTX-3090")
    machine = machine_by_options(precision="bf16", card=card, memory_gib=None, processes=4, rate=None)
    plan = plan_training(config, None, machine=machine)
    assert (plan.height, plan.width, plan.batch.items) == (280, 140, 128)
    assert fits(plan.memory.total, machine)
    # By hand: 233,373,696 weights of embeddings and the few of norms and patches in fp32, the linear layers in bf16.
    assert plan.memory.frozen == pytest.approx((2 * 2_208_985_600 + 2 * 235_800_000) / 2**20, rel=2e-3)
    whole = plan_training(config.model_copy(update={"checkpointing": False}), None, machine=machine)
    assert not fits(whole.memory.total, machine)  # which is why the configuration computes activations again
