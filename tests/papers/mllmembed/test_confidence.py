import math

import numpy as np
import pytest
from scipy import stats

from crossreid.core.errors import DataError
from crossreid.evaluation.outcomes import Outcomes
from papers.mllmembed.confidence import over_people, over_seeds


def outcomes(people: list[int], values: list[float]) -> Outcomes:
    zeros = tuple(0.0 for _ in values)
    return Outcomes(tuple(people), zeros, zeros, zeros, tuple(values), zeros)


def test_the_interval_of_three_seeds_is_students() -> None:
    found = over_seeds([1.0, 2.0, 3.0])
    half = 4.302653 / math.sqrt(3)  # t of 2 degrees of freedom, deviation 1
    assert (found.mean, found.over) == (2.0, "seeds")
    assert (found.low, found.high) == pytest.approx((2 - half, 2 + half), abs=1e-5)
    expected = stats.t.interval(0.95, 2, loc=2, scale=1 / math.sqrt(3))
    assert (found.low, found.high) == pytest.approx(expected)


def test_one_seed_has_the_interval_that_is_given_or_none() -> None:
    given = over_seeds([2.0], (1.0, 4.0))
    assert (given.mean, given.low, given.high, given.over) == (2.0, 1.0, 4.0, "people")
    none = over_seeds([2.0])
    assert none.over == ""
    assert none.to_json() == {"values": (2.0,), "mean": 2.0, "low": None, "high": None, "over": ""}
    with pytest.raises(DataError, match="no seeds"):
        over_seeds([])


def test_people_are_drawn_and_not_queries() -> None:
    """One person of two has a difference of 10, the other none: means of 0, 5 and 10, whatever their queries."""
    better = outcomes([0, 0, 0, 1, 1, 1], [60.0, 60.0, 60.0, 50.0, 50.0, 50.0])
    worse = outcomes([0, 0, 0, 1, 1, 1], [50.0] * 6)
    assert over_people([better], [worse]) == (0.0, 10.0)
    assert over_people([worse], [better]) == (-10.0, 0.0)


def test_a_difference_that_all_share_has_no_width() -> None:
    people = list(range(20))
    spread = list(np.linspace(0, 80, 20))
    first = [outcomes(people, [value + gain for value in spread]) for gain in (3.0, 5.0)]
    second = [outcomes(people, spread)] * 2
    assert over_people(first, second) == pytest.approx((4.0, 4.0))


def test_people_without_queries_in_a_task_count_in_the_others() -> None:
    first = [outcomes([0, 1, 2], [3.0] * 3), outcomes([0, 1], [1.0] * 2)]
    second = [outcomes([0, 1, 2], [0.0] * 3), outcomes([0, 1], [0.0] * 2)]
    low, high = over_people(first, second)
    assert high == pytest.approx(2.0)
    assert 1.5 <= low <= 2.0


def test_different_queries_are_refused() -> None:
    with pytest.raises(DataError, match="different queries"):
        over_people([outcomes([0, 1], [1.0, 2.0])], [outcomes([0, 2], [1.0, 2.0])])
    alone = [outcomes([0], [1.0])]
    assert all(math.isnan(end) for end in over_people(alone, alone))
