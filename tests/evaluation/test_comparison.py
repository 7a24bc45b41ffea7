from dataclasses import replace

import numpy as np
import pytest

from crossreid.core.errors import DataError
from crossreid.evaluation.comparison import Comparison, compare_reports, permutation_test
from crossreid.evaluation.evaluate import evaluate
from crossreid.evaluation.outcomes import Outcomes
from crossreid.evaluation.report import Report


def outcomes(people, values):
    column = tuple(map(float, values))
    return Outcomes(tuple(people), column, column, column, column, column)


def p_value(first, second, people=None, **arguments):
    people = range(len(first)) if people is None else people
    return permutation_test(outcomes(people, first), outcomes(people, second), metric="r1", **arguments)


def test_three_people_by_hand():
    # Differences 1, 2, 3: of the 8 signs only +++ and --- give a sum as large as 6.
    assert p_value([0, 0, 0], [1, 2, 3]) == 2 / 8
    # Differences 1, 2, -3 sum to 0: every sign does.
    assert p_value([0, 0, 3], [1, 2, 0]) == 1
    # Differences -1, 2, 3: a sum of 4 or more in absolute value is given by +++, -++ and their opposites.
    assert p_value([1, 0, 0], [0, 2, 3]) == 4 / 8


def test_queries_of_one_person_are_flipped_together():
    assert p_value([0] * 6, [1] * 6, people=[1, 1, 1, 2, 2, 2]) == 2 / 4


def test_equal_reports_do_not_differ():
    values = np.random.default_rng(0).uniform(0, 100, 50)
    assert p_value(values, values) == 1


def test_a_clear_gain_over_many_people():
    assert p_value([0] * 40, [1] * 40) == 1 / 10_001


def test_drawing_comes_close_to_enumerating():
    random = np.random.default_rng(3)
    differences = random.normal(0.4, 1, 13)
    exact = p_value([0] * 13, differences)
    # A fourteenth person without a difference changes nothing but that permutations are now drawn.
    drawn = p_value([0] * 14, [*differences, 0])
    assert 0.02 < exact < 0.6
    assert drawn == pytest.approx(exact, abs=0.02)


def test_the_order_of_the_reports_does_not_matter():
    random = np.random.default_rng(1)
    first, second = random.uniform(0, 100, (2, 10))
    assert p_value(first, second) == p_value(second, first)


def test_other_queries_are_refused():
    with pytest.raises(DataError, match=r"2 queries of 2 people and 2 of 2; expected the same queries"):
        permutation_test(outcomes([1, 2], [0, 0]), outcomes([1, 3], [0, 0]), metric="r1")


def test_reports_are_compared_row_by_row(people):
    better = evaluate(people, tasks=["S->R", "T->R"], setting="new")
    # Every query points at the next person.
    misled = np.where(people.modalities[:, None] == "rgb", people.vectors, np.roll(people.vectors, 8, axis=0))
    blind = evaluate(replace(people, vectors=misled), tasks=["S->R", "T->R"], setting="old")
    first, *_, last = compare_reports(blind, better)
    assert (first.first, first.second, first.people) == (0, 100, 4)
    # Four people, all better: 2 of 16 signs are as clear.
    assert first.p_value == 2 / 16
    assert str(first) == (
        "S->R old against new by source-excluded, R1: 0.00 -> 100.00, 100.00 points higher; the"
        " difference is not significant (p = 0.1250, 4 people)."
    )
    assert last.what == "T->R old against new by source-excluded, mAP"


def test_words_for_a_significant_loss():
    words = str(Comparison("x", 50.0, 40.0, 0.0001, 300))
    assert words == (
        "x: 50.00 -> 40.00, 10.00 points lower; the difference is significant (p = below 0.001, 300 people)."
    )


def test_reports_without_common_rows_or_single_queries_are_refused(people):
    report = evaluate(people, tasks=["S->R"])
    with pytest.raises(DataError, match=r"without a task and protocol in common"):
        compare_reports(report, evaluate(people, tasks=["T->R"]))
    bare = Report(tuple(replace(row, outcomes=None) for row in report.rows))
    with pytest.raises(DataError, match=r"without the numbers of each query"):
        compare_reports(report, bare)
