"""Rows of a gallery: those that a filter lets through, and the best of them."""

from collections.abc import Collection
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from crossreid.core.errors import DataError
from crossreid.core.modality import Modality

_CHUNK_ROWS = 16_384


def rows_that_match(
    table: pa.Table,
    *,
    camera: str | Collection[str] | None,
    person: str | Collection[str] | None,
    modality: Modality | str | None,
    time_range: tuple[datetime | None, datetime | None] | None,
) -> np.ndarray:
    """Rows int64, ascending, that satisfy all given conditions.

    Raises:
        DataError: a time has no zone, or the modality is unknown.
    """
    kept = np.ones(table.num_rows, bool)
    for column, wanted in (("camera", camera), ("person", person)):
        if wanted is not None:
            names = [wanted] if isinstance(wanted, str) else list(wanted)
            kept &= _mask("is_in", table[column], options=pc.SetLookupOptions(pa.array(names, pa.string())))
    if modality is not None:
        if modality not in list(Modality):
            raise DataError(f"the modality {modality!r}", expected="one of rgb, ir, sketch")
        kept &= _mask("equal", table["modality"], str(modality))
    if time_range is not None:
        kept &= _mask("is_valid", table["time"])
        for bound, compare in zip(time_range, ("greater_equal", "less_equal"), strict=True):
            if bound is not None:
                kept &= _mask(compare, table["time"], _instant(bound))
    return np.flatnonzero(kept)


def best_rows(
    query: np.ndarray, vectors: np.ndarray, rows: np.ndarray, *, top: int
) -> tuple[np.ndarray, np.ndarray]:
    """The `top` rows of highest cosine, exact; ties go to the lower row.

    Args:
        query: float32 [dim], unit length.
        vectors: float32 [n, dim], unit rows.
        rows: int64 [m], the candidates, ascending.
        top: how many at most.

    Returns:
        Rows int64 [k] and their scores float32 [k], best first.
    """
    scores = np.empty(len(rows), np.float32)
    for start in range(0, len(rows), _CHUNK_ROWS):
        chunk = slice(start, start + _CHUNK_ROWS)
        scores[chunk] = vectors[rows[chunk]] @ query
    if len(scores) > top:
        worst = np.partition(scores, len(scores) - top)[len(scores) - top]
        candidates = np.flatnonzero(scores >= worst)
    else:
        candidates = np.arange(len(scores))
    order = candidates[np.argsort(-scores[candidates], kind="stable")][:top]
    return rows[order], scores[order]


def _mask(
    function: str, *arguments: pa.ChunkedArray | pa.Scalar | str, options: pc.FunctionOptions | None = None
) -> np.ndarray:
    """A test of Arrow's on each row, bool [n]; what is unknown does not pass."""
    return pc.call_function(function, list(arguments), options).fill_null(False).to_numpy()


def _instant(time: datetime) -> pa.Scalar:
    if time.tzinfo is None:
        raise DataError(f"the time {time} without a zone", expected="a time with a zone, such as UTC")
    return pa.scalar(time, pa.timestamp("us", tz="UTC"))
