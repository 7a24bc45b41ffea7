"""What is to go, and when."""

from typing import Annotated

from pydantic import Field, model_validator

from crossreid.server.schemas.fields import Asked, ItemId, Label, Name, Time, Told
from crossreid.server.schemas.records import Head


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
