"""What is embedded and enrolled, and what is told of it."""

from datetime import datetime
from typing import Literal

from pydantic import ConfigDict, Field, model_validator

from crossreid.server.schemas.fields import Asked, Kind, Label, Name, Text, Time, Told, Visual


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
