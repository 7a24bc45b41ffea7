"""Boxes of successive frames -> tracks: by the labels that the boxes bring, else by how people move."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from crossreid.edge.detection import Detections
from crossreid.edge.motion import Motion, TrackingRules


@dataclass(slots=True)
class OpenTrack:
    """A person who may be seen again.

    Args:
        number: of the track, from 1.
        last_frame: that it was seen in.
        label: that the boxes themselves gave it; "" where motion alone tells.
    """

    number: int
    last_frame: int
    label: str = ""


class Tracker:
    """Follows people; its state can be written down and read again.

    Args:
        rules: of those who bring no labels, and of patience.
        state: of an earlier one, to go on from.

    Raises:
        MissingDependencyError: the library that follows people is not installed.
    """

    def __init__(self, rules: TrackingRules, state: Mapping[str, Any] | None = None) -> None:
        self._rules, known = rules, state or {"next_number": 1, "tracks": [], "motion": None}
        self._motion = Motion(rules, known["motion"])
        self._next_number: int = known["next_number"]
        self._open = {values["number"]: OpenTrack(**values) for values in known["tracks"]}

    def update(self, frame: int, detections: Detections) -> list[tuple[OpenTrack, int]]:
        """Take in the boxes of a frame.

        Args:
            frame: its number, above the last one's.
            detections: its boxes; those with labels follow their labels, the others where people move.

        Returns:
            Each track that was seen, with the row of its box. A track without a label begins when it is confirmed.
        """
        known = {track.label: track.number for track in self._open.values() if track.label}
        labelled = [row for row, label in enumerate(detections.labels) if label]
        seen: list[tuple[OpenTrack, int]] = []
        for row in labelled:
            label = detections.labels[row]
            number = known.pop(label, None) or self._new_number()
            seen.append((self._see(number, frame, label), row))
        free = np.setdiff1d(np.arange(len(detections)), labelled)
        followed = self._motion.follow(
            frame, detections.boxes[free], detections.scores[free], self._new_number
        )
        return seen + [(self._see(number, frame), int(free[row])) for number, row in followed]

    def end_unseen(self, frame: int) -> list[OpenTrack]:
        """Close and return the tracks that have been out of sight for longer than the rules' patience."""
        return self._end([t for t in self._open.values() if frame - t.last_frame > self._rules.patience])

    def end_all(self) -> list[OpenTrack]:
        """Close and return all tracks; nobody is expected back, those who were not confirmed neither."""
        ended = self._end(list(self._open.values()))
        self._motion = Motion(self._rules)
        return ended

    def state(self) -> dict[str, Any]:
        """Everything but the rules, as JSON holds it."""
        return {
            "next_number": self._next_number,
            "tracks": [asdict(track) for track in self._open.values()],
            "motion": self._motion.state(),
        }

    def _new_number(self) -> int:
        self._next_number += 1
        return self._next_number - 1

    def _see(self, number: int, frame: int, label: str = "") -> OpenTrack:
        track = self._open.setdefault(number, OpenTrack(number, frame, label))
        track.last_frame = frame
        return track

    def _end(self, tracks: list[OpenTrack]) -> list[OpenTrack]:
        for track in tracks:
            del self._open[track.number]
        self._motion.forget({track.number for track in tracks})
        return tracks
