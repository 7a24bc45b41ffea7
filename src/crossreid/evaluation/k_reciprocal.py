"""Re-ranking by shared neighbours: two items are near when each is among the other's nearest, and so are their kin."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from crossreid.evaluation.cosines import STEPS, Rows, cosine_rows, queries_at_a_time, unit
from crossreid.evaluation.nearest import nearest_items

Take = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, slots=True)
class _SparseRows:
    """Row i holds `values[starts[i]:starts[i + 1]]` in the columns of the same places; the rest is zero."""

    starts: np.ndarray
    columns: np.ndarray
    values: np.ndarray

    def row(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        place = slice(self.starts[index], self.starts[index + 1])
        return self.columns[place], self.values[place]

    @classmethod
    def pack(cls, rows: list[tuple[np.ndarray, np.ndarray]]) -> "_SparseRows":
        starts = np.cumsum([0, *(len(columns) for columns, _ in rows)])
        return cls(starts, np.concatenate([c for c, _ in rows]), np.concatenate([v for _, v in rows]))

    def columns_of(self, first_row: int, width: int) -> "_SparseRows":
        """The rows from `first_row` on, turned: row j holds who has something in column j, counted from there."""
        begin = self.starts[first_row]
        lengths = np.diff(self.starts[first_row:])
        owners = np.repeat(np.arange(len(lengths)), lengths)
        order = np.argsort(self.columns[begin:], kind="stable")
        starts = np.searchsorted(self.columns[begin:][order], np.arange(width + 1))
        return _SparseRows(starts, owners[order], self.values[begin:][order])


def k_reciprocal_rows(
    queries: np.ndarray,
    gallery: np.ndarray,
    *,
    nearest: int = 20,
    averaged: int = 6,
    share: float | int = 0.3,
) -> Rows:
    """Similarities by (1 - share) Jaccard distance of k-reciprocal neighbourhoods + share of the plain distance.

    Neighbours are searched among queries and gallery together. R(i, k) are the j with i and j among each
    other's k + 1 nearest (an item is its own nearest). R*(i) is R(i, k), widened by R(j, k/2) of each j in R(i, k)
    that lies in R(i, k) by more than two thirds. V_i = exp(-d_ij) on R*(i), scaled to sum 1, then averaged over
    the `averaged` nearest of i; Jaccard(i, g) = 1 - m / (2 - m) with m = sum_j min(V_ij, V_gj). d_ij is the squared
    distance of the unit vectors, divided by the largest of i. Items that a protocol drops from a query's ranking
    are neighbours all the same, as in the source.

    Needs some hundred numbers an item beyond the budget of a ranking, and time for queries plus gallery, squared.

    Args:
        queries: [q, dim], of any length.
        gallery: [g, dim].
        nearest: k, lowered where there are fewer items.
        averaged: neighbours in the average, the item itself included; 1 for none.
        share: of the plain distance, 0 to 1.

    Source: Zhong et al., Re-ranking Person Re-identification with k-reciprocal Encoding, CVPR 2017, eqs. 2-12.
    """
    count = len(queries) + len(gallery)
    take = _taker(queries, gallery)
    neighbours, farthest = _neighbours(queries, gallery, count=min(max(nearest + 1, averaged), count))
    near, nearer = neighbours[:, : nearest + 1], neighbours[:, : round(nearest / 2) + 1]
    weights = _SparseRows.pack(_neighbourhoods(near, nearer, farthest, take))
    if averaged > 1:
        weights = _SparseRows.pack(
            [_mean([weights.row(j) for j in row]) for row in neighbours[:, :averaged].tolist()]
        )
    owners = weights.columns_of(len(queries), count)
    plain = cosine_rows(queries, gallery)

    def rows(start: int, stop: int) -> np.ndarray:
        steps = plain(start, stop)
        for query, row in enumerate(steps, start):
            distances = (2 - 2 * (row / STEPS)) / farthest[query]
            jaccard = _jaccard(weights.row(query), owners, len(gallery))
            row[:] = -np.rint(((1 - share) * jaccard + share * distances) * STEPS)
        return steps

    return rows


def _taker(queries: np.ndarray, gallery: np.ndarray) -> Take:
    """Unit vectors of items counted through queries and gallery."""

    def take(items: np.ndarray) -> np.ndarray:
        asked = items < len(queries)
        vectors = np.empty((len(items), queries.shape[1]), dtype=np.float64)
        vectors[asked], vectors[~asked] = queries[items[asked]], gallery[items[~asked] - len(queries)]
        return unit(vectors)

    return take


def _neighbours(queries: np.ndarray, gallery: np.ndarray, *, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Of each item the nearest [n, count], nearest first, and the largest squared distance [n], above 0."""
    found, farthest = [], []
    size = queries_at_a_time(2 * (len(queries) + len(gallery)), queries.shape[1])
    for side in (queries, gallery):
        to_queries, to_gallery = cosine_rows(side, queries), cosine_rows(side, gallery)
        for start in range(0, len(side), size):
            stop = min(start + size, len(side))
            for row in np.concatenate([to_queries(start, stop), to_gallery(start, stop)], axis=1):
                found.append(nearest_items(row, count))
                farthest.append(2 - 2 * (row.min() / STEPS))
    return np.stack(found), np.where(np.array(farthest) > 0, farthest, 1)


def _neighbourhoods(
    near: np.ndarray, nearer: np.ndarray, farthest: np.ndarray, take: Take
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Columns and values of V before the average."""
    rows = []
    for item in range(len(near)):
        mutual = _mutual(near, item)
        widened = [mutual]
        for kin in mutual.tolist():
            theirs = _mutual(nearer, kin)
            if 3 * np.isin(theirs, mutual).sum() > 2 * len(theirs):
                widened.append(theirs)
        columns = np.unique(np.concatenate(widened))
        cosines = take(columns) @ take(np.array([item]))[0]
        values = np.exp(-(2 - 2 * cosines) / farthest[item])
        rows.append((columns, values / values.sum()))
    return rows


def _mutual(neighbours: np.ndarray, item: int) -> np.ndarray:
    nearest = neighbours[item]
    return nearest[(neighbours[nearest] == item).any(axis=1)]


def _mean(rows: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    columns, place = np.unique(np.concatenate([columns for columns, _ in rows]), return_inverse=True)
    sums = np.bincount(place, weights=np.concatenate([values for _, values in rows]))
    return columns, sums / len(rows)


def _jaccard(row: tuple[np.ndarray, np.ndarray], owners: _SparseRows, gallery_count: int) -> np.ndarray:
    shared = np.zeros(gallery_count)
    for column, value in zip(*(part.tolist() for part in row), strict=True):
        who, theirs = owners.row(column)
        shared[who] += np.minimum(value, theirs)
    return 1 - shared / (2 - shared)
