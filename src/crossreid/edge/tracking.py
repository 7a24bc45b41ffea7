"""Boxes of successive frames -> tracks.

Association in two rounds after ByteTrack (Zhang et al., ECCV 2022): sure boxes first, then the doubtful ones for the
tracks that are left. Motion is a smoothed constant velocity in place of its Kalman filter, so that the whole state is a
few numbers a track, which are written down with every frame.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from crossreid.edge.boxes import overlaps
from crossreid.edge.detection import Detections

Box = tuple[float, float, float, float]

_SMOOTHING = 0.3
"""Weight of the newest movement in the velocity."""


@dataclass(frozen=True, slots=True)
class TrackingRules:
    """When boxes are one person's.

    Args:
        sure: boxes of at least this score take part in the first round, and begin tracks.
        doubtful: boxes below this score are not looked at.
        first_overlap: that a box of the first round needs with where the track is expected.
        second_overlap: the same in the second round.
        patience: frames that a track may be out of sight.
        confirmed_after: frames that it must have been seen in.
    """

    sure: float = 0.5
    doubtful: float = 0.1
    first_overlap: float = 0.2
    second_overlap: float = 0.5
    patience: int = 30
    confirmed_after: int = 3


@dataclass(slots=True)
class OpenTrack:
    """A person who may be seen again.

    Args:
        number: of the track, from 1.
        box: where it was last seen.
        velocity: of the four sides, pixels a frame.
        last_frame: that it was seen in.
        seen: number of frames that it was seen in.
        label: that the boxes themselves gave it; "" where motion alone tells.
    """

    number: int
    box: Box
    velocity: Box
    last_frame: int
    seen: int
    label: str = ""

    def expected(self, frame: int) -> np.ndarray:
        """The box in a later frame, [4]."""
        return np.array(self.box) + np.array(self.velocity) * (frame - self.last_frame)

    def see(self, box: np.ndarray, frame: int) -> None:
        """Move it to where it is seen now."""
        step = (box - np.array(self.box)) / max(1, frame - self.last_frame)
        weight = _SMOOTHING if self.seen > 1 else 1.0
        left, top, right, bottom = weight * step + (1 - weight) * np.array(self.velocity)
        self.velocity = (float(left), float(top), float(right), float(bottom))
        left, top, right, bottom = map(float, box)
        self.box = (left, top, right, bottom)
        self.last_frame, self.seen = frame, self.seen + 1


@dataclass(slots=True)
class Tracker:
    """Follows people; its state can be written down and read again.

    Args:
        rules: of association.
        tracks: open ones, oldest first.
        next_number: of the next new track.
    """

    rules: TrackingRules = field(default_factory=TrackingRules)
    tracks: list[OpenTrack] = field(default_factory=list)
    next_number: int = 1

    def update(self, frame: int, detections: Detections) -> list[tuple[OpenTrack, int]]:
        """Take in the boxes of a frame.

        Args:
            frame: its number, above the last one's.
            detections: its boxes; those with labels follow their labels, the others where people move.

        Returns:
            Each track that was seen, with the row of its box.
        """
        labelled = [row for row, label in enumerate(detections.labels) if label]
        matched = self._by_label(detections, labelled)
        free = np.setdiff1d(np.arange(len(detections)), labelled)
        scores = detections.scores[free]
        sure = free[scores >= self.rules.sure]
        doubtful = free[(scores >= self.rules.doubtful) & (scores < self.rules.sure)]
        for rows, least in ((sure, self.rules.first_overlap), (doubtful, self.rules.second_overlap)):
            taken = {track.number for track, _ in matched}
            left = [track for track in self.tracks if not track.label and track.number not in taken]
            matched += _associate(left, detections.boxes, rows, frame, least)
        for track, row in matched:
            track.see(detections.boxes[row], frame)
        used = {row for _, row in matched}
        begun = [row for row in [*labelled, *sure.tolist()] if row not in used]
        return matched + [
            (self._begin(detections.boxes[row], frame, detections.labels[row]), row) for row in begun
        ]

    def end_unseen(self, frame: int, *, patience: int | None = None) -> list[OpenTrack]:
        """Close and return the tracks that have been out of sight for longer than the rules' patience, or this one."""
        longest = self.rules.patience if patience is None else patience
        ended = [track for track in self.tracks if frame - track.last_frame > longest]
        self.tracks = [track for track in self.tracks if frame - track.last_frame <= longest]
        return ended

    def state(self) -> dict[str, Any]:
        """Everything but the rules, as JSON holds it."""
        return {"next_number": self.next_number, "tracks": [asdict(track) for track in self.tracks]}

    @classmethod
    def resume(cls, rules: TrackingRules, state: dict[str, Any] | None) -> "Tracker":
        """The tracker that `state` was taken from."""
        if state is None:
            return cls(rules)
        tracks = [
            OpenTrack(**values | {name: tuple(values[name]) for name in ("box", "velocity")})
            for values in state["tracks"]
        ]
        return cls(rules, tracks, state["next_number"])

    def _by_label(self, detections: Detections, rows: Sequence[int]) -> list[tuple[OpenTrack, int]]:
        known = {track.label: track for track in self.tracks if track.label}
        return [(known.pop(detections.labels[row]), row) for row in rows if detections.labels[row] in known]

    def _begin(self, box: np.ndarray, frame: int, label: str) -> OpenTrack:
        left, top, right, bottom = map(float, box)
        track = OpenTrack(self.next_number, (left, top, right, bottom), (0.0, 0.0, 0.0, 0.0), frame, 1, label)
        self.next_number += 1
        self.tracks.append(track)
        return track


def _associate(
    tracks: Sequence[OpenTrack], boxes: np.ndarray, rows: np.ndarray, frame: int, least: float
) -> list[tuple[OpenTrack, int]]:
    """The pairs of largest summed overlap, without those of too little."""
    if not tracks or not len(rows):
        return []
    from scipy.optimize import linear_sum_assignment

    shared = overlaps(np.stack([track.expected(frame) for track in tracks]), boxes[rows])
    # A pair below the limit must not be bought with a good one.
    pairs = zip(*linear_sum_assignment(np.where(shared >= least, shared, -1), maximize=True), strict=True)
    return [(tracks[first], int(rows[second])) for first, second in pairs if shared[first, second] >= least]
