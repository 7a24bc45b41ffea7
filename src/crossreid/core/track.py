"""What an edge device tells the cloud about a person whom it has seen, and how that travels.

The contract: `POST /v1/tracks`, `Content-Type: application/json`, a body of `write_batch`; where the server asks for
it, `Authorization: Bearer <token>`.

- 200: a body of `write_reply`, with a verdict on each key. A key that the server has seen before is *known*: it was
  delivered twice, and the server keeps the first. So a device may send again whatever it is not sure of.
- 400: the body is no batch, and will never be one. 413: it is too large; send fewer tracks at a time.
- 401, 403, 409 (vectors of another space), 429 and 5xx: nothing was taken; try again later, after the seconds of
  `Retry-After` where it is given.
"""

import base64
import binascii
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from crossreid.core.errors import DataError
from crossreid.core.modality import VISUAL, Modality

PATH = "/v1/tracks"
MOST_TRACKS = 256
"""In one batch."""

_FORMAT = 1
_LONGEST_KEY = 200
_EXPECTED = "a batch of POST /v1/tracks"


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One person, followed through the pictures of one camera.

    Args:
        key: names the track wherever it is sent from and however often.
        camera: its label.
        modality: of the crops.
        start: time of the first picture, with a time zone.
        end: time of the last picture.
        frames: how many pictures the person was seen in.
        crops: how many of them the vector was made from.
        quality: of the best crop, 0 to 1.
        box: left, top, width and height of the best crop in its picture, in pixels.
        vector: float32 [dim], of unit length; it travels in half width.
        picture: the best crop as JPEG; empty unless the device was told to send it.

    Raises:
        DataError: a value is not what it should be.
    """

    key: str
    camera: str
    modality: Modality
    start: datetime
    end: datetime
    frames: int
    crops: int
    quality: float
    box: tuple[float, float, float, float]
    vector: np.ndarray
    picture: bytes = b""

    def __post_init__(self) -> None:
        wrong = [
            name
            for name, right in (
                ("key", 0 < len(self.key) <= _LONGEST_KEY and self.key.isprintable()),
                ("modality", self.modality in VISUAL),
                ("start", self.start.tzinfo is not None),
                ("end", self.end.tzinfo is not None and self.end >= self.start),
                ("frames", self.frames >= 1),
                ("crops", 1 <= self.crops <= self.frames),
                ("quality", 0 <= self.quality <= 1),
                ("box", all(map(math.isfinite, self.box))),
                ("vector", self.vector.ndim == 1 and bool(np.isfinite(self.vector).all())),
            )
            if not right
        ]
        if wrong:
            raise DataError(f"the {', '.join(wrong)} of the track {self.key[:40]!r}", expected=_EXPECTED)


@dataclass(frozen=True, slots=True)
class Batch:
    """Tracks of one encoder; `fingerprint` and `rotation` as in `Embeddings`."""

    fingerprint: str
    rotation: str
    tracks: tuple[Track, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server did with each key.

    Args:
        accepted: stored.
        known: stored before.
        refused: never to be stored, and why.
    """

    accepted: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)


def write_track(track: Track) -> bytes:
    """The JSON of a track, as `write_batch` joins it."""
    values = {
        "key": track.key,
        "camera": track.camera,
        "modality": str(track.modality),
        "start": track.start.isoformat(),
        "end": track.end.isoformat(),
        "frames": track.frames,
        "crops": track.crops,
        "quality": round(track.quality, 4),
        "box": [round(side, 1) for side in track.box],
        "vector": base64.b64encode(track.vector.astype("<f2").tobytes()).decode(),
    }
    if track.picture:
        values["picture"] = base64.b64encode(track.picture).decode()
    return json.dumps(values, separators=(",", ":")).encode()


def write_batch(tracks: Sequence[bytes], *, fingerprint: str, rotation: str = "") -> bytes:
    """The body of a request: tracks of `write_track`, all by one encoder."""
    head = {"version": _FORMAT, "fingerprint": fingerprint, "rotation": rotation}
    return json.dumps(head, separators=(",", ":"))[:-1].encode() + b',"tracks":[' + b",".join(tracks) + b"]}"


def read_batch(body: bytes) -> Batch:
    """What `write_batch` wrote; the body comes from outside and is believed in nothing.

    Raises:
        DataError: it is not such a body, or has more than `MOST_TRACKS`.
    """
    try:
        content = json.loads(body)
        if content["version"] != _FORMAT:
            raise DataError(f"a batch of version {content['version']!r}", expected=f"version {_FORMAT}")
        fingerprint, rotation, written = content["fingerprint"], content["rotation"], content["tracks"]
        if not (isinstance(fingerprint, str) and fingerprint and isinstance(rotation, str)):
            raise TypeError("fingerprint or rotation")
        if len(written) > MOST_TRACKS:
            raise DataError(f"{len(written)} tracks in a batch", expected=f"at most {MOST_TRACKS}")
        tracks = tuple(map(_read_track, written))
        if len({track.vector.shape for track in tracks}) > 1:
            raise DataError("vectors of several widths", expected="one width a batch")
        return Batch(fingerprint, rotation, tracks)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise DataError(f"a body that is no batch ({error!r})", expected=_EXPECTED) from error


def write_reply(reply: Reply) -> bytes:
    """The body of the answer to a batch."""
    values = {"accepted": reply.accepted, "known": reply.known, "refused": dict(reply.refused)}
    return json.dumps(values, separators=(",", ":")).encode()


def read_reply(body: bytes) -> Reply:
    """What `write_reply` wrote.

    Raises:
        DataError: it is something else: a proxy's page, say.
    """
    try:
        content = json.loads(body)
        refused = {str(key): str(reason) for key, reason in content["refused"].items()}
        return Reply(tuple(map(str, content["accepted"])), tuple(map(str, content["known"])), refused)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DataError(
            f"an answer that is not of POST {PATH} ({error!r})", expected="verdicts on the keys"
        ) from error


def _read_track(values: dict[str, Any]) -> Track:
    left, top, width, height = map(float, values["box"])
    if not (isinstance(values["key"], str) and isinstance(values["camera"], str)):
        raise TypeError("key or camera")
    return Track(
        key=values["key"],
        camera=values["camera"],
        modality=Modality(values["modality"]),
        start=datetime.fromisoformat(values["start"]),
        end=datetime.fromisoformat(values["end"]),
        frames=int(values["frames"]),
        crops=int(values["crops"]),
        quality=float(values["quality"]),
        box=(left, top, width, height),
        vector=np.frombuffer(_binary(values["vector"]), "<f2").astype(np.float32),
        picture=_binary(values.get("picture", "")),
    )


def _binary(written: str) -> bytes:
    try:
        return base64.b64decode(written, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
