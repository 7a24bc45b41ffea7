"""Token lists of captions -> the rectangle that a text tower reads."""

from collections.abc import Sequence

import numpy as np


def token_rectangle(
    captions: Sequence[Sequence[int]],
    *,
    start: int | None,
    end: int,
    longest: int,
    padding: int | None = None,
) -> tuple[np.ndarray, int]:
    """Put each caption between its start and end token.

    Args:
        captions: token ids of each caption, without special tokens.
        start: id of the token before every caption; None for none.
        end: id of the token after every caption, the one that CLIP pools.
        longest: most tokens a row may have; a longer caption is cut, its end token stays.
        padding: fills up short rows; the end token when left out, as CLIP does it.

    Returns:
        int64 [n, tokens of the longest row], and the number of captions that were cut.
    """
    before = [] if start is None else [start]
    room = longest - len(before) - 1
    rows = [[*before, *ids[:room], end] for ids in captions]
    fill = end if padding is None else padding
    rectangle = np.full((len(rows), max(map(len, rows), default=0)), fill, dtype=np.int64)
    for row, ids in zip(rectangle, rows, strict=True):
        row[: len(ids)] = ids
    return rectangle, sum(len(ids) > room for ids in captions)
