"""What a check found, for a terminal and for a program."""

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from rich.table import Table

Severity = Literal["fault", "note"]

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be.

    Args:
        kind: short name, such as `unreadable`.
        severity: a fault spoils figures; a note is worth knowing.
        summary: what is wrong, in a line.
        cases: each one, with the paths or captions that it concerns.
    """

    kind: str
    severity: Severity
    summary: str
    cases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SplitCounts:
    """How much a split holds.

    Args:
        split: its name; "" where the data set has none.
        people: that are known.
        samples: modality -> number of samples.
    """

    split: str
    people: int
    samples: dict[str, int]


@dataclass(frozen=True, slots=True)
class ValidationReport:
    """All that was counted and found.

    Args:
        name: of the data set.
        root: where it lies.
        counts: a row for each split.
        pictures: that were opened.
        findings: faults and notes, in the order of the checks.
    """

    name: str
    root: str
    counts: tuple[SplitCounts, ...]
    pictures: int
    findings: tuple[Finding, ...]

    @property
    def faults(self) -> tuple[Finding, ...]:
        """The findings that are more than notes."""
        return tuple(finding for finding in self.findings if finding.severity == "fault")

    def to_json(self) -> str:
        """Everything, with all cases."""
        return json.dumps(asdict(self), indent=2) + "\n"

    def to_tables(self) -> "tuple[Table, Table]":
        """What was counted, and what was found with the first cases of each."""
        from rich.table import Table
        from rich.text import Text

        modalities = list(dict.fromkeys(name for row in self.counts for name in row.samples))
        counted = Table()
        for column in ("split", "people", *modalities):
            counted.add_column(column, justify="left" if column == "split" else "right")
        for row in self.counts:
            numbers = (row.people, *(row.samples.get(modality, 0) for modality in modalities))
            counted.add_row(row.split or "all", *map(str, numbers))
        found = Table(show_lines=True)
        for column in ("", "what", "found"):
            found.add_column(column)
        for finding in self.findings:
            more = len(finding.cases) - _SHOWN
            lines = [finding.summary, *finding.cases[:_SHOWN], *([f"and {more} more"] if more > 0 else [])]
            found.add_row(finding.severity, finding.kind, Text(_printable("\n".join(lines))))
        return counted, found


def _printable(text: str) -> str:
    """Without characters that would steer a terminal; captions come from outside."""
    return "".join(
        letter if letter.isprintable() or letter == "\n" else "\N{REPLACEMENT CHARACTER}" for letter in text
    )
