"""How counts and repeated measurements are written."""

from collections.abc import Sequence


def several(count: int, one: str, many: str = "") -> str:
    """A count with its noun: "3 pictures", "1 picture"; `many` is given where it is not `one` with an s."""
    return f"{count} {one if count == 1 else many or f'{one}s'}"


def spread(values: Sequence[int | float | None], digits: int = 1) -> str:
    """Write the mean, with the sample deviation where there are several values; `-` where there is none."""
    known = [value for value in values if value is not None and value == value]
    if not known:
        return "-"
    mean = sum(known) / len(known)
    if len(known) == 1:
        return f"{mean:.{digits}f}"
    deviation = (sum((value - mean) ** 2 for value in known) / (len(known) - 1)) ** 0.5
    return f"{mean:.{digits}f} ± {deviation:.{digits}f}"
