import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from crossreid.core.errors import ConfigurationError
from crossreid.losses import balanced_weights

LOSSES = st.lists(st.floats(0.1, 10), min_size=4, max_size=4).map(
    lambda values: torch.tensor(values, dtype=torch.float64)
)


def test_two_losses_by_hand():
    # m = (1, 4); the first has halved, the second grown by half: rates 1/2 and 3/2.
    losses = torch.tensor([4.0, 1.0], dtype=torch.float64)
    previous = torch.tensor([8.0, 2 / 3], dtype=torch.float64)
    share = 1 / (1 + math.e)
    expected = torch.tensor([10 * share, 10 * (1 - share) * 4], dtype=torch.float64)
    torch.testing.assert_close(balanced_weights(losses, previous), expected)


def test_a_high_temperature_forgets_the_rates():
    losses = torch.tensor([4.0, 1.0], dtype=torch.float64)
    weights = balanced_weights(losses, torch.tensor([8.0, 0.1], dtype=torch.float64), temperature=1e9)
    torch.testing.assert_close(weights, torch.tensor([5.0, 20.0], dtype=torch.float64))


@given(LOSSES, LOSSES)
def test_the_released_reading_is_inert(losses, previous):
    """Whatever the losses were before, its weights are (scale / 4) max L / L_i."""
    weights = balanced_weights(losses, previous, rate_of="released")
    torch.testing.assert_close(weights, 10 / 4 * losses.max() / losses, rtol=1e-4, atol=0)


def test_the_raw_reading_is_not_inert():
    losses = torch.tensor([1.0, 1.0])
    falling = balanced_weights(losses, torch.tensor([2.0, 1.0]))
    rising = balanced_weights(losses, torch.tensor([0.5, 1.0]))
    assert falling[0] < 5 < rising[0]


@given(LOSSES, LOSSES)
def test_weighted_losses_share_scale_times_the_largest(losses, previous):
    weighted = (balanced_weights(losses, previous) * losses).sum()
    torch.testing.assert_close(weighted, 10 * losses.max(), rtol=1e-4, atol=0)


@given(LOSSES, LOSSES, st.permutations(range(4)))
def test_the_order_does_not_matter(losses, previous, order):
    weights = balanced_weights(losses, previous)
    torch.testing.assert_close(balanced_weights(losses[order], previous[order]), weights[order])


def test_a_loss_that_vanishes_and_comes_back_leaves_numbers():
    vanished, there = torch.tensor([0.0, 1.0]), torch.tensor([5.0, 1.0])
    for losses, previous in ((vanished, there), (there, vanished)):
        assert torch.isfinite(balanced_weights(losses, previous)).all()


def test_the_weights_carry_no_gradient():
    losses = torch.tensor([1.0, 2.0], requires_grad=True)
    assert not balanced_weights(losses, torch.ones(2)).requires_grad


@pytest.mark.usefixtures("shapes_unchecked")
def test_refused_inputs():
    with pytest.raises(ConfigurationError, match="2 of losses, 3 of previous"):
        balanced_weights(torch.ones(2), torch.ones(3))
    with pytest.raises(ConfigurationError, match="scale 0"):
        balanced_weights(torch.ones(2), torch.ones(2), scale=0.0)
