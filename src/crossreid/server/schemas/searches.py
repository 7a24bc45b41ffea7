"""Searches and their results."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from crossreid.server.schemas.fields import Asked, ItemId, Kind, Label, Name, Text, Time, Told, Visual
from crossreid.server.schemas.items import Record


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
