"""At which places of the ranked gallery the right answers stand, counted without sorting the gallery."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from crossreid.evaluation.cosines import DROPPED, Rows

# So many passes over a row cost about as much as sorting each item of the row between the right answers.
_FEW = 64

Ranked = tuple[int, int, np.ndarray]
"""A query, the position of its first right answer, and the ascending positions of all, from 1."""


@dataclass(frozen=True, eq=False)
class QueryScores:
    """What each query that has a right answer in its gallery came to.

    Args:
        rows: int64 [n]: which queries these are.
        nearest: int64 [n]: 1-based position of the first right answer.
        precisions: float64 [n]: AP = (1/R) sum_j j / p_j for right answers at the positions p_1 < ... < p_R.
        penalties: float64 [n]: INP = R / p_R.
    """

    rows: np.ndarray
    nearest: np.ndarray
    precisions: np.ndarray
    penalties: np.ndarray


def score_queries(
    similarities: Rows,
    answers: Iterable[tuple[np.ndarray, np.ndarray]],
    *,
    query_count: int,
    at_a_time: int,
    unique_people: np.ndarray | None = None,
) -> QueryScores:
    """Rank the gallery for each query by falling similarity; ties go to the lower gallery index.

    Args:
        similarities: int32 rows of some queries at a time.
        answers: of `right_and_dropped`, one a query.
        query_count: number of queries.
        at_a_time: how many of them to ask `similarities` for.
        unique_people: None, or the person ids [g]: the first right answer's position is then counted in people
            rather than in items (each known person once, each item of an unknown person on its own).
    """
    following = iter(answers)
    blocks = (
        ranked_rows(
            similarities(start, min(start + at_a_time, query_count)),
            following,
            start,
            unique_people=unique_people,
        )
        for start in range(0, query_count, at_a_time)
    )
    return tabulate(one for block in blocks for one in block)


def ranked_rows(
    rows: np.ndarray,
    answers: Iterable[tuple[np.ndarray, np.ndarray]],
    start: int,
    *,
    unique_people: np.ndarray | None = None,
) -> Iterator[Ranked]:
    """The queries among some that have a right answer.

    Args:
        rows: int32 [n, g], similarities of the queries from `start` on; what is dropped is overwritten.
        answers: of `right_and_dropped`; as many are taken as there are rows.
        start: number of the first query.
        unique_people: see `score_queries`.
    """
    for query, (row, (right, dropped)) in enumerate(zip(rows, answers, strict=False), start):
        if not right.size:
            continue
        row[dropped] = DROPPED
        places = positions(row, right)
        yield (
            query,
            int(places[0] if unique_people is None else _people_before(row, right, unique_people) + 1),
            places,
        )


def tabulate(ranked: Iterable[Ranked]) -> QueryScores:
    """AP and INP of each query, by the positions of its right answers."""
    scores = [
        (
            query,
            nearest,
            float((np.arange(1, len(places) + 1) / places).sum()) / len(places),
            len(places) / places[-1],
        )
        for query, nearest, places in ranked
    ]
    rows, nearest, precisions, penalties = zip(*scores, strict=True) if scores else ((), (), (), ())
    return QueryScores(
        np.array(rows, dtype=np.int64),
        np.array(nearest, dtype=np.int64),
        np.array(precisions, dtype=np.float64),
        np.array(penalties, dtype=np.float64),
    )


def positions(row: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The ascending 1-based positions of some items in a row ordered by falling value, then by rising index.

    Args:
        row: int32 [g].
        right: int [r], the items, ascending.
    """
    return _one_by_one(row, right) if len(right) <= _FEW else _all_together(row, right)


def _one_by_one(row: np.ndarray, right: np.ndarray) -> np.ndarray:
    places = [
        1 + np.count_nonzero(row > value) + np.count_nonzero(row[:index] == value)
        for index, value in zip(right.tolist(), row[right], strict=True)
    ]
    return np.sort(np.array(places, dtype=np.int64))


def _all_together(row: np.ndarray, right: np.ndarray) -> np.ndarray:
    # One integer that orders by falling value, then by rising index: no two items tie.
    places = -row.astype(np.int64) * 2**32 + np.arange(len(row))
    wanted = np.sort(places[right])
    right_before = np.searchsorted(wanted, places[places <= wanted[-1]])
    return np.cumsum(np.bincount(right_before, minlength=len(wanted)))


def _people_before(row: np.ndarray, right: np.ndarray, people: np.ndarray) -> int:
    """How many other people come before the first right answer."""
    best = row[right].max()
    index = right[row[right] == best][0]
    before = np.concatenate([people[row > best], people[:index][row[:index] == best]])
    known = before[before >= 0]
    return len(np.unique(known)) + len(before) - len(known)
