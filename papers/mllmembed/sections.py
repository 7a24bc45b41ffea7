"""The parts of a page, whatever it is written in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NOT_RUN = "not run yet"


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of words and numbers.

    Args:
        title: above it.
        header: of the columns.
        words: how many columns from the left are words.
        rows: cells, as long as the header.
        ours: which rows were measured here rather than printed by the paper.
        note: below it.
    """

    title: str
    header: tuple[str, ...]
    words: int
    rows: tuple[tuple[str, ...], ...]
    ours: tuple[bool, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was asked, and what the numbers say.

    Args:
        question: as a reader would ask.
        verdict: in a word or two.
        words: the numbers behind it.
    """

    question: str
    verdict: str
    words: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure's file, without its ending, and what it shows."""

    name: str
    words: str


@dataclass(frozen=True, slots=True)
class Section:
    """One table or figure.

    Args:
        item: its name.
        heading: what it is about.
        paragraphs: what is different here, and how it was counted.
        answers: to the paper's claims.
        grids: numbers.
        pictures: drawn here.
        made: by whom and where, in a line; `NOT_RUN` when there is nothing.
    """

    item: str
    heading: str
    paragraphs: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()
    grids: tuple[Grid, ...] = ()
    pictures: tuple[Picture, ...] = ()
    made: str = NOT_RUN

    @property
    def run(self) -> bool:
        """Whether there are numbers."""
        return self.made != NOT_RUN


def made_by(record: Mapping[str, Any]) -> str:
    """A sentence on seeds, commit, machine and library."""
    hardware = ", ".join(f"{name} {value}" for name, value in record["hardware"].items())
    seeds = ", ".join(map(str, record["seeds"]))
    return (
        f"Seeds {seeds}; commit {record['commit'][:12] or 'unknown'}; {hardware};"
        f" torch {record['versions']['torch']}."
    )
