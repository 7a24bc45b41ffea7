import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from crossreid.evaluation import positions
from crossreid.evaluation.answers import right_and_dropped
from crossreid.evaluation.positions import score_queries

ROW = np.array([5, 9, 5, 7, 1], dtype=np.int32)


def score(row, right, people=None, dropped=()):
    answers = [(np.array(right), np.array(dropped, dtype=np.int64))]
    return score_queries(
        lambda start, stop: row[None].copy(), answers, query_count=1, at_a_time=1, unique_people=people
    )


def test_positions_by_hand():
    # In order: item 1 (9), 3 (7), 0 (5), 2 (5, the higher index), 4 (1).
    assert positions.positions(ROW, np.array([0, 2, 3])).tolist() == [2, 3, 4]


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=40), st.data())
def test_both_ways_of_counting_agree_with_a_sort(values, data):
    row = np.array(values, dtype=np.int32)
    right = np.array(sorted(data.draw(st.sets(st.integers(0, len(row) - 1), min_size=1))))
    order = np.lexsort((np.arange(len(row)), -row))
    expected = [place for place, item in enumerate(order, 1) if item in right]
    assert positions._one_by_one(row, right).tolist() == expected
    assert positions._all_together(row, right).tolist() == expected


def test_people_are_counted_once_and_unknown_ones_each():
    people = np.array([3, 8, 3, 8, 4])
    # Before person 3's first item stand both items of person 8: one person.
    assert score(ROW, [0, 2]).nearest.tolist() == [3]
    assert score(ROW, [0, 2], people).nearest.tolist() == [2]
    assert score(ROW, [0, 2], np.where(people == 8, -1, people)).nearest.tolist() == [3]
    # AP stays that of items.
    assert score(ROW, [0, 2], people).precisions.tolist() == [(1 / 3 + 2 / 4) / 2]


def test_a_tie_with_a_lower_index_counts_as_before():
    assert score(ROW, [2], np.array([3, 8, 4, 8, 5])).nearest.tolist() == [3]


def test_dropped_items_leave_the_row():
    assert score(ROW, [0, 2], dropped=[1, 3]).nearest.tolist() == [1]


def test_dropped_items_come_before_nothing_however_many_answers_there_are():
    # 70 answers are counted together: places 1 to 70, though one item more was dropped.
    row = np.arange(100, 0, -1, dtype=np.int32)
    scores = score_queries(
        lambda start, stop: row[None].copy(),
        [(np.arange(70), np.array([99]))],
        query_count=1,
        at_a_time=1,
    )
    assert (scores.nearest.tolist(), scores.precisions.tolist()) == ([1], [1])


def test_a_key_drops_the_person_s_items_or_everybody_s():
    people = np.array([1, 1, 2])
    keys = np.array(["a"]), np.array(["a", "b", "a"])
    ((right, dropped),) = right_and_dropped(np.array([1]), people, exclude=keys)
    assert (right.tolist(), dropped.tolist()) == ([1], [0])
    ((right, dropped),) = right_and_dropped(np.array([1]), people, exclude=keys, whoever=True)
    assert (right.tolist(), dropped.tolist()) == ([1], [0, 2])
    ((right, dropped),) = right_and_dropped(np.array([-1]), people, exclude=keys, whoever=True)
    assert (right.tolist(), dropped.tolist()) == ([], [0, 2])
