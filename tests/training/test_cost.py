"""What a dry run counts on tensors without data, against what the same step does with data."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from crossreid.models.folder import save_model
from crossreid.training.build import _task
from crossreid.training.config import MllmreidConfig, StudentConfig, TeacherConfig
from crossreid.training.cost import step_cost
from crossreid.training.fake_tensors import StepCounter
from crossreid.training.machine import Machine
from crossreid.training.mllmreid import evidence
from crossreid.training.plan import check_backbone, plan_training
from crossreid.training.weightless import batch_groups, weightless_batch

CPU = Machine("cpu", 1, None, "fp32", 1e9, 1.0, "measured here")
GPU = Machine("cuda", 1, 24.0, "bf16", 1e12, 0.4, "of --rate")
LOOP = {"steps": 30, "learning_rate": 0.1}
BATCH = {"people": 2, "groups": 2}


@pytest.fixture(scope="module")
def folders(tiny: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("models")
    models = {"teacher": tiny.teacher(), "student": tiny.student(), "mllmreid": tiny.llava()}
    return {kind: str(save_model(model, folder / kind)) for kind, model in models.items()}


def measured(task: nn.Module, batch: Any) -> tuple[int, int]:
    """Bytes that autograd keeps, parameters aside, and floating-point operations of forward and backward."""
    own = {parameter.data_ptr() for parameter in task.parameters()}
    kept: dict[int, torch.UntypedStorage] = {}

    def keep(value: Tensor) -> Tensor:
        storage = value.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage
        return value

    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda value: value):
            loss = task.train()(batch, progress=1.0)["total"]
        loss.backward()
    return sum(storage.nbytes() for storage in kept.values()), counter.get_total_flops()


SETTINGS: dict[str, dict[str, Any]] = {
    "adapters": {"kind": "teacher", "lora": {"rank": 2, "dense": 1, "dora": True, "dropout": 0.1}},
    "computed again": {"kind": "teacher", "lora": {"rank": 2}, "checkpointing": True},
    "asked together": {"kind": "teacher", "lora": {"rank": 2}, "batch": BATCH | {"joint": 1.0}},
    "all of it": {"kind": "student"},
    "language": {"kind": "mllmreid", "lora": {"rank": 2}, "modalities": ["rgb", "text"], "feature": "latent"},
}


def config_of(settings: dict[str, Any], folders: dict[str, str]) -> Any:
    model = {"teacher": TeacherConfig, "student": StudentConfig, "mllmreid": MllmreidConfig}[settings["kind"]]
    values = {"backbone": folders[settings["kind"]], "loop": LOOP, "batch": BATCH}
    return model.model_validate(values | settings)


@pytest.mark.parametrize("name", SETTINGS)
def test_it_counts_what_a_step_keeps_to_the_byte(name: str, tiny: Any, folders: dict[str, str]) -> None:
    config, people = config_of(SETTINGS[name], folders), tiny.dataset()
    plan = plan_training(config, people, machine=CPU)
    batch = weightless_batch(config, plan.batch, check_backbone(config)[1], people)
    drawn = replace(batch, pixel_values=torch.rand(batch.pixel_values.shape))
    learnt = evidence(config, people) if isinstance(config, MllmreidConfig) else people
    task = _task(config, learnt, None)
    if isinstance(config, MllmreidConfig):
        task.groups = batch_groups(plan.batch)  # its captions are found by them
    kept, flops = measured(task, drawn)
    assert plan.cost.activations_mib * 2**20 == kept
    assert plan.cost.flops == flops


def test_what_changes_it(folders: dict[str, str]) -> None:
    def cost(machine: Machine = CPU, **changes: Any) -> Any:
        settings = {"kind": "teacher", "lora": {"rank": 2}, "batch": {"people": 4}} | changes
        return plan_training(config_of(settings, folders), None, machine=machine).cost

    plain = cost()
    again, twice = cost(checkpointing=True), cost(loop=LOOP | {"accumulation": 2})
    assert again.activations_mib < plain.activations_mib / 2
    assert 1.2 < again.flops / plain.flops < 1.5  # a forward pass more of the blocks
    assert again.working_mib > plain.working_mib
    assert (twice.flops, twice.activations_mib) == (2 * plain.flops, plain.activations_mib)
    of_two = cost(replace(CPU, processes=2))
    assert of_two.flops == pytest.approx(plain.flops / 2, rel=0.01)
    assert of_two.activations_mib == pytest.approx(plain.activations_mib / 2, rel=0.02)
    # FlashAttention keeps no matrix of attention, and half precision half of the rest.
    fused = cost(GPU)
    assert fused.activations_mib < 0.7 * plain.activations_mib
    assert cost(GPU, checkpointing=True).activations_mib < fused.activations_mib / 2


class Doubled(nn.Module):
    """total = sum((x W)^2) of a batch [4, 8] and W [8, 16]."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(8, 16, bias=False)

    def forward(self, batch: Tensor, *, progress: float) -> dict[str, Tensor]:
        return {"total": self.layer(batch).square().sum()}


@pytest.mark.parametrize(
    ("precision", "kept"), [("fp32", 4 * 8 * 4 + 4 * 16 * 4), ("bf16", 4 * 8 * 2 + 4 * 16 * 2)]
)
def test_of_a_layer_by_hand(precision: str, kept: int) -> None:
    cost = step_cost(Doubled(), lambda: torch.empty(4, 8), device="cpu", precision=precision, accumulation=3)
    # Forward, and backward to the weights alone: 2 x 4 x 8 x 16 each.
    assert cost.flops == 3 * 2 * (2 * 4 * 8 * 16)
    assert cost.activations_mib * 2**20 == kept


@pytest.mark.parametrize("make", [torch.zeros, torch.ones])
def test_a_mask_with_data_chooses_as_many_rows_as_it_says(make: Callable[..., Tensor]) -> None:
    layer = nn.Linear(8, 16)
    counter = StepCounter()
    counter.remove_data(layer)
    chosen = make(6, dtype=torch.bool)
    chosen[:2] = True
    with counter:
        rows = layer(torch.empty(6, 8))[chosen]
        rows.sum().backward()
    assert rows.shape == (int(chosen.sum()), 16)
