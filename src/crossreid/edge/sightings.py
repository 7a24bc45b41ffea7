"""Open tracks and their best crops -> one vector a person."""

import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import numpy as np
from PIL import Image

from crossreid.core.embeddings import Embeddings
from crossreid.core.modality import Modality
from crossreid.core.track import Track, write_track
from crossreid.edge.spool import Spool, StoredCrop
from crossreid.edge.tracking import OpenTrack
from crossreid.evaluation.fusion import fuse

_FACT = "sightings"
_CLEARLY_BETTER = 1.25
_LEAST_QUALITY = 1e-4
_JPEG_QUALITY = 85


@dataclass(frozen=True, slots=True)
class CropRules:
    """Which crops of a track are embedded.

    Args:
        most: crops that a track keeps.
        spacing: frames between two of them, until there are so many; then a clearly better one takes the worst's place.
        longest: frames after which a track is sent, and goes on as a new part.
        send_crops: whether the best crop travels with the vector.
    """

    most: int = 4
    spacing: int = 5
    longest: int = 1500
    send_crops: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """A picture of a person, cut out of a frame.

    Args:
        track: its number.
        frame: number of the frame.
        image: uint8 [height, width, 3].
        modality: rgb or ir.
        quality: above 0, at most 1.
        box: left, top, right, bottom in the frame.
    """

    track: int
    frame: int
    image: np.ndarray
    modality: Modality
    quality: float
    box: tuple[float, float, float, float]


@dataclass(slots=True)
class _Sighting:
    """An open track's part: its number from 0, first and last time, and how many frames it has."""

    part: int
    start: str
    end: str
    frames: int


@dataclass(frozen=True, slots=True)
class _Kept:
    """A crop in the spool."""

    number: int
    quality: float
    frame: int


class Sightings:
    """What is known of each open track. All that changes is written into the spool, within its transaction.

    Args:
        spool: whose open tracks are taken up again.
        rules: of crops.
        camera: label of the camera.
    """

    def __init__(self, spool: Spool, rules: CropRules, *, camera: str) -> None:
        self._spool, self._rules, self._camera = spool, rules, camera
        stored = spool.fact(_FACT) or {}
        self._open = {int(track): _Sighting(**values) for track, values in stored.items()}
        self._kept = {
            track: [
                _Kept(number, facts["quality"], facts["frame"]) for number, facts, _, _ in spool.crops(track)
            ]
            for track in self._open
        }

    def wants(self, track: int, *, frame: int, quality: float) -> bool:
        """Whether a crop of this quality is worth embedding."""
        kept = self._kept.get(track, [])
        if len(kept) >= self._rules.most:
            return quality > _CLEARLY_BETTER * min(crop.quality for crop in kept)
        return quality > 0 and all(frame - crop.frame >= self._rules.spacing for crop in kept)

    def see(
        self,
        tracks: Sequence[OpenTrack],
        when: datetime,
        crops: Sequence[Crop],
        embeddings: Embeddings | None,
    ) -> None:
        """Take in a frame: who was in it, and the vectors of the crops that were embedded.

        Args:
            tracks: those that were seen.
            when: the frame was taken.
            crops: that `wants` asked for.
            embeddings: a row a crop.
        """
        for track in tracks:
            sighting = self._open.setdefault(track.number, _Sighting(0, when.isoformat(), "", 0))
            sighting.end, sighting.frames = when.isoformat(), sighting.frames + 1
        for row, crop in enumerate(crops):
            assert embeddings is not None, "crops come with their vectors"
            self._keep(crop, embeddings.select([row]))
        for track in tracks:
            if self._open[track.number].frames >= self._rules.longest:
                self._finish(track.number, goes_on=when)

    def end(self, tracks: Sequence[OpenTrack]) -> None:
        """Finish tracks that are over."""
        for track in tracks:
            self._finish(track.number)

    def write(self) -> None:
        """Write down what is not in the spool yet."""
        self._spool.set_fact(_FACT, {track: asdict(sighting) for track, sighting in self._open.items()})

    def _keep(self, crop: Crop, embedding: Embeddings) -> None:
        facts = {
            "quality": crop.quality,
            "frame": crop.frame,
            "kind": [str(crop.modality), embedding.fingerprint, embedding.rotation],
            "box": crop.box,
        }
        number = self._spool.add_crop(
            crop.track,
            facts,
            embedding.vectors.astype("<f4").tobytes(),
            _jpeg(crop.image) if self._rules.send_crops else b"",
        )
        kept = self._kept.setdefault(crop.track, [])
        kept.append(_Kept(number, crop.quality, crop.frame))
        if len(kept) > self._rules.most:
            worst = min(kept, key=lambda crop: crop.quality)
            kept.remove(worst)
            self._spool.forget_crops([worst.number])

    def _finish(self, track: int, *, goes_on: datetime | None = None) -> None:
        sighting, rows = self._open.pop(track), self._spool.crops(track)
        if rows:
            self._put(f"{self._spool.name}-{track}-{sighting.part}", sighting, rows)
        elif sighting.part == 0:
            self._spool.count("short")
        self._spool.forget_crops([number for number, *_ in rows])
        self._kept.pop(track, None)
        if goes_on is not None:
            self._open[track] = _Sighting(sighting.part + 1, goes_on.isoformat(), goes_on.isoformat(), 0)

    def _put(self, key: str, sighting: _Sighting, rows: list[StoredCrop]) -> None:
        """Fuse the crops of the kind that shows most, weighted by their quality: light, encoder may have changed."""
        shown: dict[tuple[str, ...], float] = {}
        for _, facts, _, _ in rows:
            kind = tuple(facts["kind"])
            shown[kind] = shown.get(kind, 0.0) + facts["quality"]
        modality, fingerprint, rotation = kind = max(shown, key=lambda kind: shown[kind])
        rows = [row for row in rows if tuple(row[1]["kind"]) == kind]
        _, best, _, picture = max(rows, key=lambda row: row[1]["quality"])
        vectors = [np.frombuffer(vector, "<f4") for _, _, vector, _ in rows]
        left, top, right, bottom = best["box"]
        track = Track(
            key=key,
            camera=self._camera,
            modality=Modality(modality),
            start=datetime.fromisoformat(sighting.start),
            end=datetime.fromisoformat(sighting.end),
            frames=sighting.frames,
            crops=len(rows),
            quality=best["quality"],
            box=(left, top, right - left, bottom - top),
            vector=fuse(vectors, [max(facts["quality"], _LEAST_QUALITY) for _, facts, _, _ in rows]),
            picture=picture,
        )
        self._spool.put(key, write_track(track), fingerprint=fingerprint, rotation=rotation)


def _jpeg(image: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "JPEG", quality=_JPEG_QUALITY)
    return stream.getvalue()
