"""Where enrolled people are kept and searched, whatever holds them."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

import numpy as np

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import ConfigurationError, MissingDependencyError
from crossreid.core.modality import Modality
from crossreid.evaluation.calibration import Calibration
from crossreid.gallery.item import GalleryItem
from crossreid.gallery.records import (
    Batch,
    EncoderRecord,
    Enrolment,
    ErasureProof,
    IndexRecord,
    Statistics,
    Watchlist,
)
from crossreid.gallery.results import SearchResults
from crossreid.gallery.selection import Names, Selection, TimeRange

Group = Literal["person", "track"]
"""What a search gives one result of."""

Progress = Callable[[str, float | None], None]
"""Progress callback: the current step in words, and the completed share, None where it is unknown.

Raise an exception in it to abort."""


def unheard(step: str, share: float | None) -> None:
    """Ignore progress."""


@runtime_checkable
class GalleryWriter(Protocol):
    """The one writer of a gallery; what a call has returned from survives a crash."""

    def put(self, items: Sequence[GalleryItem], embeddings: Embeddings) -> None:
        """Enrol one picture a row; a picture whose path is already there is replaced."""
        ...

    def relabel(self, items: Sequence[GalleryItem]) -> None:
        """Replace what is known about enrolled pictures; their vectors stay."""
        ...

    def remove(self, paths: Collection[str]) -> None:
        """Forget pictures; unknown paths are ignored."""
        ...


@runtime_checkable
class Replacement(Protocol):
    """The vectors of a new encoder, on their way to replace those that are searched."""

    def pending(self, limit: int) -> tuple[GalleryItem, ...]:
        """Some items, at most so many, of which the new encoder has no vector yet."""
        ...

    def put(self, items: Sequence[GalleryItem], embeddings: Embeddings) -> None:
        """Add its vectors of items; items that have been erased meanwhile are passed over."""
        ...

    def finish(self) -> None:
        """Search by them from now on, and forget the old ones, with their index and calibrations, in one step.

        Raises:
            DataError: some items have no vector yet.
        """
        ...

    def abandon(self) -> None:
        """Forget the new ones."""
        ...


@runtime_checkable
class Gallery(Protocol):
    """Enrolled pictures that can be searched."""

    @property
    def uri(self) -> str:
        """Where it is kept."""
        ...

    @property
    def encoder(self) -> EncoderRecord | None:
        """The encoder that filled it; None before anything was enrolled."""
        ...

    def __len__(self) -> int:
        """How many pictures are enrolled."""
        ...

    def items(self) -> tuple[GalleryItem, ...]:
        """The enrolled pictures, in the order of `embeddings`."""
        ...

    def embeddings(self) -> Embeddings:
        """Their vectors, one unit-length row a picture."""
        ...

    def calibrations(self) -> tuple[Calibration, ...]:
        """What scores in this gallery mean: one for each encoder whose queries have been calibrated."""
        ...

    def calibrate(self, calibration: Calibration) -> None:
        """Keep a calibration; it replaces one of the same encoder of queries.

        Raises:
            DataError: nothing has been enrolled yet.
            FingerprintError: it is about the gallery of another encoder.
        """
        ...

    def search(
        self,
        query: np.ndarray | Embeddings,
        *,
        top: int = 10,
        camera: Names = None,
        person: Names = None,
        track: Names = None,
        modality: Modality | str | None = None,
        time_range: TimeRange | None = None,
        watchlist: Names = None,
        collection: Names = None,
        group: Group | None = None,
        fpir: float | None = None,
        exact: bool = False,
    ) -> SearchResults:
        """The most similar pictures, best first; ties keep the order of enrolment.

        Args:
            query: a vector [dim], or the embeddings of all evidence of one person, which are fused: with the weights
                of the calibration where there is one, else with equal ones.
            top: how many at most.
            camera: only pictures of this camera, or of these.
            person: only pictures of this person, or of these.
            track: only pictures of this track, or of these.
            modality: only pictures of this kind.
            time_range: only pictures taken from the first time to the second, both included; None leaves a side
                open. Pictures of unknown time are left out.
            watchlist: only pictures of people and tracks on this watchlist, or on one of these.
            collection: only pictures of this collection, or of these.
            group: give the best picture of each person, or of each track, only; one without that label stands for
                itself.
            fpir: give only what reaches the calibrated threshold at which this share of searches for people who are
                not in the gallery would find somebody, with probabilities; nothing at all is then an answer too.
            exact: look at everything, even where there is an index.

        Raises:
            ConfigurationError: the false-positive rate is not above 0 and below 1.
            DataError: the query is not a finite vector of the gallery's width, or the gallery is empty, or it is not
                calibrated for such a search.
            FingerprintError: the embeddings come from an encoder that neither filled the gallery nor declares
                the same space, or the gallery is calibrated for others.
        """
        ...

    def writing(
        self, encoder: EncoderRecord, *, rebuild: bool = False
    ) -> AbstractContextManager[GalleryWriter]:
        """Become its writer; `rebuild` forgets all that is there once the first new pictures arrive.

        Raises:
            DataError: another process is writing, or the place cannot be written.
            FingerprintError: the gallery was filled by another encoder.
        """
        ...

    def enrol(
        self,
        items: Sequence[GalleryItem],
        embeddings: Embeddings,
        *,
        crops: Mapping[str, bytes] | None = None,
        source: str = "",
    ) -> Enrolment:
        """Take items that are not there yet, all in one step; what is known stays as it is.

        What it has returned from survives a crash, and may be sent again at any time.

        Args:
            items: with different keys.
            embeddings: one row an item.
            crops: their pictures, by key: kept as they are.
            source: from which the encoder can be loaded, for the first ones of a gallery.

        Raises:
            DataError: the items, vectors and crops do not fit each other, or nothing can be written.
            FingerprintError: the gallery was filled by another encoder.
        """
        ...

    def item(self, key: str) -> GalleryItem | None:
        """What is known of an item; None where there is none of that key."""
        ...

    def crop(self, key: str) -> bytes | None:
        """The picture of an item, as it was given; None where there is none."""
        ...

    def batches(self, rows: int = 4096) -> Iterator[Batch]:
        """Everything, at most so many items at a time, in the order of enrolment."""
        ...

    def erase(self, *selections: Selection, reference: str = "") -> ErasureProof:
        """Forget items: vectors, crops, places on watchlists, in one step.

        An item goes when it satisfies all conditions of one selection. Its key is not taken again by `enrol`.

        Args:
            selections: with at least one condition each.
            reference: of the request, to be found in the proof.

        Raises:
            DataError: there is no condition.
        """
        ...

    def erasures(self) -> tuple[ErasureProof, ...]:
        """The proofs of all erasures, oldest first."""
        ...

    def retain(self, collection: str, keep: timedelta | None) -> None:
        """Keep the items of a collection so long from their enrolment on; None keeps them for ever.

        Raises:
            DataError: the time is not above 0.
        """
        ...

    def retentions(self) -> Mapping[str, timedelta]:
        """How long the items of each collection are kept, where that was said."""
        ...

    def expire(self, now: datetime | None = None) -> ErasureProof | None:
        """Erase what has been kept long enough at a time, now by default; None where that is nothing."""
        ...

    def watch(self, name: str, *, people: Collection[str] = (), tracks: Collection[str] = ()) -> None:
        """Put people and tracks on a watchlist, which is made where there is none of that name.

        Raises:
            DataError: a name or label is empty.
        """
        ...

    def unwatch(self, name: str, *, people: Collection[str] = (), tracks: Collection[str] = ()) -> None:
        """Take people and tracks from a watchlist; who is not on it is passed over."""
        ...

    def remove_watchlist(self, name: str) -> None:
        """Forget a watchlist, if there is one of that name."""
        ...

    def watchlists(self) -> tuple[Watchlist, ...]:
        """All of them, by name."""
        ...

    def statistics(self) -> Statistics:
        """The gallery in numbers."""
        ...

    @property
    def index(self) -> IndexRecord | None:
        """The index that searches go through; None where they look at everything."""
        ...

    def build_index(
        self, target_recall: float = 0.99, *, seed: int = 0, progress: Progress = unheard
    ) -> IndexRecord:
        """Make searches quick: choose width and candidates, build, and measure the recall against exact searches.

        Items that come later are indexed too. An index that misses its target is thrown away; the record tells.

        Args:
            target_recall: of the ten nearest, above 0 and below 1.
            seed: of the sample.
            progress: what it raises ends the building; the gallery has the index of before then, or none.

        Raises:
            ConfigurationError: no such recall.
            DataError: there are too few vectors for an index to make sense.
        """
        ...

    def replacement(self, encoder: EncoderRecord) -> Replacement:
        """Begin to replace the encoder, or go on with it where it was begun.

        Searches and enrolments go on with the old one until it is finished.

        Raises:
            DataError: nothing has been enrolled yet.
            FingerprintError: it is the gallery's encoder already, or a replacement by a third one has been begun.
        """
        ...


def open_gallery(uri: str | Path) -> Gallery:
    """Open a gallery, or name the place of a new one.

    Args:
        uri: a folder, or `postgresql://user:password@host/database?tenant=...&gallery=...`, both "default" when left
            out. In a folder nothing is created until something is enrolled; a database is given its tables at once.

    Raises:
        ConfigurationError: the address is of a kind that this version does not know.
        DataError: there is something else in that place, or no database.
        MissingDependencyError: a database, without the extra `scale`.
    """
    from crossreid.gallery.folder import FolderGallery

    scheme, separator, _ = str(uri).partition("://")
    if not separator:
        return FolderGallery(Path(uri))
    if scheme not in ("postgresql", "postgres"):
        raise ConfigurationError(
            f"the gallery address {uri}",
            expected="a folder, or postgresql://host/database",
            remedy="give the path of a folder",
        )
    try:
        from crossreid.gallery.postgres.address import open_address
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            f"{error.name} is not installed",
            expected="the extra scale",
            remedy="pip install 'crossreid[scale]'",
        ) from error
    return open_address(str(uri))
