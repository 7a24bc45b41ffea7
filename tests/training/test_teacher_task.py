from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest
import torch

from crossreid.core.modality import Modality
from crossreid.data.augmentation import Augmentation
from crossreid.evaluation.evaluate import evaluate
from crossreid.evaluation.tasks import every_combination
from crossreid.models.encoder import ModelEncoder
from crossreid.models.lora import HierarchicalLora
from crossreid.training.config import TaskWeights
from crossreid.training.group_batches import GroupBatches
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


def test_joint_queries_are_what_the_teacher_says_of_their_pieces_together(
    task: TeacherTask, tiny: Any
) -> None:
    pixels = tiny.batch().pixel_values
    batch = replace(tiny.batch(), together=((0, 2, 18), (18, 19), (3, 4)))
    task.eval()
    with torch.no_grad():
        features, together = task._embed(batch)
        expected = embed(task.teacher, batch)
        captions = batch.captions
        alone = [
            task.teacher.embed_groups(pixels[[0, 2]], [[Modality.RGB, Modality.SKETCH]], [[captions[0]]]),
            task.teacher.embed_groups(pixels[:0], [[]], [captions[:2]]),
            task.teacher.embed_groups(pixels[[3, 4]], [[Modality.RGB, Modality.IR]], [[]]),
        ]
    assert together is not None
    torch.testing.assert_close(features, expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(together, torch.cat(alone), atol=1e-5, rtol=1e-5)


def test_a_batch_without_joint_queries_is_lost_as_ever(task: TeacherTask, tiny: Any) -> None:
    batch = tiny.batch()
    task.eval()
    with torch.no_grad():
        plain = task(batch, progress=1.0)
        features = embed(task.teacher, batch)
        expected = task.matching(features, batch, progress=1.0)
    assert torch.equal(plain["total"], expected["task"])


@pytest.mark.slow
def test_after_a_training_with_joint_queries_any_subset_finds_the_person(tiny: Any) -> None:
    people = tiny.dataset(people=6, groups=2)
    weights = TaskWeights(triplet_warmup=0.0)
    plan = HierarchicalLora(rank=8, scaling=16.0, dense=2, stride=1)
    task = TeacherTask(tiny.teacher(), plan, people=6, weights=weights).train()
    batches = GroupBatches(
        people,
        tiny.SIZE,
        people=6,
        groups=2,
        augmentation=Augmentation(erase=0.0),
        seed=0,
        steps=40,
        joint=0.7,
    )
    before = margins(task, people)
    optimiser = torch.optim.AdamW(task.parameter_groups(5e-3))
    for step in range(len(batches)):
        losses = task(batches[step], progress=step / len(batches))
        optimiser.zero_grad()
        losses["total"].backward()
        optimiser.step()
    after = margins(task, people)
    assert len(after) == 15
    for subset, margin in after.items():
        assert margin > before[subset] + 0.1, subset
    report = evaluate(
        ModelEncoder(task.merge()),
        dataset=people,
        tasks=every_combination(("R", "IR", "S", "T")),
        protocol="all",
        together=True,
    )
    assert len(report.rows) == 15 + 11
    for row in report.rows:
        assert row.mean_ap > 50, (row.task, row.rule, row.mean_ap)


def margins(task: TeacherTask, people: Any) -> dict[tuple[str, ...], float]:
    """Of each subset of the kinds: how much nearer its queries are to photographs of their person than to others."""
    task.eval()
    encoder = ModelEncoder(task.teacher)
    photographs = encoder.encode(people.of("rgb").samples)
    groups = list(people.groups().values())
    found = {}
    for size in range(1, 5):
        for kinds in combinations(Modality, size):
            queries = [tuple(s for s in group if s.modality in kinds) for group in groups]
            asked = encoder.encode(queries)
            cosines = torch.from_numpy(asked.vectors @ photographs.vectors.T)
            same = torch.from_numpy(asked.person_ids[:, None] == photographs.person_ids[None, :])
            found[kinds] = float(cosines[same].mean() - cosines[~same].mean())
    task.train()
    return found
