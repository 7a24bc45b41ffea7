import numpy as np
import pytest

from crossreid.core.errors import DataError
from crossreid.evaluation.intervals import bootstrap_intervals
from crossreid.evaluation.outcomes import Outcomes, collect_outcomes
from crossreid.evaluation.positions import QueryScores


def outcomes(people, values):
    column = tuple(map(float, values))
    return Outcomes(tuple(people), column, column, column, column, column)


def scores(rows, nearest, precisions):
    return QueryScores(
        np.array(rows, dtype=np.int64), np.array(nearest), np.array(precisions), np.array(precisions)
    )


def test_trials_are_averaged_query_by_query():
    first, second = scores([0, 2], [1, 7], [1.0, 0.5]), scores([2], [4], [0.25])
    found = collect_outcomes([first, second], np.array([5, 6, 7]))
    assert found.person_ids == (5, 7)
    assert found.r1 == (100, 0)
    assert found.r5 == (100, 50)
    assert found.r10 == (100, 100)
    assert found.mean_ap == (100, pytest.approx(100 * (0.5 + 0.25) / 2))
    assert found.mean("r5") == 75


def test_no_queries_give_no_number():
    nothing = collect_outcomes([scores([], [], [])], np.array([1, 2]))
    assert len(nothing) == 0
    assert np.isnan(nothing.mean("r1"))
    assert bootstrap_intervals(nothing) == {}


def test_columns_of_different_lengths_are_refused():
    with pytest.raises(DataError, match=r"expected one length"):
        Outcomes((1, 2), (0.0,), (0.0,), (0.0,), (0.0,), (0.0,))


def test_two_people_can_only_be_drawn_in_three_ways():
    # Both, twice the one, or twice the other: means 50, 0 and 100, the last two in a quarter of the draws each.
    assert bootstrap_intervals(outcomes([1, 2], [0, 100]))["r1"] == (0, 100)
    assert bootstrap_intervals(outcomes([1, 2], [0, 100]), level=0.4)["r1"] == (50, 50)


def test_queries_of_one_person_are_not_independent():
    # 40 people, all right or all wrong: ten queries each say no more than one.
    values = np.repeat([0.0, 100.0], 20)
    once = bootstrap_intervals(outcomes(range(40), values))["r1"]
    ten_times = bootstrap_intervals(outcomes(np.repeat(np.arange(40), 10).tolist(), np.repeat(values, 10)))[
        "r1"
    ]
    assert ten_times == once
    # Close to the normal interval 50 +- 1.96 * 50 / sqrt(40).
    assert once == pytest.approx((50 - 15.5, 50 + 15.5), abs=2.5)


def test_a_person_with_many_queries_weighs_as_many():
    # Drawn (a, a), (a, b), (b, b): means 0, 100 * 1 / 4 and 100.
    lopsided = outcomes([1, 1, 1, 2], [0, 0, 0, 100])
    assert bootstrap_intervals(lopsided, level=0.4)["mean_ap"] == (25, 25)


def test_draws_are_the_same_each_time_and_change_with_the_seed():
    found = outcomes(range(30), np.random.default_rng(0).uniform(0, 100, 30))
    assert bootstrap_intervals(found) == bootstrap_intervals(found)
    assert bootstrap_intervals(found) != bootstrap_intervals(found, seed=1)


def test_one_person_has_no_interval():
    assert bootstrap_intervals(outcomes([1, 1], [0, 100])) == {}
