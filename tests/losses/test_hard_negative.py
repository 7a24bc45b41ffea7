import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from crossreid.core.errors import ConfigurationError
from crossreid.losses import hard_negative_loss

# Cosines by rows of queries: [[1, 0.6, 0], [0, 0.8, 1], [0.6, 1, 0.8]]
QUERIES = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]])
GALLERY = torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]])


def test_the_hardest_negative_of_each_row_and_column_by_hand():
    # Own cosines 1, 0.8, 0.8. Rows: 0.7 - 1 < 0; 0.1 + 1 - 0.8 = 0.3; 0.1 + 1 - 0.8 = 0.3.
    # Columns: 0.1 + 0.6 - 1 < 0; 0.1 + 1 - 0.8 = 0.3; 0.1 + 1 - 0.8 = 0.3.
    assert hard_negative_loss(QUERIES, GALLERY, margin=0.1).item() == pytest.approx(1.2)


def test_all_violations_by_hand():
    # A margin of 0.5 adds: rows 0.1; 0.7; 0.3 + 0.7. Columns: 0.1; 0.3 + 0.7; 0.7.
    loss = hard_negative_loss(QUERIES, GALLERY, margin=0.5, violation="sum")
    assert loss.item() == pytest.approx(0.1 + 0.7 + 1.0 + 0.1 + 1.0 + 0.7)


def test_nobody_is_a_negative_of_themselves():
    # Rows 1 and 2 are of one person, and nothing else violates a margin of 0.1.
    assert hard_negative_loss(QUERIES, GALLERY, margin=0.1, person_ids=torch.tensor([4, 7, 7])).item() == 0


def test_one_person_alone_costs_nothing():
    assert hard_negative_loss(QUERIES[:1], GALLERY[2:]).item() == 0


@pytest.mark.parametrize("violation", ["max", "sum"])
def test_gradient(violation):
    queries, gallery = torch.randn(
        2, 5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0)
    ).unbind()
    assert torch.autograd.gradcheck(
        lambda q, g: hard_negative_loss(q, g, violation=violation),
        (queries.requires_grad_(), gallery.requires_grad_()),
    )


@given(st.permutations(range(5)))
def test_the_order_and_the_side_do_not_matter(order):
    queries, gallery = torch.randn(2, 5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    expected = hard_negative_loss(queries, gallery)
    torch.testing.assert_close(hard_negative_loss(gallery[order], queries[order]), expected)


@pytest.mark.usefixtures("shapes_unchecked")
def test_unpaired_rows_are_refused():
    with pytest.raises(ConfigurationError, match="3 of queries, 2 of gallery"):
        hard_negative_loss(QUERIES, GALLERY[:2])
    with pytest.raises(ConfigurationError, match="2 of person_ids"):
        hard_negative_loss(QUERIES, GALLERY, person_ids=torch.tensor([1, 2]))
