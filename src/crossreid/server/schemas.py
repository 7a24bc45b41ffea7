"""What travels: requests that are refused with the name of the field, and answers."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from crossreid.server.roles import Permission, Role


def _printable(text: str) -> str:
    if not all(letter.isprintable() for letter in text):
        raise ValueError("has characters that cannot be printed")
    return text


def _words(text: str) -> str:
    if any(not letter.isprintable() and letter not in "\n\t" for letter in text):
        raise ValueError("has characters that cannot be printed")
    return text


def _in_range(time: datetime) -> datetime:
    if not 1900 <= time.year <= 2200:
        raise ValueError("is not between 1900 and 2200")
    return time


Label = Annotated[str, StringConstraints(max_length=200), AfterValidator(_printable)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_printable)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=2000), AfterValidator(_words)]
Note = Annotated[str, StringConstraints(max_length=4000), AfterValidator(_words)]
ItemId = Annotated[str, StringConstraints(min_length=2, max_length=6000, pattern=r"^[A-Za-z0-9_-]+$")]
Uuid = Annotated[
    str, StringConstraints(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
]
Number = Annotated[int, Field(ge=1, le=2**62)]
Time = Annotated[AwareDatetime, AfterValidator(_in_range)]
Visual = Literal["rgb", "ir", "sketch"]
Kind = Literal["rgb", "ir", "sketch", "text"]
Finite = Annotated[float, Field(allow_inf_nan=False)]
TenantName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]


class Asked(BaseModel):
    """A request: unknown fields are refused, so that a misspelt one does not pass in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Told(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True)


class Error(Told):
    """Why something was refused."""

    code: str
    found: str
    expected: str
    remedy: str


class ErrorAnswer(Told):
    """The body of every 4xx and 5xx."""

    error: Error
    request_id: str


class Piece(Asked):
    """Something to be embedded."""

    modality: Kind
    text: Text | None = None
    picture: str | None = Field(None, description="JPEG, PNG, WebP or BMP in base64")
    shrink: bool = Field(False, description="Decode a large picture at a fraction of its size, as files are")

    @model_validator(mode="after")
    def _one(self) -> "Piece":
        if (self.text is None) == (self.picture is None):
            raise ValueError("needs one of text and picture")
        if (self.modality == "text") != (self.text is not None):
            raise ValueError("words are of the modality text, pictures of another")
        return self


class EmbedRequest(Asked):
    """Items to be embedded."""

    items: list[Piece] = Field(min_length=1)
    half: bool = Field(False, description="Answer in float16")

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"items": [{"modality": "text", "text": "a man in a red jacket"}]}]}
    )


class EmbedAnswer(Told):
    """Vectors, little-endian float32 (or float16) in base64, one an item."""

    fingerprint: str
    rotation: str
    dim: int
    vectors: list[str]


class NewItem(Asked):
    """Something to be enrolled: a picture, a vector, or both."""

    id: Name | None = Field(
        None, description="Own unique name; enrolled a second time it is known, and stays"
    )
    person: Label = ""
    track: Label = ""
    camera: Label = ""
    time: Time | None = None
    modality: Visual = "rgb"
    source: Label = ""
    collection: Label = ""
    picture: str | None = None
    vector: str | None = Field(None, description="Little-endian float32 in base64")
    keep_crop: bool = True

    @model_validator(mode="after")
    def _something(self) -> "NewItem":
        if self.picture is None and self.vector is None:
            raise ValueError("needs a picture, a vector or both")
        return self


class EnrolRequest(Asked):
    """Items to be enrolled: all of them, or none."""

    items: list[NewItem] = Field(min_length=1)
    fingerprint: str = Field("", max_length=200, description="Of the encoder of the vectors")
    rotation: str = Field("", max_length=200)

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {"id": "door-7/1", "person": "ann", "camera": "door-7", "time": "2026-03-01T12:00:00Z",
                         "modality": "rgb", "picture": "<base64>"}
                    ]
                }
            ]
        }
    )  # fmt: skip


class Enrolled(Told):
    """What became of one item; `erased`: it was erased on request before, and is not taken again."""

    id: str
    name: str
    status: Literal["enrolled", "known", "erased"]


class EnrolAnswer(Told):
    """One line an item, in order."""

    items: list[Enrolled]


class Record(Told):
    """What is known of an item."""

    id: str
    person: str | None
    identity_hidden: bool = False
    track: str
    camera: str
    time: datetime | None
    modality: str
    source: str
    collection: str
    crop: bool


class Page(Told):
    """Some items, and where to go on."""

    items: list[Record]
    cursor: str | None


class Evidence(Asked):
    """One piece of what is searched with: words, a picture, a vector, or an enrolled item."""

    modality: Kind | None = None
    text: Text | None = None
    picture: str | None = None
    vector: str | None = None
    fingerprint: str = Field("", max_length=200)
    rotation: str = Field("", max_length=200)
    item: ItemId | None = None
    weight: Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)] | None = None

    @model_validator(mode="after")
    def _one(self) -> "Evidence":
        given = [name for name in ("text", "picture", "vector", "item") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("needs one of text, picture, vector and item")
        if given != ["item"] and self.modality is None:
            raise ValueError("needs a modality")
        if given != ["item"] and given != ["vector"] and (self.modality == "text") != (given == ["text"]):
            raise ValueError("words are of the modality text, pictures of another")
        return self


class SearchRequest(Asked):
    """Whom to look for, why, and where."""

    purpose: Label = Field("", description="Why; required")
    reference: Label = Field("", description="Case or order number; required")
    evidence: list[Evidence] = Field(min_length=1)
    top: int = Field(20, ge=1)
    group_by: Literal["none", "person", "track"] = "none"
    cameras: list[Label] = Field(default=[], max_length=500)
    people: list[Label] = Field(default=[], max_length=500)
    watchlist: Name | None = None
    collection: Label | None = None
    modality: Visual | None = None
    after: Time | None = None
    before: Time | None = None
    fpir: Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)] | None = None
    explain: bool = False

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "purpose": "missing person",
                    "reference": "2026/117",
                    "evidence": [
                        {"modality": "text", "text": "a man in a red jacket with a backpack", "weight": 1.0}
                    ],
                    "top": 10,
                    "explain": True,
                }
            ]
        }
    )


class PhraseShare(Told):
    """What the cosine loses without a phrase."""

    evidence: int
    text: str
    start: int
    end: int
    contribution: float


class Group(Told):
    """The person or track that a result stands for, and how many items of it the gallery holds."""

    key: str
    items: int


class Found(Told):
    """One result."""

    rank: int
    score: float
    probability: float | None
    item: Record
    contributions: list[float]
    cosines: list[float]
    phrases: list[PhraseShare]
    group: Group | None


class SearchAnswer(Told):
    """What was found."""

    search: str
    matched: bool | None
    fpir: float | None
    threshold: float | None
    missed: float | None
    candidates: int
    elapsed_ms: float
    weights: list[float]
    results: list[Found]


class EraseRequest(Asked):
    """What to erase: items that meet all conditions, of which there must be one."""

    items: list[ItemId] | None = Field(None, min_length=1, max_length=10_000)
    person: Name | None = None
    track: Name | None = None
    camera: Name | None = None
    collection: Name | None = None
    after: Time | None = None
    before: Time | None = None
    reason: Name
    reference: Name
    dry_run: bool = False

    @model_validator(mode="after")
    def _condition(self) -> "EraseRequest":
        names = ("items", "person", "track", "camera", "collection", "after", "before")
        if all(getattr(self, name) is None for name in names):
            raise ValueError("needs a condition")
        return self


class Head(Told):
    """Where the audit log stands."""

    sequence: int
    hash: str


class EraseAnswer(Told):
    """What went, and the proof."""

    dry_run: bool
    items: int
    vectors: int
    crops: int
    memberships: int
    remaining: int
    digest: str
    proof: str | None
    audit: Head | None


class RetentionRule(Asked):
    """How many days the items of a collection are kept; null keeps them."""

    collection: Label = ""
    days: Annotated[float, Field(gt=0, le=36500, allow_inf_nan=False)] | None


class Retention(Told):
    """Days by collection."""

    collections: dict[str, float]


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


class WatchlistRequest(Asked):
    """A list of people and tracks."""

    name: Name
    people: list[Name] = Field(default=[], max_length=10_000)
    tracks: list[Name] = Field(default=[], max_length=10_000)


class Watchlist(Told):
    """As it is kept."""

    name: str
    people: list[str]
    tracks: list[str]


class Watchlists(Told):
    """All of them."""

    watchlists: list[Watchlist]


class KeyRequest(Asked):
    """A key for somebody, or something."""

    name: Name
    role: Role
    scopes: list[Permission] = Field(default=[], description="Nothing but these; empty: all of the role")
    cameras: list[Name] = Field(default=[], max_length=500, description="Tracks of these only; empty: of all")
    expires: Time | None = None

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "ann", "role": "operator"}]})


class ExchangeRequest(Asked):
    """Who is behind the one-time key."""

    name: Name
    role: Role = Role.ADMIN


class RotateRequest(Asked):
    """How long the old secret is still good."""

    overlap_s: int = Field(0, ge=0, le=7 * 86400)


class Key(Told):
    """What is known of a key; the key itself is told once."""

    id: str
    name: str
    role: str
    scopes: list[str]
    cameras: list[str]
    created: datetime
    expires: datetime | None
    revoked: datetime | None
    last_used: datetime | None


class FreshKey(Key):
    """A key that is told now, and never again."""

    key: str


class Keys(Told):
    """All keys of the tenant."""

    keys: list[Key]


class TenantRequest(Asked):
    """A new tenant."""

    name: TenantName


class Tenant(Told):
    """A tenant, and how its first admin gets in."""

    name: str
    one_time_key: str | None = None


class Tenants(Told):
    """All tenants."""

    tenants: list[Tenant]


class Me(Told):
    """Who is asking."""

    name: str
    tenant: str
    roles: list[str]
    permissions: list[str]
    one_time: bool
    two_person: bool
    keeps_crops: bool
    limits: dict[str, int]


class Job(Told):
    """Long work."""

    id: str
    kind: str
    state: Literal["waiting", "running", "done", "failed", "cancelled"]
    progress: float
    error: str
    result: dict[str, Any]
    created: datetime
    finished: datetime | None
    by: str


class Jobs(Told):
    """The latest hundred."""

    jobs: list[Job]


class AuditEntry(Told):
    """One line of the audit log; see docs/server.md for its hash."""

    sequence: int
    tenant: str
    at: str
    actor: str
    action: str
    gallery: str
    purpose: str
    reference: str
    content: dict[str, Any]
    previous: str
    hash: str


class AuditPage(Told):
    """Some entries, where to go on, and where the log stands."""

    entries: list[AuditEntry]
    next: int | None
    head: Head


class AuditVerdict(Told):
    """Whether the log is as it was written."""

    intact: bool
    entries: int
    head: str
    problem: str


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


class Health(Told):
    """The process lives."""

    status: Literal["ok"] = "ok"
    version: str


class Ready(Told):
    """Whether requests are taken, and if not, for lack of what."""

    ready: bool
    checks: dict[str, str]
