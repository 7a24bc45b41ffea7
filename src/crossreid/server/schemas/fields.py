"""Kinds of fields, what requests and answers share, and the body of a refusal."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints


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
