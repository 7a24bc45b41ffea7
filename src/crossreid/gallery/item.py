"""What a gallery knows about a picture, and what a search says about it."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from crossreid.core.errors import DataError
from crossreid.core.modality import Modality


@dataclass(frozen=True, slots=True)
class GalleryItem:
    """One enrolled picture.

    Args:
        path: absolute; names the item within its gallery.
        root: the indexed folder or manifest that lists it, absolute.
        person: label of the person, "" when unknown.
        camera: label of the camera, "" when unknown.
        time: when it was taken, with a time zone; None when unknown.
        modality: rgb, ir or sketch.
        source: key of the RGB image that it was made from; "" when there is none.
        size_bytes: of the file.
        modified_ns: modification time of the file, nanoseconds since 1970.
        content_hash: of the file's bytes.

    Raises:
        DataError: the time has no zone, or the item is text.
    """

    path: str
    root: str
    person: str = ""
    camera: str = ""
    time: datetime | None = None
    modality: Modality = Modality.RGB
    source: str = ""
    size_bytes: int = 0
    modified_ns: int = 0
    content_hash: str = ""

    def __post_init__(self) -> None:
        if self.time is not None and self.time.tzinfo is None:
            raise DataError(f"{self.path}: the time {self.time} without a zone", expected="a time zone")
        if self.modality == Modality.TEXT:
            raise DataError(f"{self.path}: a text in a gallery", expected="pictures")


@dataclass(frozen=True, slots=True)
class SearchResult:
    """One answer to a search.

    Args:
        rank: from 1.
        score: cosine of query and picture, -1 to 1.
        path: of the picture.
        person: label, "" when unknown.
        camera: label, "" when unknown.
        time: when the picture was taken; None when unknown.
        modality: kind of the picture.
        source: key of the RGB image that it was made from; "" when there is none.
        probability: of being the person; None when the search set no false-positive rate.
    """

    rank: int
    score: float
    path: Path
    person: str
    camera: str
    time: datetime | None
    modality: Modality
    source: str
    probability: float | None = None
