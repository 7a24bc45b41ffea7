"""Which gallery items are right for a query, and which do not count for it."""

from collections.abc import Iterator

import numpy as np

Keys = tuple[np.ndarray, np.ndarray]
"""One key a query [q] and one a gallery item [g]; what they are compared with is up to the rule."""


def right_and_dropped(
    query_person_ids: np.ndarray,
    gallery_person_ids: np.ndarray,
    *,
    exclude: Keys | None = None,
    whoever: bool = False,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """For each query the gallery indices of the right answers, ascending, and of the dropped items.

    Args:
        query_person_ids: int [q]; a negative id is an unknown person, who has no right answer.
        gallery_person_ids: int [g].
        exclude: gallery items whose key equals the query's are dropped.
        whoever: drops such items whoever is on them; otherwise those of the query's person only.
    """
    same_person = _equal(query_person_ids, gallery_person_ids)
    same_key = _equal(*exclude) if exclude is not None and whoever else None
    for query, person_id in enumerate(query_person_ids):
        person = next(same_person)
        right = person if person_id >= 0 else person[:0]
        if exclude is None:
            yield right, right[:0]
            continue
        shared = exclude[1][right] == exclude[0][query]
        yield right[~shared], right[shared] if same_key is None else next(same_key)


def _equal(queries: np.ndarray, gallery: np.ndarray) -> Iterator[np.ndarray]:
    """For each query the ascending gallery indices of the values that equal its own."""
    order = np.argsort(gallery, kind="stable")
    ordered = gallery[order]
    starts = np.searchsorted(ordered, queries, side="left")
    ends = np.searchsorted(ordered, queries, side="right")
    for start, end in zip(starts, ends, strict=True):
        yield order[start:end]
