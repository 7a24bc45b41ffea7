"""Boxes as float arrays [n, 4] of left, top, right, bottom, in pixels."""

import numpy as np


def overlaps(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Intersection over union of every two boxes, [n, 4] and [m, 4] -> [n, m]; 0 where both are empty."""
    shared = _shared(first, second)
    union = areas(first)[:, None] + areas(second)[None] - shared
    return shared / np.where(union > 0, union, 1)


def covered(boxes: np.ndarray) -> np.ndarray:
    """The largest share of each box [n, 4] that one other box hides, which reaches lower and so stands nearer: [n]."""
    if not len(boxes):
        return np.zeros(0)
    shares = _shared(boxes, boxes) / np.maximum(areas(boxes), 1e-9)[:, None]
    nearer = boxes[None, :, 3] > boxes[:, None, 3]
    return np.where(nearer, shares, 0).max(axis=1)


def areas(boxes: np.ndarray) -> np.ndarray:
    """[n, 4] -> [n]; 0 for a box turned inside out."""
    return np.clip(boxes[:, 2] - boxes[:, 0], 0, None) * np.clip(boxes[:, 3] - boxes[:, 1], 0, None)


def keep_strongest(boxes: np.ndarray, scores: np.ndarray, *, most_overlap: float) -> np.ndarray:
    """Rows of the boxes [n, 4] that overlap no stronger kept one by more than `most_overlap`, strongest first."""
    order = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    while len(order):
        first, rest = order[0], order[1:]
        kept.append(int(first))
        order = rest[overlaps(boxes[first][None], boxes[rest])[0] <= most_overlap]
    return np.array(kept, dtype=np.int64)


def _shared(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    return np.prod(np.clip(high - low, 0, None), axis=2)
