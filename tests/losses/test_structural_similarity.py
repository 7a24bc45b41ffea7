import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from crossreid.core.errors import ConfigurationError
from crossreid.losses import structural_similarity_loss


def pair(seed: int, size: tuple[int, int] = (24, 17)) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    first = rng.random(size)
    return first, np.clip(0.6 * first + 0.4 * rng.random(size), 0, 1)


def loss_of(first: np.ndarray, second: np.ndarray) -> float:
    return structural_similarity_loss(
        *(torch.from_numpy(side)[None, None] for side in (first, second))
    ).item()


def test_flat_pictures_by_hand():
    # Without variance, structure is 1: 1 - (2 * 0.2 * 0.6 + 0.0001) / (0.04 + 0.36 + 0.0001).
    assert loss_of(np.full((11, 11), 0.2), np.full((11, 11), 0.6)) == pytest.approx(1 - 0.2401 / 0.4001)


def test_it_agrees_with_gaussian_filters():
    first, second = pair(0)

    def mean(values: np.ndarray) -> np.ndarray:
        return gaussian_filter(values, 1.5, truncate=5 / 1.5)[5:-5, 5:-5]

    a, b = mean(first), mean(second)
    covariance = mean(first * second) - a * b
    variances = mean(first**2) - a**2 + mean(second**2) - b**2
    expected = (2 * a * b + 1e-4) * (2 * covariance + 9e-4) / ((a**2 + b**2 + 1e-4) * (variances + 9e-4))
    assert loss_of(first, second) == pytest.approx(1 - expected.mean(), rel=1e-9)


def test_equal_pictures_cost_nothing_and_opposite_ones_more_than_one():
    first, second = pair(1)
    assert loss_of(first, first) == pytest.approx(0, abs=1e-12)
    assert loss_of(first, second) == pytest.approx(loss_of(second, first))
    assert loss_of(first, 1 - first) > 1


def test_gradient():
    first, second = (torch.from_numpy(side)[None, None] for side in pair(2, (12, 12)))
    assert torch.autograd.gradcheck(structural_similarity_loss, (first.requires_grad_(), second))


def test_pictures_smaller_than_the_window_are_refused():
    with pytest.raises(ConfigurationError, match="expected 11 a side"):
        loss_of(*pair(0, (24, 10)))
