"""Positions by cosine: counted in single precision, and decided in double where that is too coarse to tell."""

from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np

from crossreid.evaluation.arrays import Array, is_tensor
from crossreid.evaluation.cosines import (
    STEPS,
    Rows,
    cosine_rows,
    fits,
    gallery_at_a_time,
    lengths,
    queries_at_a_time,
    unit,
)
from crossreid.evaluation.positions import QueryScores, Ranked, ranked_rows, score_queries, tabulate

Answers = tuple[np.ndarray, np.ndarray]

_ROUNDING = 2.0**-24
_FEW = 64
_DROPPED_BIN = 0
"""Below all others."""


def score_cosines(
    queries: Array,
    gallery: Array,
    answers: Iterable[Answers],
    *,
    unique_people: np.ndarray | None = None,
) -> QueryScores:
    """Rank the gallery for each query by cosine: what `score_queries` makes of `cosine_rows`, sooner.

    A product of unit vectors in single precision is off by no more than (dim + 16) 2^-24, however it is summed
    (Higham, Accuracy and Stability of Numerical Algorithms, 2002, 3.1). Items that are farther than this from a right
    answer are above or below it for certain; the few others are compared in double precision.

    Args:
        queries: [q, dim], of any length; a vector of zeros has cosine 0 with everything.
        gallery: [g, dim].
        answers: of `right_and_dropped`, one a query.
        unique_people: see `score_queries`.
    """
    count, at_a_time = len(queries), queries_at_a_time(len(gallery), gallery.shape[1])
    exact = cosine_rows(queries, gallery)
    if unique_people is not None or is_tensor(queries) or is_tensor(gallery):
        return score_queries(
            exact, answers, query_count=count, at_a_time=at_a_time, unique_people=unique_people
        )
    screen, following = _Screen(queries, gallery), iter(answers)
    blocks = (
        screen.ranked(exact, start, list(islice(following, at_a_time)))
        for start in range(0, count, at_a_time)
    )
    return tabulate(one for block in blocks for one in block)


class _Screen:
    """Both sides, and how far a product in single precision may be off."""

    def __init__(self, queries: np.ndarray, gallery: np.ndarray) -> None:
        self.queries, self.gallery = queries, gallery
        self._lengths = np.concatenate([np.empty(0), *(lengths(piece) for _, piece in _pieces(gallery))])
        self._error = (gallery.shape[1] + 16) * _ROUNDING
        # Bins of cosines no narrower than twice the error: what is near a right answer lies in two of them.
        self._bins = int(1 / (2 * self._error)) - 1
        self._chosen = np.zeros(2 * self._bins + 3, dtype=bool)
        self._units = list(self._unit_pieces()) if fits(4 * gallery.size) else None

    def ranked(self, exact: Rows, start: int, answers: list[Answers]) -> Iterator[Ranked]:
        """Of some queries; all in double precision where nearly everything is alike."""
        stop = start + len(answers)
        scaled = unit(self.queries[start:stop])
        rows = self._products(scaled.astype(np.float32))
        scaled *= STEPS
        for place, (right, dropped) in enumerate(answers):
            if not right.size:
                continue
            places = self._positions(rows[place], scaled[place], right, dropped)
            if places is None:
                yield from ranked_rows(exact(start + place, stop), answers[place:], start + place)
                return
            yield start + place, int(places[0]), places

    def _products(self, units: np.ndarray) -> np.ndarray:
        """float32 [n, g]."""
        rows = np.empty((len(units), len(self.gallery)), dtype=np.float32)
        for begin, piece in self._units or self._unit_pieces():
            np.matmul(units, piece.T, out=rows[:, begin : begin + len(piece)])
        return rows

    def _unit_pieces(self) -> Iterator[tuple[int, np.ndarray]]:
        """float32 pieces of the gallery, and where they begin."""
        for begin, piece in _pieces(self.gallery):
            yield begin, unit(piece).astype(np.float32)

    def _positions(
        self, row: np.ndarray, query: np.ndarray, right: np.ndarray, dropped: np.ndarray
    ) -> np.ndarray | None:
        """Ascending 1-based positions of the right answers; None where too much is near one of them."""
        known = self._steps(query, right)
        middle = known / STEPS
        low, high = self._bin(middle - self._error), self._bin(middle + self._error)
        bins = self._bin(row)
        bins[dropped] = _DROPPED_BIN
        # How many items are in each bin or a lower one.
        below = np.bincount(bins, minlength=len(self._chosen)).cumsum()
        self._chosen[low] = self._chosen[high] = True
        near = np.flatnonzero(self._chosen.take(bins))
        self._chosen[low] = self._chosen[high] = False
        if len(near) > _FEW + len(row) // 4 or not fits(4 * len(near) * len(right)):
            return None
        steps = self._steps(query, near)
        before = (steps > known[:, None]) | ((steps == known[:, None]) & (near < right[:, None]))
        before &= bins[near] <= high[:, None]
        return np.sort(1 + len(row) - below[high] + np.count_nonzero(before, axis=1))

    def _bin(self, cosines: np.ndarray) -> np.ndarray:
        return ((cosines + 1) * self._bins).astype(np.intp) + (_DROPPED_BIN + 1)

    def _steps(self, query: np.ndarray, items: np.ndarray) -> np.ndarray:
        """As `cosine_rows` has them: float64 whole numbers."""
        return np.rint(self.gallery[items].astype(np.float64) @ query / self._lengths[items])


def _pieces(gallery: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    size = gallery_at_a_time(gallery.shape[1])
    for start in range(0, len(gallery), size):
        yield start, gallery[start : start + size]
