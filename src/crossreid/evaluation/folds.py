"""Galleries of a part of the people."""

import numpy as np

from crossreid.core.errors import DataError


def cut_into_folds(person_ids: np.ndarray, folds: int) -> list[np.ndarray]:
    """Cut people into parts of equal size (to one person), in the order in which they first appear.

    Args:
        person_ids: int [g]; items of unknown people, negative ids, are in all parts.
        folds: number of parts.

    Returns:
        The ascending indices of each part's items.

    Raises:
        DataError: there are fewer people than parts.

    Source: the five folds of 1,000 pictures of MSCOCO's 5K test split (VSE++, Faghri et al., BMVC 2018, section 4.1).
    """
    known = np.flatnonzero(person_ids >= 0)
    _, first, person = np.unique(person_ids[known], return_index=True, return_inverse=True)
    if len(first) < folds:
        raise DataError(f"{len(first)} people in {folds} folds", expected=f"at least {folds}")
    place = np.empty(len(first), dtype=np.int64)
    place[np.argsort(first)] = np.arange(len(first))
    fold = np.full(len(person_ids), -1)
    fold[known] = place[person] * folds // len(first)
    return [np.flatnonzero((fold == number) | (person_ids < 0)) for number in range(folds)]
