"""The scores of searches whose answer is known: of people who are in the gallery, and of people who are not."""

from dataclasses import dataclass

import numpy as np

from crossreid.core.embeddings import Embeddings
from crossreid.evaluation.answers import Keys, right_and_dropped
from crossreid.evaluation.cosines import DROPPED, STEPS, cosine_rows, queries_at_a_time
from crossreid.evaluation.nearest import nearest_items

SHOWN = 10
"""Candidates of a search that a person would look at."""


@dataclass(frozen=True, eq=False)
class SearchScores:
    """Cosines, float64.

    Args:
        mated: [m], of each search for somebody who is there: that of the person's best item.
        non_mated: [n], of each search for somebody who is not: that of the best item.
        right: [r], of the right ones among the first candidates of all searches.
        wrong: [w], of the others among them.
        candidates: gallery items that a search for somebody who is not there meets, on average.
    """

    mated: np.ndarray
    non_mated: np.ndarray
    right: np.ndarray
    wrong: np.ndarray
    candidates: float


def measure_searches(
    asking: Embeddings,
    gallery: Embeddings,
    *,
    exclude: Keys | None = None,
    whoever: bool = False,
    leave_out: bool = False,
) -> SearchScores:
    """Search with every query.

    A query whose person is in the gallery, but with dropped items only, is no search.

    Args:
        asking: the queries.
        gallery: what is searched.
        exclude: as for `right_and_dropped`.
        whoever: as for `right_and_dropped`.
        leave_out: search with each query of an enrolled person a second time, in the gallery without that person.
    """
    enrolled = np.isin(asking.person_ids, gallery.person_ids) & (asking.person_ids >= 0)
    answers = right_and_dropped(asking.person_ids, gallery.person_ids, exclude=exclude, whoever=whoever)
    similarities = cosine_rows(asking.vectors, gallery.vectors)
    found = _Found()
    size = queries_at_a_time(len(gallery), gallery.dim)
    for start in range(0, len(asking), size):
        for query, row in enumerate(similarities(start, min(start + size, len(asking))), start):
            right, dropped = next(answers)
            row[dropped] = DROPPED
            if right.size:
                found.search_for_somebody_there(row, right)
            if leave_out or not enrolled[query]:
                row[right] = DROPPED
                found.search_for_somebody_absent(row)
    return found.scores()


class _Found:
    """Collects what searches found, in steps of `STEPS`."""

    def __init__(self) -> None:
        self._mated: list[int] = []
        self._non_mated: list[int] = []
        self._right: list[np.ndarray] = []
        self._wrong: list[np.ndarray] = []
        self._met: list[int] = []

    def search_for_somebody_there(self, row: np.ndarray, right: np.ndarray) -> None:
        self._mated.append(int(row[right].max()))
        first = _first(row)
        correct = np.isin(first, right)
        self._right.append(row[first[correct]])
        self._wrong.append(row[first[~correct]])

    def search_for_somebody_absent(self, row: np.ndarray) -> None:
        first = _first(row)
        if first.size:
            self._non_mated.append(int(row[first[0]]))
            self._wrong.append(row[first])
            self._met.append(int(np.count_nonzero(row > DROPPED)))

    def scores(self) -> SearchScores:
        return SearchScores(
            mated=_cosines(np.array(self._mated)),
            non_mated=_cosines(np.array(self._non_mated)),
            right=_cosines(np.concatenate([*self._right, np.zeros(0)])),
            wrong=_cosines(np.concatenate([*self._wrong, np.zeros(0)])),
            candidates=float(np.mean(self._met)) if self._met else 0.0,
        )


def _first(row: np.ndarray) -> np.ndarray:
    first = nearest_items(row, SHOWN)
    return first[row[first] > DROPPED]


def _cosines(steps: np.ndarray) -> np.ndarray:
    return steps.astype(np.float64) / STEPS
