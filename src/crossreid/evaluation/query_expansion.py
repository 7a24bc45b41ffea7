"""A second search with what the first one found."""

from collections.abc import Iterable

import numpy as np

from crossreid.evaluation.cosines import DROPPED, STEPS, cosine_rows, queries_at_a_time, unit
from crossreid.evaluation.nearest import nearest_items


def expand_queries(
    queries: np.ndarray,
    gallery: np.ndarray,
    dropped: Iterable[np.ndarray],
    *,
    neighbours: int = 5,
    alpha: float | int = 3,
) -> np.ndarray:
    """Q' = q + sum of cos(q, g)^alpha g over the nearest items g of each query's gallery, all of unit length.

    Args:
        queries: [q, dim], of any length.
        gallery: [g, dim].
        dropped: for each query the gallery items that a protocol takes away from it: they are not used either.
        neighbours: at most so many items; items with a cosine of 0 or below are left out unless alpha is 0.
        alpha: 0 for the plain sum (average query expansion).

    Returns:
        float32 [q, dim], rows of length 1; a row of zeros stays so when it finds nothing near.

    Source: Chum et al., ICCV 2007 (average); Radenovic et al., TPAMI 2019, section 3.4 (alpha-weighted).
    """
    similarities, following = cosine_rows(queries, gallery), iter(dropped)
    size = queries_at_a_time(len(gallery), gallery.shape[1])
    expanded = []
    for start in range(0, len(queries), size):
        stop = min(start + size, len(queries))
        for query, row in zip(unit(queries[start:stop]), similarities(start, stop), strict=True):
            row[next(following)] = DROPPED
            found = nearest_items(row, neighbours)
            found = found[row[found] > (0 if alpha else DROPPED)]
            weights = (row[found] / STEPS) ** alpha
            expanded.append(query + weights @ unit(gallery[found]))
    return unit(np.array(expanded)).astype(np.float32)
