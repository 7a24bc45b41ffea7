"""Where the right answers stand in the ranked gallery."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from crossreid.core.errors import ConfigurationError, DataError
from crossreid.evaluation.answers import Keys, right_and_dropped
from crossreid.evaluation.arrays import Array, is_finite, is_tensor, to_numpy
from crossreid.evaluation.screening import score_cosines


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
    query_vectors: Array,
    gallery_vectors: Array,
    query_person_ids: Array,
    gallery_person_ids: Array,
    *,
    exclude: tuple[Array, Array] | None = None,
    ks: Sequence[int] = (1, 5, 10),
) -> Ranking:
    """Rank the gallery for each query by cosine, descending; ties go to the lower gallery index.

    With right answers at the 1-based positions p_1 < ... < p_R of a query's ranking: CMC@k = 1[p_1 <= k],
    AP = (1/R) sum_j j / p_j, INP = R / p_R. Only these positions are computed, for some queries and some of the
    gallery at a time: 10,000 queries of width 1536 in a gallery of 100,000 need less than 1 GiB beyond the inputs.

    Every array may be numpy's or a torch tensor. Products of tensors are formed on their device.

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
    people = to_numpy(query_person_ids), to_numpy(gallery_person_ids)
    keys: Keys | None = (to_numpy(exclude[0]), to_numpy(exclude[1])) if exclude else None
    queries = _checked("query", query_vectors, people[0], keys[0] if keys else None)
    gallery = _checked("gallery", gallery_vectors, people[1], keys[1] if keys else None)
    if queries.shape[1] != gallery.shape[1]:
        raise DataError(f"vectors of widths {queries.shape[1]} and {gallery.shape[1]}", expected="one width")
    scores = score_cosines(queries, gallery, right_and_dropped(*people, exclude=keys))
    return Ranking(
        cmc={k: _percent(scores.nearest <= k) for k in ks},
        mean_ap=_percent(scores.precisions),
        mean_inp=_percent(scores.penalties),
        queries=len(scores.rows),
        skipped_queries=len(queries) - len(scores.rows),
    )


def _percent(values: np.ndarray) -> float:
    return 100 * float(np.mean(values)) if len(values) else float("nan")


def _checked(side: str, vectors: Array, person_ids: np.ndarray, keys: np.ndarray | None) -> Array:
    vectors = vectors if is_tensor(vectors) else np.asarray(vectors)
    if vectors.ndim != 2:
        raise DataError(f"{side} vectors of shape {tuple(vectors.shape)}", expected="[n, dim]")
    for name, column in (("person ids", person_ids), ("keys", keys)):
        if column is not None and np.shape(column) != (len(vectors),):
            raise DataError(f"{side} {name} of shape {np.shape(column)}", expected=f"({len(vectors)},)")
    if not is_finite(vectors):
        raise DataError(f"{side} vectors with NaN or infinity", expected="finite values")
    return vectors
