"""The server itself, its encoder, and what its gallery holds."""

from datetime import datetime
from typing import Literal

from crossreid.server.schemas.fields import Told


class EncoderInfo(Told):
    """The server's encoder."""

    source: str
    fingerprint: str
    rotation: str
    dim: int
    modalities: list[str]
    batch: int


class GalleryInfo(Told):
    """What the gallery was filled by."""

    fingerprint: str
    source: str
    items: int


class CalibrationInfo(Told):
    """Which searches have thresholds and probabilities."""

    query: str
    gallery: str
    people: int
    data: str
    evidence: list[str]


class Models(Told):
    """What this server embeds with."""

    encoder: EncoderInfo
    gallery: GalleryInfo | None
    protected: bool
    calibrations: list[CalibrationInfo]


class Count(Told):
    """How many items something has."""

    name: str
    items: int


class Statistics(Told):
    """What the gallery holds."""

    items: int
    people: int
    tracks: int
    crops: int
    cameras: list[Count]
    modalities: dict[str, int]
    collections: dict[str, int]
    first: datetime | None
    last: datetime | None


class Health(Told):
    """The process lives."""

    status: Literal["ok"] = "ok"
    version: str


class Ready(Told):
    """Whether requests are taken, and if not, for lack of what."""

    ready: bool
    checks: dict[str, str]
