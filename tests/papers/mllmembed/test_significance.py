import math

import pytest
from scipy import stats

from papers.mllmembed.significance import holm, p_value


def test_holm_by_hand() -> None:
    """Sorted 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1 is 0.02, 0.03, 0.06, 0.04, and the last may not be below 0.06."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_holm_of_one_and_of_none() -> None:
    assert holm([0.03]) == [0.03]
    assert holm([]) == []
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_p_of_three_seeds_is_students() -> None:
    """t = 2 / (1 / sqrt 3) = 3.4641; with 2 degrees of freedom p = 1 - t / sqrt(t^2 + 2) = 1 - 3.4641 / sqrt 14."""
    assert p_value([1.0, 2.0, 3.0]) == pytest.approx(1 - math.sqrt(12 / 14))
    assert p_value([-1.0, -2.0, -3.0]) == pytest.approx(1 - math.sqrt(12 / 14))
    values = [0.3, 1.2, -0.4, 2.0, 0.9]
    assert p_value(values) == pytest.approx(stats.ttest_1samp(values, 0)[1])


def test_p_without_spread_or_without_seeds() -> None:
    assert p_value([2.0]) is None
    assert p_value([2.0, 2.0]) == 0.0
    assert p_value([0.0, 0.0]) == 1.0
