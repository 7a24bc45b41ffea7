"""How counts are written."""


def several(count: int, one: str, many: str = "") -> str:
    """A count with its noun: "3 pictures", "1 picture"; `many` is given where it is not `one` with an s."""
    return f"{count} {one if count == 1 else many or f'{one}s'}"
