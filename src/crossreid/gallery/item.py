"""What a gallery knows about a picture, and what a search says about it."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from crossreid.core.errors import DataError
from crossreid.core.modality import Modality
from crossreid.core.track import Track


@dataclass(frozen=True, slots=True)
class GalleryItem:
    """One enrolled picture, or what stands for several: a track.

    Args:
        path: names the item within its gallery: its key. Absolute where it is a file's.
        root: the indexed folder or manifest that lists it, absolute; "" when it was not indexed.
        person: label of the person, "" when unknown.
        camera: label of the camera, "" when unknown.
        time: when it was taken, with a time zone; None when unknown.
        modality: rgb, ir or sketch.
        source: key of the RGB image that it was made from; "" when there is none.
        size_bytes: of the file.
        modified_ns: modification time of the file, nanoseconds since 1970.
        content_hash: of the file's bytes.
        track: label of the track, "" when there is none: pictures of somebody who may be nobody known.
        collection: what decides how long the item is kept.

    Raises:
        DataError: the time has no zone, the item is text, or it has no key.
    """

    path: str
    root: str = ""
    person: str = ""
    camera: str = ""
    time: datetime | None = None
    modality: Modality = Modality.RGB
    source: str = ""
    size_bytes: int = 0
    modified_ns: int = 0
    content_hash: str = ""
    track: str = ""
    collection: str = ""

    def __post_init__(self) -> None:
        if not self.path:
            raise DataError("an item without a key", expected="a path or another name")
        if self.time is not None and self.time.tzinfo is None:
            raise DataError(f"{self.path}: the time {self.time} without a zone", expected="a time zone")
        if self.modality == Modality.TEXT:
            raise DataError(f"{self.path}: a text in a gallery", expected="pictures")

    @property
    def key(self) -> str:
        """Its name within its gallery: `path`."""
        return self.path

    @classmethod
    def of_track(cls, track: Track, *, collection: str = "") -> "GalleryItem":
        """What a device has followed, at the time of its first picture."""
        return cls(
            path=track.key,
            camera=track.camera,
            time=track.start,
            modality=track.modality,
            track=track.key,
            collection=collection,
        )


@dataclass(frozen=True, slots=True, repr=False)
class SearchResult:
    """One answer to a search.

    Args:
        rank: from 1.
        score: cosine of query and picture, -1 to 1.
        path: of the picture, or the item's other key.
        person: label, "" when unknown.
        camera: label, "" when unknown.
        time: when the picture was taken; None when unknown.
        modality: kind of the picture.
        source: key of the RGB image that it was made from; "" when there is none.
        probability: of being the person; None when the search set no false-positive rate.
        track: label, "" when there is none.
        collection: of the item.
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
    track: str = ""
    collection: str = ""

    def __repr__(self) -> str:
        person = f", {self.person!r}" if self.person else ""
        return f"SearchResult({self.rank}: {self.key!r}, {self.score:.3f}{person})"

    @property
    def key(self) -> str:
        """The item's name within its gallery."""
        return str(self.path)

    @classmethod
    def of(cls, item: GalleryItem, *, rank: int, score: float, probability: float | None) -> "SearchResult":
        """What is known of an item, with its place in the answer."""
        return cls(
            rank=rank,
            score=score,
            path=Path(item.path),
            person=item.person,
            camera=item.camera,
            time=item.time,
            modality=item.modality,
            source=item.source,
            probability=probability,
            track=item.track,
            collection=item.collection,
        )
