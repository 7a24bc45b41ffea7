from typing import Any

import pytest
import torch

from crossreid.models.lora import HierarchicalLora
from crossreid.training.config import TaskWeights
from crossreid.training.tasks.identity_matching import embed
from crossreid.training.tasks.teacher import TeacherTask

PLAN = HierarchicalLora(rank=2, scaling=4.0, dense=1, stride=2)


@pytest.fixture
def task(tiny: Any) -> TeacherTask:
    weights = TaskWeights(triplet_warmup=0.0)
    return TeacherTask(tiny.teacher(depth=3), PLAN, people=3, weights=weights).train()


def step(task: TeacherTask, tiny: Any) -> dict[str, float]:
    optimiser = torch.optim.SGD(task.parameter_groups(0.1))
    losses = task(tiny.batch(), progress=1.0)
    losses["total"].backward()
    optimiser.step()
    return {name: float(loss.detach()) for name, loss in losses.items()}


def test_only_adapters_and_head_are_trained(task: TeacherTask, tiny: Any) -> None:
    trained = {name for name, parameter in task.named_parameters() if parameter.requires_grad}
    head = {"matching.head.neck.weight", "matching.head.classifier.weight"}
    assert head < trained
    assert all("lora_" in name for name in trained - head)
    # Blocks 0 and 2: 4 linears in vision, 7 in language, A and B of each.
    assert len(trained - head) == 2 * (4 + 7) * 2
    given = {id(p) for group in task.parameter_groups(0.1) for p in group["params"]}
    assert given == {id(parameter) for parameter in task.parameters() if parameter.requires_grad}

    before = {name: value.clone() for name, value in task.state_dict().items()}
    step(task, tiny)
    moved = {name for name, value in task.state_dict().items() if not torch.equal(value, before[name])}
    assert moved
    # The teacher's weights are in the state twice, by way of the adapters and by its own name.
    frozen = {name for name in moved if "lora_" not in name and not name.startswith("matching.head.")}
    assert not frozen


def test_every_adapter_learns_from_the_first_step(task: TeacherTask, tiny: Any) -> None:
    losses = step(task, tiny)
    assert losses["total"] == pytest.approx(losses["identity"] + losses["triplet"] + losses["sdm"], rel=1e-5)
    gradients = {name: parameter.grad for name, parameter in task.named_parameters() if "lora_B" in name}
    assert len(gradients) == 2 * (4 + 7)
    still = [name for name, grad in gradients.items() if grad is None or float(grad.abs().max()) == 0]
    assert not still


def test_merging_keeps_what_was_learned(task: TeacherTask, tiny: Any) -> None:
    batch = tiny.batch()
    with torch.inference_mode():
        before = embed(task.teacher, batch)
    step(task, tiny)
    with torch.inference_mode():
        learned = embed(task.teacher, batch)
        merged = embed(task.merge(), batch)
    assert (learned - before).abs().max() > 1e-3
    assert (merged - learned).abs().max() < 1e-4
    assert not [name for name, _ in task.teacher.named_parameters() if "lora" in name]
