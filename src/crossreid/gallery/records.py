"""What a gallery answers when it is asked to do something other than search."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import DataError
from crossreid.core.wording import several
from crossreid.gallery.item import GalleryItem


@dataclass(frozen=True, slots=True)
class EncoderRecord:
    """The encoder that filled a gallery: its fingerprint, and the `source` from which it can be loaded again."""

    fingerprint: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What became of each key.

    Args:
        accepted: stored now.
        known: stored before, and left as it was.
        erased: erased before, and not taken again.
    """

    accepted: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    erased: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ErasureProof:
    """What was removed, without saying who it was.

    Args:
        id: of the erasure.
        at: when.
        reference: of the request, as it was given.
        items: how many were removed.
        vectors: how many, of all encoders.
        crops: how many.
        memberships: places on watchlists that were given up.
        digest: of the keys, by `digest_of`: whoever knows the keys can tell that it was these.
        remaining: rows and files of these keys, counted afterwards.
    """

    id: UUID
    at: datetime
    reference: str
    items: int
    vectors: int
    crops: int
    memberships: int
    digest: str
    remaining: int


@dataclass(frozen=True, slots=True)
class Watchlist:
    """A named list of people and tracks, each sorted."""

    name: str
    people: tuple[str, ...] = ()
    tracks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IndexRecord:
    """How a gallery is searched without looking at everything in full width.

    Args:
        width: principal coordinates that are looked at first, a multiple of 32.
        candidates: how many of the best by these are looked at again in full width.
        energy: share of the vectors' energy in these coordinates.
        target: the recall that was asked for.
        recall: share of the ten nearest that are found, measured against an exact search.
        sample: how many queries it was measured by.
        rows: how many vectors there were then.
        lists: of near vectors into which PostgreSQL puts them; 0 in a folder, which goes through all first coordinates.
        probes: how many lists a search opens, the nearest ones.
    """

    width: int
    candidates: int
    energy: float
    target: float
    recall: float
    sample: int
    rows: int
    lists: int = 0
    probes: int = 0

    @property
    def used(self) -> bool:
        """Whether searches go through it: one that misses its target is not kept, and searches stay exact."""
        return self.recall >= self.target


@dataclass(frozen=True, slots=True)
class Statistics:
    """A gallery in numbers.

    Args:
        items: enrolled.
        people: different labels of people.
        tracks: different labels of tracks.
        cameras: different labels of cameras.
        modalities: items of each kind.
        collections: items of each collection.
        first: earliest known time of an item.
        last: latest.
        crops: stored pictures.
        size_bytes: on the disk.
        encoder: whose vectors are searched.
        coming: the encoder that is to replace it.
        pending: items of which that one has no vector yet.
        index: by which searches go; None where they look at everything.
    """

    items: int
    people: int
    tracks: int
    cameras: int
    modalities: Mapping[str, int]
    collections: Mapping[str, int]
    first: datetime | None
    last: datetime | None
    crops: int
    size_bytes: int
    encoder: EncoderRecord | None
    coming: EncoderRecord | None
    pending: int
    index: IndexRecord | None


@dataclass(frozen=True, eq=False)
class Batch:
    """Some items with their vectors, one a row, and those crops that there are, by key."""

    items: tuple[GalleryItem, ...]
    embeddings: Embeddings
    crops: Mapping[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_fit(self.items, self.embeddings)
        foreign = self.crops.keys() - {item.key for item in self.items}
        if foreign:
            raise DataError(f"a crop of {min(foreign)!r}", expected="crops of these items only")


def check_fit(items: Iterable[GalleryItem], embeddings: Embeddings) -> None:
    """Refuse rows without items, or items without rows.

    Raises:
        DataError: there is not one vector an item.
    """
    count = len(list(items))
    if count != len(embeddings):
        raise DataError(
            f"{several(len(embeddings), 'vector')} for {several(count, 'picture')}", expected="one a picture"
        )


def key_hash(key: str) -> str:
    """SHA-256 of a key, in hexadecimal."""
    return hashlib.sha256(key.encode()).hexdigest()


def digest_of(keys: Iterable[str]) -> str:
    """SHA-256 over the sorted `key_hash` of some keys, in hexadecimal."""
    return hashlib.sha256("".join(sorted(map(key_hash, keys))).encode()).hexdigest()
