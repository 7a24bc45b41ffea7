"""Two processes with half of a batch each learn what one with all of it learns."""

import importlib.util
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, distributed

from crossreid.core.modality import Modality
from crossreid.training.batches import Batch
from crossreid.training.config import DsmdWeights, TaskWeights
from crossreid.training.gathering import gather_rows, mean_over_processes, processes
from crossreid.training.tasks.dsmd import DsmdTask

STEPS = 3


def test_alone_nothing_changes() -> None:
    rows = torch.rand(3, 2, requires_grad=True)
    assert processes() == 1
    assert gather_rows(rows) is rows
    assert torch.equal(mean_over_processes(rows), rows)


def half(batch: Batch, number: int, of: int) -> Batch:
    """Every `of`-th group: pictures 3 g to 3 g + 2 and caption g are of group g."""
    groups = [group for group in range(6) if group * of // 6 == number]
    pictures = [3 * group + kind for group in groups for kind in range(3)]
    rows = pictures + [18 + group for group in groups]
    return Batch(
        batch.pixel_values[pictures],
        tuple(batch.captions[group] for group in groups),
        tuple(batch.modalities[row] for row in rows),
        batch.person_ids[rows],
        batch.rows[rows],
    )


def learn(tiny: Any, number: int, of: int) -> dict[str, Tensor]:
    """Losses and gradients of some steps, and the buffers at the end."""
    torch.manual_seed(0)
    features = torch.nn.functional.normalize(torch.randn(24, 20), dim=1)
    groups = torch.tensor([row // 3 if row < 18 else row - 18 for row in range(24)])
    task = DsmdTask(
        tiny.student(dim=20),
        features,
        groups,
        modalities=list(Modality),
        people=3,
        task_weights=TaskWeights(),
        weights=DsmdWeights(queue=16),
    ).train()
    seen: dict[str, Tensor] = {}
    for step in range(STEPS):
        batch = replace(tiny.batch(), pixel_values=tiny.pixels(18, seed=step))
        losses = task(half(batch, number, of), progress=0.0)
        seen |= {f"{step} {name}": loss.detach() for name, loss in losses.items()}
        task.zero_grad()
        losses["total"].backward()
        for name in ("heads.rgb.weight", "heads.text.weight", "vision.pre_layrnorm.weight"):
            gradient = task.student.get_parameter(name).grad
            assert gradient is not None
            # What data-parallel training does to gradients.
            seen[f"{step} gradient of {name}"] = mean_over_processes(gradient)
    return seen | dict(task.state_dict())


@pytest.mark.slow
def test_two_processes_learn_what_one_does(tiny: Any, tmp_path: Path) -> None:
    program = [sys.executable, __file__, str(tmp_path)]
    environment = os.environ | {"GLOO_SOCKET_IFNAME": "lo"}
    running = [subprocess.Popen([*program, str(number)], env=environment) for number in range(2)]
    assert [process.wait(timeout=600) for process in running] == [0, 0]
    expected = learn(tiny, 0, 1)
    for number in range(2):
        found = torch.load(tmp_path / f"{number}.pt", weights_only=True)
        assert set(found) == set(expected)
        for name, value in expected.items():
            torch.testing.assert_close(found[name], value, atol=1e-4, rtol=1e-4, msg=lambda m, n=name: n + m)


def main(folder: Path, number: int) -> None:
    path = Path(__file__).parents[1] / "tiny_models.py"
    spec = importlib.util.spec_from_file_location("tiny_models", path)
    assert spec is not None
    assert spec.loader is not None
    tiny = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tiny)
    place = f"file://{folder / 'store'}"
    distributed.init_process_group("gloo", init_method=place, rank=number, world_size=2)
    torch.save(learn(tiny, number, 2), folder / f"{number}.pt")
    distributed.destroy_process_group()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
