"""Boxes of successive frames -> which are one person's, by how people move: ByteTrack as the library `trackers` has it.

The state of a device has to survive a kill at any moment. What the library knows of a person are a few documented
numbers: the state of a Kalman filter, its covariance and two counts. They are written down with every frame, and a
follower made from them goes on as if nothing had happened.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from crossreid.core.errors import MissingDependencyError

if TYPE_CHECKING:
    from trackers.core.bytetrack.kalman_box_tracker import ByteTrackKalmanBoxTracker

_RATE = 30.0
"""At which the library counts its patience in frames."""


@dataclass(frozen=True, slots=True)
class TrackingRules:
    """When boxes are one person's.

    Args:
        sure: boxes of at least this score are matched first, and begin tracks.
        doubtful: boxes below this score are not looked at.
        least_overlap: that a box needs with where a person is expected.
        patience: frames that a track may be out of sight.
        confirmed_after: boxes in successive frames that make a track.
    """

    sure: float = 0.5
    doubtful: float = 0.1
    least_overlap: float = 0.2
    patience: int = 30
    confirmed_after: int = 3


class Motion:
    """Follows people from frame to frame (ByteTrack, Zhang et al., ECCV 2022).

    Args:
        rules: of association.
        state: of an earlier one, to go on from.

    Raises:
        MissingDependencyError: the library is not installed.
    """

    def __init__(self, rules: TrackingRules, state: Mapping[str, Any] | None = None) -> None:
        try:
            from trackers import ByteTrackTracker
        except ImportError as error:
            raise MissingDependencyError(
                f"trackers, which follows people, cannot be used ({error})",
                remedy="pip install 'crossreid[tracking]'",
            ) from error
        self._doubtful = rules.doubtful
        self._library = ByteTrackTracker(
            lost_track_buffer=rules.patience + 1,
            frame_rate=_RATE,
            track_activation_threshold=rules.sure,
            minimum_consecutive_frames=rules.confirmed_after,
            minimum_iou_threshold=rules.least_overlap,
            high_conf_det_threshold=rules.sure,
        )
        self._numbers: dict[int, int] = {}
        """The library's number, which counts over all followers of the process -> ours."""
        self._frame = -1
        if state is not None:
            self._frame = state["frame"]
            self._library.tracks = [self._read(values) for values in state["people"]]

    def follow(
        self, frame: int, boxes: np.ndarray, scores: np.ndarray, begin: Callable[[], int]
    ) -> list[tuple[int, int]]:
        """Take in the boxes of a frame.

        Args:
            frame: its number, above the last one's; people are taken to have moved on in the frames between.
            boxes: [n, 4].
            scores: [n].
            begin: gives the number of a new track.

        Returns:
            The number of each track that was seen, with the row of its box, by rows.
        """
        from supervision import Detections

        for person in self._library.tracks:
            for _ in range(frame - self._frame - 1):
                person.predict()
        self._frame = frame
        rows = np.flatnonzero(scores >= self._doubtful)
        found = Detections(boxes[rows].astype(np.float32), confidence=scores[rows], data={"row": rows})
        told = self._library.update(found)
        if not len(told) or told.tracker_id is None:
            return []
        seen = sorted(zip(map(int, told.data["row"]), map(int, told.tracker_id), strict=True))
        confirmed = [(row, own) for row, own in seen if own >= 0]
        for _, own in confirmed:
            if own not in self._numbers:
                self._numbers[own] = begin()
        return [(self._numbers[own], row) for row, own in confirmed]

    def forget(self, numbers: Collection[int]) -> None:
        """Expect nobody of these tracks any more."""
        self._numbers = {own: number for own, number in self._numbers.items() if number not in numbers}
        people = self._library.tracks
        self._library.tracks = [
            person for person in people if person.tracker_id < 0 or person.tracker_id in self._numbers
        ]

    def state(self) -> dict[str, Any]:
        """Everything but the rules, as JSON holds it."""
        people = [
            {
                "number": self._numbers.get(person.tracker_id),
                "state": person.state.ravel().tolist(),
                "covariance": person.P.tolist(),
                "seen": person.number_of_successful_updates,
                "unseen": person.time_since_update,
            }
            for person in self._library.tracks
        ]
        return {"frame": self._frame, "people": people}

    def _read(self, values: Mapping[str, Any]) -> "ByteTrackKalmanBoxTracker":
        from trackers.core.bytetrack.kalman_box_tracker import ByteTrackKalmanBoxTracker

        person = ByteTrackKalmanBoxTracker(np.zeros(4, np.float32))
        person.state = np.array(values["state"], np.float32)[:, None]
        person.P = np.array(values["covariance"], np.float32)
        person.number_of_successful_updates = values["seen"]
        person.time_since_update = values["unseen"]
        if values["number"] is not None:
            person.tracker_id = person.get_next_tracker_id()
            self._numbers[person.tracker_id] = values["number"]
        return person
