"""Rows of a gallery: those that a filter lets through, and the best of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from crossreid.gallery.records import Watchlist
from crossreid.gallery.selection import Selection, as_names

_CHUNK_ROWS = 16_384


def rows_that_match(
    table: pa.Table, selection: Selection, *, watchlists: Mapping[str, Watchlist]
) -> np.ndarray:
    """Rows int64, ascending, that satisfy all given conditions; nobody is on a watchlist that does not exist."""
    kept = np.ones(table.num_rows, bool)
    for column, wanted in selection.labels.items():
        kept &= _among(table, column, wanted)
    if selection.watchlists is not None:
        lists = [watchlists.get(name, Watchlist(name)) for name in as_names(selection.watchlists)]
        kept &= _among(table, "person", [label for one in lists for label in one.people]) | _among(
            table, "track", [label for one in lists for label in one.tracks]
        )
    if selection.modality is not None:
        kept &= _mask("equal", table["modality"], str(selection.modality))
    if selection.time_range is not None:
        kept &= _mask("is_valid", table["time"])
        for bound, compare in zip(selection.time_range, ("greater_equal", "less_equal"), strict=True):
            if bound is not None:
                kept &= _mask(compare, table["time"], _instant(bound))
    return np.flatnonzero(kept)


def scores_of(query: np.ndarray, vectors: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Cosines float32 [m].

    Args:
        query: float32 [dim], unit length.
        vectors: float32 [n, dim], unit rows.
        rows: int64 [m].
    """
    scores = np.empty(len(rows), np.float32)
    for start in range(0, len(rows), _CHUNK_ROWS):
        chunk = slice(start, start + _CHUNK_ROWS)
        scores[chunk] = vectors[rows[chunk]] @ query
    return scores


def best_places(scores: np.ndarray, top: int) -> np.ndarray:
    """Places int64 [k] of the `top` highest scores [m], best first; ties go to the lower place."""
    if len(scores) > top:
        worst = np.partition(scores, len(scores) - top)[len(scores) - top]
        candidates = np.flatnonzero(scores >= worst)
    else:
        candidates = np.arange(len(scores))
    return candidates[np.argsort(-scores[candidates], kind="stable")][:top]


def first_of_each(labels: Sequence[str], top: int) -> np.ndarray:
    """Places int64 of the first `top` different labels; each "" is one of its own."""
    places, seen = [], set()
    for place, label in enumerate(labels):
        if label in seen:
            continue
        if label:
            seen.add(label)
        places.append(place)
        if len(places) == top:
            break
    return np.array(places, np.int64)


def _among(table: pa.Table, column: str, names: list[str]) -> np.ndarray:
    return _mask("is_in", table[column], options=pc.SetLookupOptions(pa.array(names, pa.string())))


def _mask(
    function: str, *arguments: pa.ChunkedArray | pa.Scalar | str, options: pc.FunctionOptions | None = None
) -> np.ndarray:
    """A test of Arrow's on each row, bool [n]; what is unknown does not pass."""
    return pc.call_function(function, list(arguments), options).fill_null(False).to_numpy()


def _instant(time: datetime) -> pa.Scalar:
    return pa.scalar(time, pa.timestamp("us", tz="UTC"))
