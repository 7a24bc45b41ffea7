"""Galleries of a few items of each person and camera, drawn several times."""

import numpy as np


def draw_gallery(
    person_ids: np.ndarray, camera_ids: np.ndarray, *, shots: int, random: np.random.Generator
) -> np.ndarray:
    """Draw up to `shots` items of each person under each camera, without replacement.

    Args:
        person_ids: int [g].
        camera_ids: int [g].
        shots: at least 1.
        random: draws.

    Returns:
        int64, ascending indices of the drawn items.
    """
    shuffled = random.permutation(len(person_ids))
    order = shuffled[np.lexsort((camera_ids[shuffled], person_ids[shuffled]))]
    pairs = np.stack([person_ids[order], camera_ids[order]])
    starts = np.flatnonzero(np.r_[True, (pairs[:, 1:] != pairs[:, :-1]).any(axis=0)])
    place = np.arange(len(order)) - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    return np.sort(order[place < shots])
