from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from crossreid.core.errors import ConfigurationError
from crossreid.core.modality import Modality
from crossreid.losses import balanced_weights
from crossreid.training.batches import Batch
from crossreid.training.config import DsmdWeights, LoopConfig, TaskWeights
from crossreid.training.loop import BatchSequence, train
from crossreid.training.tasks.dsmd import LOSSES, DsmdTask
from crossreid.training.tasks.identity_matching import embed

WIDTH, ROWS = 20, 60


def stored(rows: int = ROWS, width: int = WIDTH) -> Tensor:
    drawn = torch.randn(rows, width, generator=torch.Generator().manual_seed(9))
    return functional.normalize(drawn, dim=1)


def groups_of(batch: Batch) -> Tensor:
    """Groups of `tiny.batch`, by row: picture 3 g + kind and caption g are of group g."""
    pictures = len(batch.pixel_values)
    numbers = [row // 3 if row < pictures else row - pictures for row in range(len(batch.modalities))]
    groups = torch.full((ROWS,), -1)
    groups[batch.rows] = torch.tensor(numbers)
    return groups


def make(tiny: Any, batch: Batch, *, features: Tensor | None = None, **weights: Any) -> DsmdTask:
    settings: dict[str, Any] = {"queue": 8} | weights
    torch.manual_seed(0)  # of what a tiny student does not draw from its own seed
    return DsmdTask(
        tiny.student(dim=WIDTH),
        stored() if features is None else features,
        groups_of(batch),
        modalities=list(Modality),
        people=3,
        task_weights=TaskWeights(),
        weights=DsmdWeights.model_validate(settings),
    )


def shuffled(tiny: Any) -> Batch:
    """Rows of the data set in another order than the batch's, so that a feature has to be found by its row."""
    batch = tiny.batch()
    return replace(batch, rows=torch.arange(24).flip(0) + 7)


def photos_and_words(batch: Batch) -> Batch:
    """Its photographs and captions alone."""
    pictures = len(batch.pixel_values)
    kept = [row for row, kind in enumerate(batch.modalities) if kind in (Modality.RGB, Modality.TEXT)]
    return Batch(
        batch.pixel_values[[row for row in kept if row < pictures]],
        batch.captions,
        tuple(batch.modalities[row] for row in kept),
        batch.person_ids[kept],
        batch.rows[kept],
    )


def hard_negative(student: Tensor, teacher: Tensor, people: Tensor, margin: float) -> Tensor:
    """By loops, one cosine at a time."""
    total = torch.zeros(())
    for first, second in ((student, teacher), (teacher, student)):
        for row in range(len(first)):
            others = [first[row] @ second[o] for o in range(len(second)) if people[o] != people[row]]
            worst = torch.stack(others).max() - first[row] @ second[row] + margin
            total = total + worst.clamp(min=0)
    return total


def test_the_losses_of_photographs_and_captions(tiny: Any) -> None:
    full = shuffled(tiny)
    batch = photos_and_words(full)
    task = make(tiny, full, balancer=None).train()
    queues = {name: queue.features.clone() for name, queue in task.queues.items()}  # type: ignore[union-attr]
    losses = task(batch, progress=0.0)
    student, teacher = embed(task.student, batch).detach(), stored()[batch.rows]
    sides = {"rgb": slice(0, 6), "text": slice(6, 12)}
    people = batch.person_ids[:6]
    assert torch.equal(people, batch.person_ids[6:])
    contrast = torch.zeros(())
    for name, rows in sides.items():
        for s, t in zip(student[rows], teacher[rows], strict=True):
            logits = torch.cat([(s @ t)[None], queues[name] @ s]) / 0.05
            contrast = contrast - torch.log_softmax(logits, dim=0)[0] / 6
    expected = {
        "contrast": contrast,
        "feature": (student - teacher).abs().mean() * 2,
        "similarity": (1 - (student * teacher).sum(dim=1)).mean(),
        "hard_negative": sum(
            hard_negative(student[first], teacher[second], people, 0.05)
            for first in sides.values()
            for second in sides.values()
        ),
    }
    for name, value in expected.items():
        torch.testing.assert_close(losses[name].detach(), value, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(losses["total"].detach(), sum(expected.values()), atol=1e-4, rtol=1e-4)
    assert set(losses) == {"total", *LOSSES}


def test_partners_are_of_one_group_however_a_batch_is_ordered(tiny: Any) -> None:
    batch = shuffled(tiny)
    order = torch.tensor([3, 1, 2, 0, *range(4, 18), *reversed(range(18, 24))])
    mixed = Batch(
        batch.pixel_values[order[:18]],
        tuple(reversed(batch.captions)),
        tuple(batch.modalities[row] for row in order),
        batch.person_ids[order],
        batch.rows[order],
    )
    losses = [make(tiny, batch)(each, progress=0.0) for each in (batch, mixed)]
    for name in LOSSES:
        torch.testing.assert_close(losses[0][name], losses[1][name], atol=1e-5, rtol=1e-5)


def test_several_captions_of_a_photograph_are_all_its_partners(tiny: Any) -> None:
    """Two groups made one: each of its photographs goes with each of its captions."""
    batch = photos_and_words(tiny.batch())
    task = make(tiny, tiny.batch(), balancer=None, contrast=0.0, feature=0.0, similarity=0.0)
    task.groups[task.groups == 1] = 0
    student, teacher = embed(task.student, batch).detach(), stored()[batch.rows]
    photos, words, people = slice(0, 6), slice(6, 12), batch.person_ids[:6]
    pairs = torch.tensor([(0, 0), (0, 1), (1, 0), (1, 1), (2, 2), (3, 3), (4, 4), (5, 5)])
    expected = sum(
        hard_negative(student[side], teacher[side], people, 0.05) for side in (photos, words)
    ) + sum(
        hard_negative(student[first][pairs[:, 0]], teacher[second][pairs[:, 1]], people[pairs[:, 0]], 0.05)
        for first, second in ((photos, words), (words, photos))
    )
    loss = task(batch, progress=0.0)["hard_negative"].detach()
    torch.testing.assert_close(loss, expected, atol=1e-4, rtol=1e-4)


def test_the_queue_holds_the_teacher_s_features_of_earlier_steps_and_nobody_is_their_own_negative(
    tiny: Any,
) -> None:
    batch = shuffled(tiny)
    task = make(tiny, batch, queue=6).train()
    first = task(batch, progress=0.0)["contrast"]
    rows = torch.tensor([row for row, kind in enumerate(batch.modalities) if kind == Modality.IR])
    queue: Any = task.queues["ir"]
    assert torch.equal(queue.features, stored()[batch.rows[rows]])
    assert torch.equal(queue.people, batch.person_ids[rows])
    assert (task(batch, progress=0.0)["contrast"] - first).detach().abs() > 1e-3
    alone = replace(batch, person_ids=torch.zeros_like(batch.person_ids))
    task(alone, progress=0.0)
    assert task(alone, progress=0.0)["contrast"].detach() == 0


def test_the_balancer_weighs_the_four_from_the_second_step_on(tiny: Any) -> None:
    batch = shuffled(tiny)
    task = make(tiny, batch, similarity=0.5, balancer={"scale": 3.0}).train()
    steps = [task(batch, progress=0.0) for _ in range(2)]
    assert [steps[0][f"weight_{name}"].item() for name in LOSSES] == [1.0, 1.0, 0.5, 1.0]
    losses = [torch.stack([step[name].detach() for name in LOSSES]) for step in steps]
    weights = balanced_weights(losses[1], losses[0], scale=3.0) * torch.tensor([1.0, 1.0, 0.5, 1.0])
    torch.testing.assert_close(torch.stack([steps[1][f"weight_{name}"] for name in LOSSES]), weights)
    torch.testing.assert_close(steps[1]["total"].detach(), (weights * losses[1]).sum())


def test_gradients_reach_towers_and_heads_and_pass_by_the_teacher(tiny: Any) -> None:
    batch = shuffled(tiny)
    task = make(tiny, batch).train()
    for _ in range(2):
        task.zero_grad()
        task(batch, progress=0.0)["total"].backward()
    for kind in Modality:
        gradient = task.student.get_parameter(f"heads.{kind}.weight").grad
        assert gradient is not None
        assert gradient.abs().sum() > 0
    assert not task.teacher_features.requires_grad
    assert {"teacher_features", "groups"}.isdisjoint(task.state_dict())


@pytest.mark.parametrize("term", LOSSES)
def test_a_weight_of_zero_switches_a_loss_off(tiny: Any, term: str) -> None:
    off: dict[str, Any] = {term: 0.0}
    losses = make(tiny, tiny.batch(), **off).train()(tiny.batch(), progress=0.0)
    assert set(LOSSES) - set(losses) == {term}
    assert f"weight_{term}" not in losses


def test_the_task_may_be_learnt_beside(tiny: Any) -> None:
    batch = tiny.batch()
    plain, beside = (make(tiny, batch, task=weight)(batch, progress=0.0) for weight in (0.0, 0.25))
    assert not {"task", "identity", "sdm"} & set(plain)
    torch.testing.assert_close(beside["total"], plain["total"] + 0.25 * beside["task"])
    torch.testing.assert_close(beside["task"], beside["identity"] + beside["sdm"])


def test_what_does_not_fit_is_refused(tiny: Any) -> None:
    with pytest.raises(ConfigurationError, match="width 20, 60 teacher features of width 12"):
        make(tiny, tiny.batch(), features=stored(width=12))
    with pytest.raises(ConfigurationError, match="61 teacher features of width 20, 60 groups"):
        make(tiny, tiny.batch(), features=stored(rows=61))


class Batches(BatchSequence):
    """Other rows in every step; the process ends when it comes to `stop`."""

    def __init__(self, tiny: Any, stop: int) -> None:
        self.tiny, self.stop = tiny, stop

    def __len__(self) -> int:
        return 4

    def __getitem__(self, step: int) -> Batch:
        if step == self.stop:
            raise InterruptedError
        return replace(self.tiny.batch(seed=step), rows=torch.arange(24) + step)


def test_a_training_that_was_interrupted_goes_on_with_queue_and_balancer(tiny: Any, tmp_path: Path) -> None:
    loop = LoopConfig(steps=4, learning_rate=1e-3, checkpoint_every=2, workers=0, tracker=None, log_every=1)

    def run(folder: Path, stop: int) -> DsmdTask:
        task = make(tiny, tiny.batch())
        train(task, Batches(tiny, stop), loop, folder, quiet=True)
        return task

    with pytest.raises(InterruptedError):
        run(tmp_path / "parts", 3)
    whole, parts = (run(tmp_path / name, 4) for name in ("whole", "parts"))
    states = whole.state_dict(), parts.state_dict()
    assert any("queues.rgb.features" in name for name in states[0])
    assert int(states[1]["balancer.steps"]) == 4
    for name, value in states[0].items():
        assert torch.equal(value, states[1][name]), name
