import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from crossreid.core.errors import ConfigurationError
from crossreid.losses import queue_contrast_loss

TEACHER = torch.eye(3)[:2]
QUEUE = torch.tensor([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0]])


def test_two_rows_by_hand():
    # Times ln 2: row 0 has e^{own} = 2 against 1 + 1, row 1 has 2 against 1 (third axis) + 2 (its own direction again).
    loss = queue_contrast_loss(TEACHER, TEACHER, QUEUE, temperature=1 / math.log(2))
    assert loss.item() == pytest.approx((math.log(4 / 2) + math.log(5 / 2)) / 2)


def test_excluded_entries_are_no_negatives():
    # Without the entry in its own direction row 1 has 2 against 1.
    excluded = torch.tensor([[False, False], [False, True]])
    loss = queue_contrast_loss(TEACHER, TEACHER, QUEUE, temperature=1 / math.log(2), excluded=excluded)
    assert loss.item() == pytest.approx((math.log(2) + math.log(3 / 2)) / 2)


def test_a_row_without_negatives_costs_nothing():
    student = torch.tensor([[1.0, 2.0, 3.0], [0.0, 1.0, 0.0]]).requires_grad_()
    loss = queue_contrast_loss(student, TEACHER, QUEUE, excluded=torch.ones(2, 2, dtype=torch.bool))
    loss.backward()
    assert loss.item() == 0
    assert student.grad is not None
    assert torch.equal(student.grad, torch.zeros(2, 3))


def test_the_other_rows_of_the_batch_are_no_negatives():
    queue = torch.tensor([[0.0, 0.0, 1.0]])
    both = queue_contrast_loss(TEACHER, TEACHER, queue, temperature=1.0)
    alone = queue_contrast_loss(TEACHER[:1], TEACHER[:1], queue, temperature=1.0)
    torch.testing.assert_close(both, alone)


def test_gradient_reaches_the_student():
    generator = torch.Generator().manual_seed(0)
    student, teacher, queue = torch.randn(3, 4, 5, dtype=torch.float64, generator=generator)
    excluded = torch.rand(4, 4, generator=generator) < 0.3
    assert torch.autograd.gradcheck(
        lambda rows: queue_contrast_loss(rows, teacher, queue, temperature=0.5, excluded=excluded),
        student.requires_grad_(),
    )


@given(st.permutations(range(6)), st.floats(0.1, 10))
def test_neither_the_order_of_the_queue_nor_lengths_matter(order, length):
    generator = torch.Generator().manual_seed(1)
    student, teacher, queue = torch.randn(3, 6, 5, dtype=torch.float64, generator=generator)
    expected = queue_contrast_loss(student, teacher, queue, temperature=0.1)
    torch.testing.assert_close(
        queue_contrast_loss(length * student, teacher, length * queue[order], temperature=0.1), expected
    )


@pytest.mark.usefixtures("shapes_unchecked")
def test_what_does_not_fit_is_refused():
    with pytest.raises(ConfigurationError, match="2 of student, 3 of teacher"):
        queue_contrast_loss(TEACHER, torch.eye(3), QUEUE)
    with pytest.raises(ConfigurationError, match="2 of queue"):
        queue_contrast_loss(TEACHER, TEACHER, torch.eye(2))
    with pytest.raises(ConfigurationError, match="temperature 0"):
        queue_contrast_loss(TEACHER, TEACHER, QUEUE, temperature=0.0)
