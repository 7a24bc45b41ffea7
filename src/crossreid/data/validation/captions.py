"""Captions that several people share, and captions that are no description."""

import re
from collections import defaultdict
from collections.abc import Callable
from itertools import pairwise

from crossreid.data.dataset import Dataset
from crossreid.data.validation.report import Finding

_SHORTEST_WORDS, _LONGEST_WORDS = 3, 250
_STUTTER = 4
_MARKUP = re.compile(r"</?[a-z]+[^>]*>|&[a-z]+;|https?://", re.IGNORECASE)
# UTF-8 that was read as Latin-1 or Windows-1252: a lead byte's letter before a continuation byte's.
_MISREAD = re.compile("[\u00c2\u00c3][\u0080-\u00bf]|\u00e2\u20ac|\ufffd")
_WORD = re.compile(r"\w+")

_COMPLAINTS: tuple[tuple[str, Callable[[str, list[str]], bool]], ...] = (
    ("misread characters", lambda text, words: bool(_MISREAD.search(text))),
    (
        "control characters",
        lambda text, words: any(ord(letter) < 32 and letter not in "\t\r\n" for letter in text),
    ),
    ("markup", lambda text, words: bool(_MARKUP.search(text))),
    ("too few words", lambda text, words: len(words) < _SHORTEST_WORDS and text.isascii()),
    ("too many words", lambda text, words: len(words) > _LONGEST_WORDS),
    ("no letters", lambda text, words: not any(letter.isalpha() for letter in text)),
    ("a word over and over", lambda text, words: _stutters(words)),
)


def find_repeated_captions(dataset: Dataset) -> list[Finding]:
    """Captions that different people bear, whatever their case, blanks and punctuation."""
    people: dict[str, set[int]] = defaultdict(set)
    captions: dict[str, int] = defaultdict(int)
    for sample in dataset.samples:
        if sample.caption is not None:
            text = " ".join(_WORD.findall(sample.caption.casefold()))
            people[text].add(sample.person_id)
            captions[text] += 1
    shared = sorted(
        (text for text, bearers in people.items() if len(bearers) > 1 and text), key=lambda t: -captions[t]
    )
    if not shared:
        return []
    total = sum(captions[text] for text in shared)
    cases = tuple(f"{len(people[text])} people: {text}" for text in shared)
    summary = f"{len(shared)} texts describe several people each, {total} captions in all"
    return [Finding("repeated captions", "note", summary, cases)]


def find_corrupt_captions(dataset: Dataset) -> list[Finding]:
    """Captions that look damaged, each with the first thing that is wrong with it."""
    cases = [
        f"{sample.item_id}: {complaint}: {sample.caption:.80}"
        for sample in dataset.samples
        if sample.caption is not None and (complaint := complaint_about(sample.caption))
    ]
    if not cases:
        return []
    return [Finding("corrupt captions", "fault", f"{len(cases)} captions look damaged", tuple(cases))]


def complaint_about(caption: str) -> str:
    """What is wrong with a caption; "" for nothing."""
    words = _WORD.findall(caption)
    return next((name for name, holds in _COMPLAINTS if holds(caption, words)), "")


def _stutters(words: list[str]) -> bool:
    run = 1
    for before, word in pairwise(words):
        run = run + 1 if word.casefold() == before.casefold() else 1
        if run >= _STUTTER:
            return True
    return False
