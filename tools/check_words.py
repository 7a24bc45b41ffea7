"""Find wording that CONTRIBUTING.md rules out, and say what to write.

A pattern belongs here once nothing in the repository matches it any more: the list keeps it from coming back.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from check_docs import kept_files

ROOT = Path(__file__).parents[1]
SUFFIXES = ("*.md", "*.py", "*.js", "*.html", "*.css", "*.yaml")
SPARED = ("CHANGELOG.md", "tools/check_words.py", "tests/tools/test_check_words.py")
"""What quotes the words."""
HASHED = "src/crossreid/weights/"
"""Cards under a checksum; tools/ship_weights.py writes them."""

WORDS = {
    r"so-manieth": "every Nth",
    r"\bvouch\w*": "skip the check; trust",
    r"may be given several times": "Repeatable.",
    r"\bgoes on where it was\b": "resumes",
    r"\bsecond looks?\b": "re-ranking; re-scoring",
    r"\b(?:who is|person) sought\b": "the person you are looking for",
    r"\btold again and again\b": "progress callback",
    r"\bnobody can tell\b": "unknown",
    r"\berased by themselves\b": "deleted automatically",
    r"\bcount how often the right\b": "evaluate retrieval",
    r"\bfollow people before a camera\b": "track people in a camera stream",
    r"\btables and figures anew\b": "reproduce the tables and figures",
    r"\bmost items in one call\b": "maximum batch size",
    r"\bfrom which score on\b": "the match threshold",
    r"\bcould not be had\b": "was not measured; is not available",
}
"""Regular expression, in any case -> what to write in its place."""


def findings(path: str, text: str) -> Iterator[str]:
    """Yield a line for each match in a file, with its place and the replacement."""
    for pattern, instead in WORDS.items():
        for match in re.finditer(pattern, text, re.IGNORECASE):
            line = text.count("\n", 0, match.start()) + 1
            yield f"{path}:{line}: {match.group()!r}; write: {instead}"


def findings_in_repository() -> list[str]:
    """Return the findings of all text files, apart from `SPARED` and `HASHED` ones."""
    return [
        finding
        for name in kept_files(ROOT, *SUFFIXES)
        if name not in SPARED and not name.startswith(HASHED)
        for finding in findings(name, (ROOT / name).read_text(encoding="utf-8"))
    ]


def main() -> None:
    """Print every finding; exit with status 1 if there is one."""
    found = findings_in_repository()
    print("\n".join(found) or "no word of the list is used")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
