"""Galleries that are drawn several times: of a few items of each person and camera, or of some of the people."""

import numpy as np

from crossreid.core.errors import DataError


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


def draw_people(person_ids: np.ndarray, *, share: float, random: np.random.Generator) -> np.ndarray:
    """Draw a share of the known people with all of their items.

    Args:
        person_ids: int [g]; items of unknown people, negative ids, stay in every gallery.
        share: above 0 and below 1; at least one person is drawn, and one is not.
        random: draws.

    Returns:
        int64, ascending indices of the drawn items.

    Raises:
        DataError: fewer than two people.
    """
    people = np.unique(person_ids[person_ids >= 0])
    if len(people) < 2:
        raise DataError(f"{len(people)} known people in the gallery", expected="at least two")
    count = min(max(round(share * len(people)), 1), len(people) - 1)
    drawn = random.permutation(people)[:count]
    return np.flatnonzero(np.isin(person_ids, drawn) | (person_ids < 0))
