import json
from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from crossreid.edge.detection import Detections
from crossreid.edge.tracking import Tracker, TrackingRules


def boxes(*lefts: float, scores: Sequence[float] | None = None, labels: Sequence[str] = ()) -> Detections:
    """People of 10 x 20 pixels side by side."""
    rows = np.array([[left, 0.0, left + 10, 20.0] for left in lefts]).reshape(-1, 4)
    return Detections(rows, np.array(scores or [0.9] * len(lefts)), tuple(labels) or ("",) * len(lefts))


def numbers(seen: list) -> dict[int, int]:
    """Row -> number of the track."""
    return {row: track.number for track, row in seen}


def test_people_keep_their_numbers_while_they_walk() -> None:
    tracker = Tracker()
    assert numbers(tracker.update(0, boxes(0, 100))) == {0: 1, 1: 2}
    for frame in range(1, 20):  # towards each other, and listed the other way round
        assert numbers(tracker.update(frame, boxes(100 - 2 * frame, 2 * frame))) == {0: 2, 1: 1}


def test_motion_carries_a_person_over_a_gap() -> None:
    tracker = Tracker()
    for frame in range(5):
        tracker.update(frame, boxes(5 * frame))
    for frame in range(5, 10):
        assert tracker.update(frame, boxes()) == []
    # From 20 to 50: three times the width of the box.
    assert numbers(tracker.update(10, boxes(50))) == {0: 1}


def test_a_doubtful_box_goes_on_with_a_track_but_begins_none() -> None:
    tracker = Tracker()
    tracker.update(0, boxes(0))
    seen = tracker.update(1, boxes(1, 50, scores=[0.2, 0.2]))
    assert numbers(seen) == {0: 1}
    assert len(tracker.tracks) == 1
    assert tracker.update(2, boxes(1, scores=[0.05])) == []


def test_a_sure_box_is_served_before_a_doubtful_one() -> None:
    tracker = Tracker()
    tracker.update(0, boxes(0))
    assert numbers(tracker.update(1, boxes(0, 4, scores=[0.3, 0.9]))) == {1: 1}


def test_two_people_far_apart_are_not_swapped_to_save_a_third() -> None:
    tracker = Tracker()
    tracker.update(0, boxes(0, 8))
    # The first has left; the second has moved to where it overlaps the first's place more than its own.
    assert numbers(tracker.update(1, boxes(8, 200))) == {0: 2, 1: 3}


def test_tracks_end_when_they_were_out_of_sight_for_too_long() -> None:
    tracker = Tracker(TrackingRules(patience=3))
    tracker.update(0, boxes(0))
    assert tracker.end_unseen(3) == []
    assert [track.number for track in tracker.end_unseen(4)] == [1]
    assert numbers(tracker.update(4, boxes(0))) == {0: 2}


def test_labels_decide_where_there_are_any() -> None:
    tracker = Tracker()
    tracker.update(0, boxes(0, 100, labels=["7", "8"]))
    assert numbers(tracker.update(1, boxes(0, 100, labels=["8", "7"]))) == {0: 2, 1: 1}
    assert numbers(tracker.update(2, boxes(0, labels=["9"]))) == {0: 3}


def test_a_labelled_box_may_be_doubtful() -> None:
    tracker = Tracker()
    assert numbers(tracker.update(0, boxes(0, scores=[0.01], labels=["7"]))) == {0: 1}


@given(
    st.lists(st.lists(st.tuples(st.integers(0, 60), st.floats(0.05, 1)), max_size=4), min_size=2, max_size=8),
    st.integers(1, 7),
)
def test_a_tracker_that_was_written_down_goes_on_as_if_nothing_had_happened(
    frames: list[list[tuple[int, float]]], stop: int
) -> None:
    through, stopped = Tracker(), Tracker()
    for number, people in enumerate(frames):
        if number == stop:
            stopped = Tracker.resume(TrackingRules(), json.loads(json.dumps(stopped.state())))
        found = boxes(*(left for left, _ in people), scores=[score for _, score in people])
        assert numbers(through.update(number, found)) == numbers(stopped.update(number, found))
    assert through.state() == stopped.state()
