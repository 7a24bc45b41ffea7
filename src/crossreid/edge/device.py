"""The loop of a device."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import numpy as np

from crossreid.core.embeddings import Embeddings
from crossreid.core.encoder import Encoder
from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.edge.boxes import covered
from crossreid.edge.detection import Detections, Detector
from crossreid.edge.frames import Frame, Source, is_grey
from crossreid.edge.meters import Meters
from crossreid.edge.motion import TrackingRules
from crossreid.edge.night import Night
from crossreid.edge.quality import crop_quality
from crossreid.edge.sightings import Crop, CropRules, Sightings
from crossreid.edge.spool import Spool
from crossreid.edge.tracking import OpenTrack, Tracker

_SOURCE, _TRACKER = "source", "tracker"
_WRITE_EVERY = 25
"""Frames without anybody between two notes of the position: they may be looked at twice, but nothing comes of it."""

_LEAST_SIDE = 8


@dataclass(frozen=True, slots=True)
class Settings:
    """Of a camera.

    Args:
        camera: its label.
        modality: rgb or ir; the hours of infrared; or None to tell by whether a frame is grey.
        crops: which are embedded.
        tracking: which boxes are one person's.
    """

    camera: str
    modality: Modality | Night | None = None
    crops: CropRules = field(default_factory=CropRules)
    tracking: TrackingRules = field(default_factory=TrackingRules)


@dataclass(frozen=True, slots=True)
class Summary:
    """Of one run: frames looked at and passed over, crops embedded, and seconds that it took."""

    frames: int
    passed_over: int
    embedded: int
    elapsed_s: float


class Device:
    """Looks at frames, and leaves finished tracks in the spool.

    Args:
        encoder: an edge pack, usually.
        detector: of people.
        spool: of this camera alone.
        settings: of the camera.
        meters: that it counts on; those of a live source are the same.
    """

    def __init__(
        self,
        encoder: Encoder,
        detector: Detector,
        spool: Spool,
        settings: Settings,
        *,
        meters: Meters | None = None,
    ) -> None:
        self._encoder, self._detector, self._spool, self._settings = encoder, detector, spool, settings
        self._tracker = Tracker(settings.tracking, spool.fact(_TRACKER))
        self._sightings = Sightings(spool, settings.crops, camera=settings.camera)
        self._meters = meters or Meters()

    def run(self, source: Source, name: str, *, start: datetime | None = None) -> Summary:
        """Look at a source to its end; what was looked at in an earlier run is not looked at again.

        Args:
            source: of frames.
            name: that the source is known by when the run is taken up again.
            start: time of a recording's first frame; when left out, that of the first run.

        Raises:
            DataError: the source or the spool cannot be read or written.
        """
        began, before = time.perf_counter(), replace(self._meters)
        first, start = self._take_up(source, name, start)
        for frame in source.frames(first, start):
            self._look(frame, name, start)
            first = frame.number + 1
        with self._spool.transaction():
            self._end_all()
            self._note(name, first, start)
        return Summary(
            frames=self._meters.frames - before.frames,
            passed_over=self._meters.passed_over - before.passed_over,
            embedded=self._meters.embedded - before.embedded,
            elapsed_s=time.perf_counter() - began,
        )

    def _take_up(self, source: Source, name: str, start: datetime | None) -> tuple[int, datetime]:
        known = self._spool.fact(_SOURCE)
        same = bool(known) and known["name"] == name
        first, begun = 0, start or datetime.now(UTC)
        if same:
            first, begun = known["next"], datetime.fromisoformat(known["start"])
        with self._spool.transaction():
            if source.live or not same:
                self._end_all()  # who is there now is somebody else, as far as can be known
            self._note(name, first, begun)
        return first, begun

    def _look(self, frame: Frame, name: str, start: datetime) -> None:
        began = time.perf_counter()
        found = self._detector.detect(frame)
        self._meters.detecting_s += time.perf_counter() - began
        self._meters.frames += 1
        self._meters.last_frame = frame.time
        seen = self._tracker.update(frame.number, found)
        crops = self._crops(frame, found, seen)
        embeddings = self._embed(crops) if crops else None
        ended = self._tracker.end_unseen(frame.number)
        if not seen and not ended and frame.number % _WRITE_EVERY:
            return
        with self._spool.transaction():
            self._sightings.see([track for track, _ in seen], frame.time, crops, embeddings)
            self._sightings.end(ended)
            self._note(name, frame.number + 1, start)

    def _crops(self, frame: Frame, found: Detections, seen: Sequence[tuple[OpenTrack, int]]) -> list[Crop]:
        modality, hidden, crops = self._modality(frame), covered(found.boxes), []
        for track, row in seen:
            left, top, right, bottom = map(float, found.boxes[row])
            image = _cut(frame.image, left, top, right, bottom)
            if min(image.shape[:2]) < _LEAST_SIDE:
                continue
            quality = crop_quality(
                image,
                found.boxes[row],
                frame_shape=frame.image.shape,
                score=float(found.scores[row]),
                hidden=float(hidden[row]),
            )
            if self._sightings.wants(track.number, frame=frame.number, quality=quality):
                box = (left, top, right, bottom)
                crops.append(Crop(track.number, frame.number, image, modality, quality, box))
        return crops

    def _modality(self, frame: Frame) -> Modality:
        match self._settings.modality:
            case Modality() as known:
                return known
            case Night() as night:
                return Modality.IR if night.covers(frame.time) else Modality.RGB
            case None:
                return Modality.IR if is_grey(frame.image) else Modality.RGB

    def _embed(self, crops: Sequence[Crop]) -> Embeddings:
        began = time.perf_counter()
        embeddings = self._encoder.encode([Sample(crop.modality, image=crop.image) for crop in crops])
        self._meters.embedding_s += time.perf_counter() - began
        self._meters.embedded += len(crops)
        return embeddings

    def _end_all(self) -> None:
        """Within a transaction: nobody is expected back."""
        self._sightings.end(self._tracker.end_all())

    def _note(self, name: str, following: int, start: datetime) -> None:
        """Within a transaction: where to go on."""
        self._sightings.write()
        self._spool.set_fact(_TRACKER, self._tracker.state())
        self._spool.set_fact(_SOURCE, {"name": name, "next": following, "start": start.isoformat()})


def _cut(image: np.ndarray, left: float, top: float, right: float, bottom: float) -> np.ndarray:
    height, width = image.shape[:2]
    columns = slice(max(0, round(left)), min(width, round(right)))
    rows = slice(max(0, round(top)), min(height, round(bottom)))
    return np.ascontiguousarray(image[rows, columns])
