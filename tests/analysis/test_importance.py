import numpy as np
import pytest

from crossreid.analysis.importance import measure_importance
from crossreid.core.errors import ConfigurationError, DataError


def test_one_dimension_that_carries_everything() -> None:
    vectors = np.zeros((8, 20))
    vectors[:, 3] = 1
    found = measure_importance(vectors)
    assert found.trials.shape == (4, 20)
    np.testing.assert_allclose(found.trials[:, 3], 1)
    assert (found.top_share, found.effective_ranks) == (pytest.approx(1), pytest.approx((1, 1, 1, 1)))


def test_dimensions_that_all_carry_the_same() -> None:
    vectors = np.tile(np.eye(10), (40, 1))
    found = measure_importance(vectors, trials=2)
    # One of ten dimensions; a random half tells them apart by chance only.
    assert found.top_share == pytest.approx(0.1, abs=0.03)
    assert np.isnan(measure_importance(vectors, trials=1).overlap)


def test_the_same_dimensions_come_first_in_every_half() -> None:
    vectors = np.random.default_rng(0).normal(size=(200, 20)) * np.array([9, 3, *[0.3] * 18])
    assert measure_importance(vectors).overlap == 1


def test_what_has_no_importance_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="0 trials"):
        measure_importance(np.eye(4), trials=0)
    with pytest.raises(DataError, match="1 vectors"):
        measure_importance(np.eye(4)[:1])
