"""Where enrolled people are kept and searched, whatever holds them."""

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import ConfigurationError
from crossreid.core.modality import Modality
from crossreid.evaluation.calibration import Calibration
from crossreid.gallery.item import GalleryItem, SearchResult


@dataclass(frozen=True, slots=True)
class EncoderRecord:
    """The encoder that filled a gallery: its fingerprint, and the `source` from which it can be loaded again."""

    fingerprint: str
    source: str = ""


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
        camera: str | Collection[str] | None = None,
        person: str | Collection[str] | None = None,
        modality: Modality | str | None = None,
        time_range: tuple[datetime | None, datetime | None] | None = None,
        fpir: float | None = None,
    ) -> tuple[SearchResult, ...]:
        """The most similar pictures, best first; ties keep the order of enrolment.

        Args:
            query: a vector [dim], or the embeddings of all evidence of one person, which are fused: with the weights
                of the calibration where there is one, else with equal ones.
            top: how many at most.
            camera: only pictures of this camera, or of these.
            person: only pictures of this person, or of these.
            modality: only pictures of this kind.
            time_range: only pictures taken from the first time to the second, both included; None leaves a side
                open. Pictures of unknown time are left out.
            fpir: give only what reaches the calibrated threshold at which this share of searches for people who are
                not in the gallery would find somebody, with probabilities; nothing at all is then an answer too.

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


def open_gallery(uri: str | Path) -> Gallery:
    """Open a gallery, or name the place of a new one.

    Args:
        uri: a folder. Nothing is created until something is enrolled.

    Raises:
        ConfigurationError: the address is of a kind that this version does not know.
        DataError: there is something else in that place.
    """
    from crossreid.gallery.folder import FolderGallery

    if "://" in str(uri):
        raise ConfigurationError(
            f"the gallery address {uri}",
            expected="a folder: databases are not part of this version",
            remedy="give the path of a folder",
        )
    return FolderGallery(Path(uri))
