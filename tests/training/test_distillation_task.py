from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from crossreid.core.errors import ConfigurationError
from crossreid.losses.principal_components import principal_basis
from crossreid.training.config import DistillationWeights, TaskWeights
from crossreid.training.tasks.distillation import DistillationTask
from crossreid.training.tasks.identity_matching import embed
from crossreid.training.tasks.student import StudentTask

ROWS, WIDTH = 40, 20


def stored(rows: int = ROWS, width: int = WIDTH) -> Tensor:
    drawn = torch.randn(rows, width, generator=torch.Generator().manual_seed(9))
    return functional.normalize(drawn * torch.linspace(3, 0.1, width), dim=1)


def make(tiny: Any, *, features: Tensor | None = None, **weights: Any) -> DistillationTask:
    return DistillationTask(
        tiny.student(dim=WIDTH),
        stored() if features is None else features,
        people=3,
        task_weights=TaskWeights(),
        weights=DistillationWeights.model_validate({"components": 5} | weights),
    )


def cosine(first: Tensor, second: Tensor) -> Tensor:
    return 1 - (functional.normalize(first, dim=1) * functional.normalize(second, dim=1)).sum(dim=1).mean()


def test_the_terms_of_equation_13_and_their_sum(tiny: Any) -> None:
    batch = tiny.batch()
    # Rows of the data set in another order than the batch's, so that a feature has to be found by its row.
    batch = type(batch)(
        batch.pixel_values, batch.captions, batch.modalities, batch.person_ids, torch.arange(24).flip(0) + 7
    )
    task = make(tiny).train()
    losses = task(batch, progress=0.0)
    student = embed(task.student, batch).detach()
    teacher = stored()[batch.rows]
    _, _, right = torch.linalg.svd(stored())
    basis = right[:5].T
    gram_s, gram_t = student.T @ student, teacher.T @ teacher
    expected = {
        "cosine": cosine(student, teacher),
        "principal": cosine(student @ basis, teacher @ basis),
        "relation": cosine(gram_s, gram_t),
    }
    for name, value in expected.items():
        torch.testing.assert_close(losses[name], value, atol=1e-5, rtol=1e-4)
    total = 0.01 * losses["task"] + sum(
        weight * expected[name]
        for name, weight in (("cosine", 0.29), ("principal", 0.35), ("relation", 0.35))
    )
    torch.testing.assert_close(losses["total"], total, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(losses["task"], losses["identity"] + losses["sdm"])


def test_the_release_matches_correlations_in_the_batch_s_own_basis(tiny: Any) -> None:
    batch = tiny.batch()
    task = make(tiny, basis="batch", relation_kind="correlation", relation_match="frobenius").train()
    losses = task(batch, progress=0.0)
    student, teacher = embed(task.student, batch).detach(), stored()[batch.rows]
    basis = torch.linalg.svd(teacher)[2][:5].T
    torch.testing.assert_close(
        losses["principal"], cosine(student @ basis, teacher @ basis), atol=1e-5, rtol=1e-4
    )
    relation = cosine(torch.corrcoef(student.T).flatten()[None], torch.corrcoef(teacher.T).flatten()[None])
    torch.testing.assert_close(losses["relation"], relation, atol=1e-5, rtol=1e-4)
    of_train_set = make(tiny).train()(batch, progress=0.0)["principal"]
    assert (losses["principal"] - of_train_set).detach().abs() > 1e-4


def test_a_batch_with_fewer_rows_than_components_takes_what_it_has(tiny: Any) -> None:
    features = stored()
    task = make(tiny, basis="batch", components=WIDTH)
    assert torch.equal(task._basis_for(features[:6]), principal_basis(features[:6], 6))


@pytest.mark.parametrize("term", ["task", "cosine", "principal", "relation"])
def test_a_weight_of_zero_switches_a_term_off(tiny: Any, term: str) -> None:
    off: dict[str, Any] = {term: 0.0}
    losses = make(tiny, **off).train()(tiny.batch(), progress=0.0)
    assert term not in losses
    assert {"task", "cosine", "principal", "relation"} - set(losses) == {term}


def test_the_teacher_is_frozen_and_not_written_into_checkpoints(tiny: Any) -> None:
    task = make(tiny)
    task.train()(tiny.batch(), progress=0.0)["total"].backward()
    assert not task.teacher_features.requires_grad
    assert torch.equal(task.teacher_features, stored())
    assert not {"teacher_features", "basis"} & set(task.state_dict())


def test_other_widths_are_refused(tiny: Any) -> None:
    with pytest.raises(ConfigurationError, match="width 20 and teacher features of width 12"):
        make(tiny, features=stored(width=12))


@pytest.mark.parametrize(("rows", "most"), [(ROWS, WIDTH), (8, 8)])
def test_more_components_than_there_are_are_refused(tiny: Any, rows: int, most: int) -> None:
    with pytest.raises(ConfigurationError, match=f"{most + 1} principal components; expected at most {most}"):
        make(tiny, features=stored(rows), components=most + 1)


def test_a_student_alone_is_trained_whole(tiny: Any) -> None:
    task = StudentTask(tiny.student(), people=3, weights=TaskWeights(triplet_warmup=0.0)).train()
    losses = task(tiny.batch(), progress=0.0)
    assert set(losses) == {"total", "identity", "triplet", "sdm"}
    torch.testing.assert_close(losses["total"], losses["identity"] + losses["triplet"] + losses["sdm"])
    losses["total"].backward()
    without = {name for name, p in task.named_parameters() if p.requires_grad and p.grad is None}
    assert not without
    given = {id(p) for group in task.parameter_groups(1.0) for p in group["params"]}
    assert given == {id(p) for p in task.parameters() if p.requires_grad}
