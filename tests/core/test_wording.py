"""Counts and repeated measurements in words."""

import pytest

from crossreid.core.wording import several, spread


@pytest.mark.parametrize(
    ("count", "nouns", "words"),
    [(0, ("item",), "0 items"), (1, ("item",), "1 item"), (2, ("item",), "2 items"),
     (1, ("entry", "entries"), "1 entry"), (3, ("entry", "entries"), "3 entries")],
)  # fmt: skip
def test_one_is_not_written_as_many(count: int, nouns: tuple[str, ...], words: str) -> None:
    assert several(count, *nouns) == words


def test_deviations_need_two_values() -> None:
    assert spread([1.0, 3.0]) == "2.0 ± 1.4"
    assert spread([1.25], 2) == "1.25"
    assert spread([None, float("nan")]) == "-"
    assert spread([None, 2.0]) == "2.0"
