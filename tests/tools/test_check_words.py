"""The word list finds what it rules out, and nothing in the repository is on it."""

from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def words(program: Any) -> Any:
    return program("tools/check_words.py")


def test_a_match_is_reported_with_its_line_and_what_to_write(words: Any) -> None:
    found = list(words.findings("docs/x.md", "Good.\nLook at each So-Manieth frame, a second look.\n"))
    assert found == [
        "docs/x.md:2: 'So-Manieth'; write: every Nth",
        "docs/x.md:2: 'second look'; write: re-ranking; re-scoring",
    ]


def test_parts_of_other_words_are_no_match(words: Any) -> None:
    assert not list(words.findings("x.py", "avouched for the second looking glass"))


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a clone")
def test_the_repository_is_clean(words: Any) -> None:
    assert words.findings_in_repository() == []
