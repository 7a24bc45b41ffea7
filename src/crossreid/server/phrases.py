"""Which part of a description carried a score."""

import re
from dataclasses import dataclass

_BREAKS = re.compile(
    r"[,;.:]+|\b(?:and|with|wearing|wears|carrying|carries|holding|holds|has|having|dressed|while|who|walking|"
    r"in|on)\b",
    re.IGNORECASE,
)
_FILLER = frozenset(
    {"a", "an", "the", "is", "are", "he", "she", "they", "his", "her", "their", "of", "it", "very"}
)
_MOST = 12


@dataclass(frozen=True, slots=True)
class Phrase:
    """A part of a description: its words and where they stand."""

    text: str
    start: int
    end: int


def split_phrases(words: str) -> list[Phrase]:
    """What stands between commas and joining words, if it says anything; the first dozen."""
    bounds = [0]
    for match in _BREAKS.finditer(words):
        bounds += [match.start(), match.end()]
    bounds.append(len(words))
    found = []
    for start, end in zip(bounds[::2], bounds[1::2], strict=True):
        part = words[start:end]
        start += len(part) - len(part.lstrip())
        text = part.strip()
        if text and not set(re.findall(r"\w+", text.lower())) <= _FILLER:
            found.append(Phrase(text, start, start + len(text)))
    return found[:_MOST]


def without(words: str, phrase: Phrase) -> str:
    """The description with a phrase taken out; "" when nothing is left that says anything."""
    rest = " ".join((words[: phrase.start] + " " + words[phrase.end :]).split())
    letters = set(re.findall(r"\w+", _BREAKS.sub(" ", rest).lower()))
    return "" if letters <= _FILLER else rest
