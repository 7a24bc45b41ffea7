"""Cases, verdicts, and what verdicts are good for."""

from datetime import datetime
from typing import Literal

from crossreid.server.schemas.fields import Asked, ItemId, Label, Name, Note, Told, Uuid
from crossreid.server.schemas.items import Record


class CaseRequest(Asked):
    """A new case."""

    name: Name
    reference: Label = ""
    purpose: Label = ""
    note: Note = ""


class CaseChange(Asked):
    """What to change in a case."""

    name: Name | None = None
    note: Note | None = None
    closed: bool | None = None


class GivenVerdict(Told):
    """What somebody said of an item."""

    verdict: Literal["verified", "rejected"]
    by: str
    time: datetime


class Pin(Told):
    """An item in a case."""

    id: str
    item: Record
    search: str | None
    score: float | None
    note: str
    created: datetime
    by: str
    verdicts: list[GivenVerdict]
    state: str


class Case(Told):
    """What belongs together under one reference."""

    id: int
    name: str
    reference: str
    purpose: str
    note: str
    closed: bool
    created: datetime
    by: str
    pin_count: int
    pins: list[Pin]


class Cases(Told):
    """All cases, newest first; their pins are left out."""

    cases: list[Case]


class PinRequest(Asked):
    """An item to be pinned."""

    item: ItemId
    search: Uuid | None = None
    note: Note = ""


class VerdictRequest(Asked):
    """What you say of a result of a search."""

    search: Uuid
    item: ItemId
    verdict: Literal["verified", "rejected"]


class VerdictAnswer(Told):
    """What all together say now."""

    state: str
    person: str | None
    identity_hidden: bool


class VerdictCount(Told):
    """Verdicts on searches with one combination of evidence."""

    evidence: str
    verified: int
    rejected: int
    enough: bool


class VerdictCounts(Told):
    """For all combinations."""

    evidence: list[VerdictCount]
    needed: int


class RefitRequest(Asked):
    """Of which combination of evidence, such as `text` or `sketch+text`."""

    evidence: Name


class Refit(Told):
    """The curve P = 1 / (1 + exp(-(slope score + offset))) before the size of the gallery is taken into account."""

    evidence: str
    verified: int
    rejected: int
    slope: float
    offset: float
