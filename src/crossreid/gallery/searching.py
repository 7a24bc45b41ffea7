"""A search, but for what every home does in its own way: finding the nearest."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import DataError
from crossreid.core.modality import Modality
from crossreid.evaluation.calibration import Calibration
from crossreid.gallery.decision import decide
from crossreid.gallery.gallery import Group
from crossreid.gallery.item import GalleryItem, SearchResult
from crossreid.gallery.results import SearchResults
from crossreid.gallery.selection import Names, Selection, TimeRange

Answers = Iterable[tuple[GalleryItem, float, float | None]]
"""Items, best first, with their cosines, and with the probabilities of searches at a false-positive rate."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a search asks for, beside its query; see `Gallery.search`."""

    selection: Selection
    top: int
    group: Group | None
    fpir: float | None
    exact: bool


class Searching(ABC):
    """The call that all homes answer alike."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.uri!r})"

    @property
    @abstractmethod
    def uri(self) -> str:
        """Where it is kept, without a password."""

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
        """See `Gallery.search`."""
        if top < 1:
            raise DataError(f"the best {top} results", expected="at least 1")
        selection = Selection(
            people=person,
            tracks=track,
            cameras=camera,
            collections=collection,
            watchlists=watchlist,
            modality=modality,
            time_range=time_range,
        )
        answers = self._answers(query, Asked(selection, top, group, fpir, exact))
        return SearchResults(
            SearchResult.of(item, rank=rank, score=score, probability=probability)
            for rank, (item, score, probability) in enumerate(answers, start=1)
        )

    @abstractmethod
    def _answers(
        self,
        query: np.ndarray | Embeddings,
        asked: Asked,
    ) -> Answers: ...


def judge(
    calibration: Calibration | None,
    query: np.ndarray | Embeddings,
    *,
    fpir: float | None,
    candidates: Callable[[], Mapping[str, int]],
    scores: np.ndarray,
) -> tuple[int, Sequence[float | None]]:
    """`decide`, where the search asks for it: else all count, and nothing is known of their probabilities.

    Args:
        calibration: of the encoders of query and gallery; there where there is a rate.
        query: of the search.
        fpir: share of searches for people who are not there that may answer; None for a plain search.
        candidates: counts the pictures of each kind that were searched.
        scores: float [k], of the best, falling.
    """
    if fpir is None or calibration is None or not isinstance(query, Embeddings):
        return len(scores), [None] * len(scores)
    return decide(calibration, query, fpir=fpir, candidates=candidates(), scores=scores)
