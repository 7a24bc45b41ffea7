"""The first few of a ranked gallery."""

import numpy as np


def nearest_items(row: np.ndarray, count: int) -> np.ndarray:
    """The items of the highest values, highest first; ties go to the lower index.

    Args:
        row: int32 [g].
        count: how many; all when there are fewer.

    Returns:
        int64 [min(count, g)].
    """
    # One integer that orders by falling value, then by rising index: no two items tie.
    places = -row.astype(np.int64) * 2**32 + np.arange(len(row))
    if count < len(row):
        places = np.partition(places, count - 1)[:count]
    return np.sort(places) % 2**32
