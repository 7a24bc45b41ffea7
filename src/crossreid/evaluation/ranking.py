"""Where the right answers stand in the ranked gallery."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from crossreid.core.errors import ConfigurationError, DataError

_CHUNK_BYTES = 128 * 2**20
# Cosines are compared to within 2^-30: finer than single precision, and coarser than the rounding of products
# in double precision, so that equal cosines tie however the matrix product was blocked.
_STEPS = 2**30
_NEVER = np.iinfo(np.int64).max

Keys = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Ranking:
    """What the ranks of the right answers come to, in percent.

    Args:
        cmc: share of queries with a right answer among the first k, by k.
        mean_ap: mean average precision.
        mean_inp: mean inverse negative penalty.
        queries: number of queries in the means.
        skipped_queries: number of queries left out of every mean, since no right answer is in their gallery.
    """

    cmc: Mapping[int, float]
    mean_ap: float
    mean_inp: float
    queries: int
    skipped_queries: int


def rank(
    query_vectors: np.ndarray,
    gallery_vectors: np.ndarray,
    query_person_ids: np.ndarray,
    gallery_person_ids: np.ndarray,
    *,
    exclude: Keys | None = None,
    ks: Sequence[int] = (1, 5, 10),
) -> Ranking:
    """Rank the gallery for each query by cosine, descending; ties go to the lower gallery index.

    With right answers at the 1-based positions p_1 < ... < p_R of a query's ranking: CMC@k = 1[p_1 <= k],
    AP = (1/R) sum_j j / p_j, INP = R / p_R. Only these positions are computed, for some queries at a time:
    the memory grows with the gallery, not with queries times gallery.

    Args:
        query_vectors: [q, dim], of any length; a vector of zeros has cosine 0 with everything.
        gallery_vectors: [g, dim].
        query_person_ids: int [q]; a negative id is an unknown person, who has no right answer.
        gallery_person_ids: int [g].
        exclude: None, or keys (query [q], gallery [g]): gallery items of the query's person whose key equals
            the query's are dropped from that query's gallery.
        ks: depths of the CMC.

    Returns:
        Percentages; NaN where every query was skipped.

    Raises:
        DataError: shapes do not fit, or a vector is not finite.
        ConfigurationError: a depth is below 1.

    Source: CMC and AP: Zheng et al., ICCV 2015; INP: Ye et al., TPAMI 2021.
    """
    if not ks or min(ks) < 1:
        raise ConfigurationError(f"depths {tuple(ks)}", expected="one or more depths of at least 1")
    queries = _checked("query", query_vectors, query_person_ids, exclude[0] if exclude else None)
    gallery = _checked("gallery", gallery_vectors, gallery_person_ids, exclude[1] if exclude else None)
    if queries.shape[1] != gallery.shape[1]:
        raise DataError(f"vectors of widths {queries.shape[1]} and {gallery.shape[1]}", expected="one width")
    nearest, precisions, penalties = [], [], []
    for positions in _positions(queries, gallery, _answers(query_person_ids, gallery_person_ids, exclude)):
        found = np.arange(1, len(positions) + 1)
        nearest.append(positions[0])
        precisions.append(np.mean(found / positions))
        penalties.append(len(positions) / positions[-1])
    return Ranking(
        cmc={k: _percent(np.array(nearest) <= k) for k in ks},
        mean_ap=_percent(precisions),
        mean_inp=_percent(penalties),
        queries=len(nearest),
        skipped_queries=len(queries) - len(nearest),
    )


def _answers(
    query_person_ids: np.ndarray, gallery_person_ids: np.ndarray, exclude: Keys | None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """For each query the gallery indices of the right answers, and of the dropped items."""
    order = np.argsort(gallery_person_ids, kind="stable")
    ordered = np.asarray(gallery_person_ids)[order]
    starts = np.searchsorted(ordered, query_person_ids, side="left")
    ends = np.searchsorted(ordered, query_person_ids, side="right")
    for query, person_id in enumerate(query_person_ids):
        same_person = order[starts[query] : ends[query]] if person_id >= 0 else order[:0]
        if exclude is None:
            yield same_person, same_person[:0]
        else:
            dropped = exclude[1][same_person] == exclude[0][query]
            yield same_person[~dropped], same_person[dropped]


def _positions(
    queries: np.ndarray, gallery: np.ndarray, answers: Iterator[tuple[np.ndarray, np.ndarray]]
) -> Iterator[np.ndarray]:
    """The ascending 1-based positions of the right answers of each query that has any."""
    unit_gallery = _unit(gallery)
    indices = np.arange(len(gallery))
    chunk = max(1, _CHUNK_BYTES // (4 * 8 * max(1, len(gallery))))
    for start in range(0, len(queries), chunk):
        cosines = _unit(queries[start : start + chunk]) @ unit_gallery.T
        # One integer that orders by falling cosine, then by rising index: no two items tie.
        places = -np.rint(cosines * _STEPS).astype(np.int64) * 2**32 + indices
        for row in places:
            right, dropped = next(answers)
            if right.size:
                row[dropped] = _NEVER
                wanted = np.sort(row[right])
                right_before = np.searchsorted(wanted, row[row <= wanted[-1]])
                yield np.cumsum(np.bincount(right_before, minlength=len(wanted)))


def _unit(vectors: np.ndarray) -> np.ndarray:
    vectors = vectors.astype(np.float64)
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(norms == 0, 1, norms)


def _percent(values: Sequence[float] | np.ndarray) -> float:
    return 100 * float(np.mean(values)) if len(values) else float("nan")


def _checked(side: str, vectors: np.ndarray, person_ids: np.ndarray, keys: np.ndarray | None) -> np.ndarray:
    vectors = np.asarray(vectors)
    if vectors.ndim != 2:
        raise DataError(f"{side} vectors of shape {vectors.shape}", expected="[n, dim]")
    for name, column in (("person ids", person_ids), ("keys", keys)):
        if column is not None and np.shape(column) != (len(vectors),):
            raise DataError(f"{side} {name} of shape {np.shape(column)}", expected=f"({len(vectors)},)")
    if not np.isfinite(vectors).all():
        raise DataError(f"{side} vectors with NaN or infinity", expected="finite values")
    return vectors
