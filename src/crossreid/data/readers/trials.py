"""Splits that come in ten trials: `train` and `test` are those of the first, `train-7` is the seventh's."""

from crossreid.data.readers.records import Splits, find_split

TRIALS = 10
SPLITS: Splits = {
    name: (name.partition("-")[0],)
    for part in ("train", "test")
    for name in (part, *(f"{part}-{trial}" for trial in range(1, TRIALS + 1)))
}


def find_trial(name: str, split: str | None) -> int:
    """The trial that a split belongs to, 1 when it names none.

    Raises:
        DataError: there is no such split.
    """
    find_split(name, split, SPLITS)
    return int((split or "").partition("-")[2] or 1)
