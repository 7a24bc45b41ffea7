import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossreid.edge.detection import Detections
from crossreid.edge.motion import TrackingRules
from crossreid.edge.tracking import Tracker

AT_ONCE = TrackingRules(confirmed_after=2)


def boxes(*lefts: float, scores: Sequence[float] | None = None, labels: Sequence[str] = ()) -> Detections:
    """People of 10 x 20 pixels side by side."""
    rows = np.array([[left, 0.0, left + 10, 20.0] for left in lefts]).reshape(-1, 4)
    return Detections(rows, np.array(scores or [0.9] * len(lefts)), tuple(labels) or ("",) * len(lefts))


def numbers(seen: list) -> dict[int, int]:
    """Row -> number of the track."""
    return {row: track.number for track, row in seen}


def standing(*lefts: float, frames: int = 2, rules: TrackingRules = AT_ONCE) -> Tracker:
    """A tracker that has seen people stand in frames 0, 1, ..."""
    tracker = Tracker(rules)
    for frame in range(frames):
        tracker.update(frame, boxes(*lefts))
    return tracker


def test_a_track_begins_when_it_was_seen_often_enough() -> None:
    tracker = Tracker(TrackingRules(confirmed_after=3))
    seen = [numbers(tracker.update(frame, boxes(0, 100))) for frame in range(4)]
    assert seen == [{}, {}, {0: 1, 1: 2}, {0: 1, 1: 2}]
    seen = [numbers(tracker.update(4 + frame, found)) for frame, found in enumerate([boxes(50), boxes()] * 3)]
    assert seen == [{}] * 6


def test_people_keep_their_numbers_while_they_walk() -> None:
    tracker = standing(0, 100)
    for frame in range(2, 20):  # towards each other, and listed the other way round
        assert numbers(tracker.update(frame, boxes(100 - 2 * frame, 2 * frame))) == {0: 2, 1: 1}


@pytest.mark.parametrize("passed_over", [False, True])
def test_motion_carries_a_person_over_a_gap(passed_over: bool) -> None:
    tracker = Tracker(AT_ONCE)
    for frame in range(10):
        tracker.update(frame, boxes(5 * frame))
    for frame in range(10, 15):
        if not passed_over:  # nobody was found in these frames; or else nobody looked at them
            assert tracker.update(frame, boxes()) == []
    # From 45 to 75: three times the width of the box.
    assert numbers(tracker.update(15, boxes(75))) == {0: 1}


def test_a_doubtful_box_goes_on_with_a_track_but_begins_none() -> None:
    tracker = standing(0)
    for frame in range(2, 5):
        assert numbers(tracker.update(frame, boxes(0, 50, scores=[0.2, 0.2]))) == {0: 1}
    assert tracker.update(5, boxes(0, scores=[0.05])) == []


def test_a_sure_box_is_served_before_a_doubtful_one() -> None:
    assert numbers(standing(0).update(2, boxes(0, 4, scores=[0.3, 0.9]))) == {1: 1}


def test_a_box_far_from_where_somebody_is_expected_is_somebody_else() -> None:
    tracker = standing(0)
    # 8 of its 10 pixels aside: they share 2 of 18.
    assert numbers(tracker.update(2, boxes(8))) == {}
    assert numbers(tracker.update(3, boxes(8))) == {0: 2}


def test_tracks_end_when_they_were_out_of_sight_for_too_long() -> None:
    tracker = standing(0, rules=TrackingRules(patience=3, confirmed_after=2))
    for frame in (2, 3, 4):
        tracker.update(frame, boxes())
        assert tracker.end_unseen(frame) == []
    tracker.update(5, boxes())
    assert [track.number for track in tracker.end_unseen(5)] == [1]
    assert numbers(tracker.update(6, boxes(0))) == {}
    assert numbers(tracker.update(7, boxes(0))) == {0: 2}


def test_after_an_end_nobody_is_expected_back() -> None:
    tracker = standing(0)
    assert [track.number for track in tracker.end_all()] == [1]
    assert tracker.end_all() == []
    assert numbers(tracker.update(2, boxes(0))) == {}
    assert numbers(tracker.update(3, boxes(0))) == {0: 2}


def test_labels_decide_where_there_are_any() -> None:
    tracker = Tracker(AT_ONCE)
    assert numbers(tracker.update(0, boxes(0, 100, labels=["7", "8"]))) == {0: 1, 1: 2}
    assert numbers(tracker.update(1, boxes(0, 100, labels=["8", "7"]))) == {0: 2, 1: 1}
    assert numbers(tracker.update(2, boxes(0, labels=["9"]))) == {0: 3}


def test_labels_and_motion_share_their_numbers() -> None:
    tracker = Tracker(AT_ONCE)
    found = boxes(0, 100, labels=["", "7"])
    assert [numbers(tracker.update(frame, found)) for frame in range(3)] == [
        {1: 1},
        {1: 1, 0: 2},
        {1: 1, 0: 2},
    ]


def test_a_labelled_box_may_be_doubtful() -> None:
    tracker = Tracker(AT_ONCE)
    assert numbers(tracker.update(0, boxes(0, scores=[0.01], labels=["7"]))) == {0: 1}


@given(
    st.lists(st.lists(st.tuples(st.integers(0, 60), st.floats(0.05, 1)), max_size=4), min_size=2, max_size=8),
    st.integers(1, 7),
)
def test_a_tracker_that_was_written_down_goes_on_as_if_nothing_had_happened(
    frames: list[list[tuple[int, float]]], stop: int
) -> None:
    through, stopped = Tracker(AT_ONCE), Tracker(AT_ONCE)
    for number, people in enumerate(frames):
        if number == stop:
            stopped = Tracker(AT_ONCE, json.loads(json.dumps(stopped.state())))
        found = boxes(*(left for left, _ in people), scores=[score for _, score in people])
        assert numbers(through.update(number, found)) == numbers(stopped.update(number, found))
    assert through.state() == stopped.state()


def test_in_a_crowd_few_people_are_taken_for_others(crowd: Any) -> None:
    """Ten people a scene who cross, in boxes with errors: each should have one number, and keep it over a kill."""
    changed, given_to = 0, defaultdict(set)
    for seed in range(4):
        tracker, last = Tracker(TrackingRules()), {}
        for frame, found, owners in crowd.frames(seed):
            if frame % 10 == 5:
                tracker = Tracker(TrackingRules(), json.loads(json.dumps(tracker.state())))
            for track, row in tracker.update(frame, found):
                person = owners[row]
                if person >= 0:
                    changed += last.setdefault(person, track.number) != track.number
                    last[person] = track.number
                    given_to[seed, person].add(track.number)
            tracker.end_unseen(frame)
    assert len(given_to) == 40
    assert changed <= 4
    assert sum(len(numbers) - 1 for numbers in given_to.values()) <= 4
