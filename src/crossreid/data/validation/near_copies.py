"""Near copies among many pictures, by their hashes and thumbnails, without comparing each with each."""

from collections import defaultdict
from itertools import combinations

import numpy as np

TOLERANCE = 4
"""Bits of 64 in which the hashes of near copies may differ."""

CORRELATION = 0.98
"""What the thumbnails of near copies must reach."""

_BAND_BITS = (11, 11, 11, 11, 10, 10)
_NEIGHBOURS = 48
_ROWS_A_TIME = 65536


def near_copies(codes: np.ndarray, thumbnails: np.ndarray) -> list[np.ndarray]:
    """Clusters of pictures that are linked by likeness, each with its rows ascending, by their first row.

    Args:
        codes: uint64 [n], perceptual hashes.
        thumbnails: uint8 [n, pixels].
    """
    pairs = near_pairs(codes)
    return _clusters(pairs[_alike(thumbnails, pairs)], len(codes))


def near_pairs(codes: np.ndarray) -> np.ndarray:
    """Pairs of hashes that differ in at most `TOLERANCE` bits, int64 [m, 2], each once, ascending.

    The 64 bits are cut into six bands; hashes that differ in four bits share two bands at least. For each two bands the
    hashes are sorted, and each is compared with its 48 next neighbours that share them. So the work grows as n log n;
    where more than 48 hashes share two bands some pairs are only linked by way of others, or missed.

    Args:
        codes: uint64 [n].
    """
    rows = np.zeros((0, 2), np.int64)
    found = [rows]
    bands = _bands(codes)
    for first, second in combinations(range(len(_BAND_BITS)), 2):
        keys = (bands[first] << np.uint64(11)) | bands[second]
        order = np.lexsort((codes, keys))
        found += _within_buckets(codes[order], keys[order], order)
    return np.unique(np.sort(np.concatenate(found), axis=1), axis=0)


def _bands(codes: np.ndarray) -> list[np.ndarray]:
    bands, shift = [], 0
    for bits in _BAND_BITS:
        bands.append((codes >> np.uint64(shift)) & np.uint64((1 << bits) - 1))
        shift += bits
    return bands


def _within_buckets(codes: np.ndarray, keys: np.ndarray, order: np.ndarray) -> list[np.ndarray]:
    found = []
    for step in range(1, min(_NEIGHBOURS, len(codes) - 1) + 1):
        same = keys[step:] == keys[:-step]
        if not same.any():
            break
        at = np.flatnonzero(same)
        near = at[np.bitwise_count(codes[at] ^ codes[at + step]) <= TOLERANCE]
        found.append(np.stack([order[near], order[near + step]], axis=1))
    return found


def _alike(thumbnails: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Bool [m]: the thumbnails of a pair correlate."""
    alike = np.zeros(len(pairs), dtype=bool)
    for start in range(0, len(pairs), _ROWS_A_TIME):
        chunk = slice(start, start + _ROWS_A_TIME)
        left, right = (_standardised(thumbnails[pairs[chunk, side]]) for side in (0, 1))
        alike[chunk] = (left * right).sum(axis=1) >= CORRELATION
    return alike


def _standardised(thumbnails: np.ndarray) -> np.ndarray:
    centred = thumbnails.astype(np.float32)
    centred -= centred.mean(axis=1, keepdims=True)
    return centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-6)


def _clusters(pairs: np.ndarray, count: int) -> list[np.ndarray]:
    """Connected components of more than one row: everyone takes the lowest row that it is linked to."""
    lowest = np.arange(count)
    while len(pairs):
        low = np.minimum(lowest[pairs[:, 0]], lowest[pairs[:, 1]])
        following = lowest.copy()
        for side in (0, 1):
            np.minimum.at(following, pairs[:, side], low)
        following = following[following]
        if np.array_equal(following, lowest):
            break
        lowest = following
    members: dict[int, list[int]] = defaultdict(list)
    for row in np.unique(pairs):
        members[int(lowest[row])].append(int(row))
    return [np.array(rows) for _, rows in sorted(members.items())]
