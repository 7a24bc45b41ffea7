"""Galleries that keep the first principal coordinates only: what is lost, and what it saves."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import ConfigurationError, DataError
from crossreid.evaluation.answers import right_and_dropped
from crossreid.evaluation.cosines import STEPS, Rows, cosine_rows, queries_at_a_time, unit
from crossreid.evaluation.positions import score_queries
from crossreid.evaluation.protocols import EvaluationProtocol
from crossreid.evaluation.tasks import RetrievalTask

MOST_RESCORED, RESCORED_SHARE = 100, 0.1
"""Candidates of a short search that are looked at again in full width: at most so many, and such a share of all."""

ALLOWED_LOSS = 0.5  # percentage points of mAP
_SHOWN, _REPEATS, _CHUNK_ROWS = 10, 15, 16_384


@dataclass(frozen=True, slots=True)
class WidthRow:
    """One way to keep a gallery.

    Args:
        width: coordinates kept.
        precision: float32, or int8 with one scale an item.
        rescored: whether the first candidates are looked at again in full width.
        mean_ap: percent, by task.
        bytes_per_item: that a search goes through; the full vectors for re-scoring may lie on a disk.
        search_ms: time of the fastest of some searches, of as many items as `width_curve` was given: other work on the
            machine makes searches slower, never faster.
    """

    width: int
    precision: str
    rescored: bool
    mean_ap: dict[str, float]
    bytes_per_item: int
    search_ms: float

    @property
    def name(self) -> str:
        """Precision and re-scoring."""
        return self.precision + (", re-scored" if self.rescored else "")

    @property
    def mean(self) -> float:
        """Mean of the tasks' mAP, percent."""
        return float(np.mean(list(self.mean_ap.values())))


def width_curve(
    queries: Embeddings,
    gallery: Embeddings,
    *,
    tasks: Sequence[RetrievalTask],
    rule: EvaluationProtocol,
    widths: Sequence[int],
    rotation: np.ndarray,
    timed_items: int = 20_000,
) -> tuple[WidthRow, ...]:
    """Search galleries of each width, in both precisions, with and without re-scoring in full width.

    Args:
        queries: rows of all kinds.
        gallery: rows of the galleries' kinds.
        tasks: whose mAP counts.
        rule: what does not count.
        widths: rising; the full width is added.
        rotation: onto principal coordinates, from vectors like the gallery's.
        timed_items: how many items the timed searches go through: the gallery's, repeated.

    Raises:
        ConfigurationError: a width is below 1 or above the full width.
        DataError: nothing of a modality that a task needs, or no query has an answer.
    """
    if not widths or min(widths) < 1 or max(widths) > gallery.dim:
        raise ConfigurationError(f"widths {list(widths)}", expected=f"1 to {gallery.dim}")
    rows = []
    for width in sorted({*widths, gallery.dim}):
        for precision in ("float32", "int8"):
            for rescored in (False, True):
                found = {
                    str(task): _mean_ap(task, rule, queries, gallery, rotation, width, precision, rescored)
                    for task in tasks
                }
                timed = _time(gallery.vectors @ rotation, width, precision, rescored, timed_items)
                size = 4 * width if precision == "float32" else width + 4
                rows.append(WidthRow(width, precision, rescored, found, size, timed))
    return tuple(rows)


def smallest_width(rows: Sequence[WidthRow], name: str, *, allowed: float = ALLOWED_LOSS) -> int | None:
    """The smallest width from which on no wider one loses as much as is allowed; None where even the full one does.

    Args:
        rows: of `width_curve`.
        name: of the precision and re-scoring.
        allowed: percentage points of mean mAP, against full width in float32.
    """
    full = next(row.mean for row in rows[::-1] if row.name == "float32")
    smallest = None
    for row in sorted((row for row in rows if row.name == name), key=lambda row: -row.width):
        if full - row.mean >= allowed:
            break
        smallest = row.width
    return smallest


def rescored_candidates(items: int) -> int:
    """How many candidates of a search through so many items are looked at again; at least one."""
    return max(1, min(MOST_RESCORED, round(RESCORED_SHARE * items)))


def to_int8(vectors: np.ndarray) -> np.ndarray:
    """int8 [n, k]: each row scaled so that its largest coordinate is 127; the scale does not change a cosine."""
    largest = np.abs(vectors).max(axis=1, keepdims=True)
    return np.rint(vectors / np.where(largest == 0, 1, largest) * 127).astype(np.int8)


def _mean_ap(
    task: RetrievalTask,
    rule: EvaluationProtocol,
    queries: Embeddings,
    gallery: Embeddings,
    rotation: np.ndarray,
    width: int,
    precision: str,
    rescored: bool,
) -> float:
    asking, items = task.queries(queries), gallery.of(task.gallery)
    if not len(asking) or not len(items):
        raise DataError(f"no queries or no gallery for {task}", expected="some of each")
    asked, kept = unit(asking.vectors) @ rotation[:, :width], unit(items.vectors) @ rotation[:, :width]
    short = cosine_rows(asked, to_int8(kept) if precision == "int8" else kept)
    rows = _rescored(short, cosine_rows(asking.vectors, items.vectors)) if rescored else short
    scores = score_queries(
        rows,
        right_and_dropped(
            asking.person_ids,
            items.person_ids,
            exclude=rule.exclusion(task, asking, items),
            whoever=rule.whoever,
        ),
        query_count=len(asking),
        at_a_time=queries_at_a_time(len(items), items.dim),
    )
    if not len(scores.rows):
        raise DataError(f"no query of {task} with a right answer", expected="at least one")
    return 100 * float(np.mean(scores.precisions))


def _rescored(short: Rows, full: Rows) -> Rows:
    """The first candidates by the short cosine in the order of the full one, then the others as they were."""

    def rows(start: int, stop: int) -> np.ndarray:
        coarse, fine = short(start, stop), full(start, stop)
        count = rescored_candidates(coarse.shape[1])
        first = np.argpartition(-coarse, count - 1, axis=1)[:, :count]
        merged = coarse // 4
        np.put_along_axis(merged, first, np.take_along_axis(fine, first, axis=1) // 2 + STEPS, axis=1)
        return merged

    return rows


def _time(rotated: np.ndarray, width: int, precision: str, rescored: bool, items: int) -> float:
    """Milliseconds of the fastest search, the coordinates in memory as they would be kept."""
    full = np.resize(rotated.astype(np.float32), (items, rotated.shape[1]))
    short = np.ascontiguousarray(full[:, :width])
    kept = to_int8(short) if precision == "int8" else short
    queries = rotated[:_REPEATS].astype(np.float32)
    seconds = []
    for query in queries:
        started = time.perf_counter()
        _search(query, kept, full if rescored else None)
        seconds.append(time.perf_counter() - started)
    return 1000 * min(seconds)


def _search(query: np.ndarray, kept: np.ndarray, full: np.ndarray | None) -> np.ndarray:
    scores = np.empty(len(kept), np.float32)
    for start in range(0, len(kept), _CHUNK_ROWS):
        chunk = kept[start : start + _CHUNK_ROWS]
        scores[start : start + _CHUNK_ROWS] = chunk.astype(np.float32, copy=False) @ query[: kept.shape[1]]
    count = min(_SHOWN, len(kept)) if full is None else rescored_candidates(len(kept))
    first = np.argpartition(-scores, count - 1)[:count]
    if full is not None:
        scores = full[first] @ query
        return first[np.argsort(-scores)[:_SHOWN]]
    return first[np.argsort(-scores[first])]
