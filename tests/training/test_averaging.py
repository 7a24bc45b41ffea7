import copy
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from crossreid.core.errors import CheckpointError
from crossreid.training.averaging import WeightAverage


@pytest.fixture
def task() -> nn.Linear:
    layer = nn.Linear(1, 1, bias=False)
    nn.init.constant_(layer.weight, 1.0)
    return layer


def weigh(task: nn.Linear, value: float) -> None:
    with torch.no_grad():
        task.weight.fill_(value)


def test_the_average_by_hand(task: nn.Linear) -> None:
    average = WeightAverage(task, 0.5)
    weigh(task, 3.0)
    average.update(1)  # (1 + 1) / (10 + 1) is below the decay: 2/11 of 1 and 9/11 of 3
    assert average.values["weight"].item() == pytest.approx((2 * 1 + 9 * 3) / 11)
    weigh(task, 0.0)
    average.update(100)
    assert average.values["weight"].item() == pytest.approx((2 + 27) / 22)


def test_the_task_has_it_for_a_while_or_for_good(task: nn.Linear) -> None:
    average = WeightAverage(task, 0.5)
    weigh(task, 3.0)
    average.update(100)
    with average.in_place():
        assert task.weight.item() == 2.0
    assert task.weight.item() == 3.0
    average.settle()
    assert task.weight.item() == 2.0
    assert task.weight.requires_grad


def test_frozen_parameters_and_buffers_are_left_alone() -> None:
    task = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    task[0].requires_grad_(False)
    assert set(WeightAverage(task, 0.9).values) == {"1.weight", "1.bias"}


def test_it_is_written_and_read(task: nn.Linear, tmp_path: Path) -> None:
    average = WeightAverage(task, 0.5)
    weigh(task, 3.0)
    average.update(7)
    save_file(average.whole(), tmp_path / "average.safetensors")
    again = WeightAverage(copy.deepcopy(task), 0.5)
    again.load(tmp_path / "average.safetensors")
    assert torch.equal(value(again), value(average))
    with pytest.raises(CheckpointError, match="missing or of another model"):
        WeightAverage(nn.Linear(3, 3), 0.5).load(tmp_path / "average.safetensors")
    with pytest.raises(CheckpointError, match="missing or of another model"):
        again.load(tmp_path / "nowhere")


def value(average: WeightAverage) -> Tensor:
    return average.values["weight"]
