"""The table of an evaluation, for a terminal, a document and a program."""

import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from crossreid.core.errors import ConfigurationError, DataError

if TYPE_CHECKING:
    from rich.table import Table

_HEADER = ("task", "setting", "protocol", "R1", "R5", "R10", "mAP", "mINP", "queries", "skipped")


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One task in one setting by one protocol.

    Args:
        task: such as `S->R`.
        setting: which models embedded queries and gallery: C2C, E2E, E2C, C2E (cloud, edge), or a name.
        protocol: name of the rule that the gallery was filtered by.
        r1: percent of queries with a right answer first; NaN, like all percentages, when no query counts.
        r5: the same among the first 5.
        r10: the same among the first 10.
        mean_ap: mean average precision, percent.
        mean_inp: mean inverse negative penalty, percent.
        queries: number in the means.
        skipped_queries: number left out, since nobody of their person is in their gallery.
        gallery_size: number of gallery items before the protocol's rule.
        query_fingerprint: of the encoder of the queries.
        gallery_fingerprint: of the encoder of the gallery.
    """

    task: str
    setting: str
    protocol: str
    r1: float
    r5: float
    r10: float
    mean_ap: float
    mean_inp: float
    queries: int
    skipped_queries: int
    gallery_size: int
    query_fingerprint: str
    gallery_fingerprint: str


@dataclass(frozen=True, slots=True)
class Report:
    """The rows of one or several evaluations. `rich` prints it as a table."""

    rows: tuple[ReportRow, ...]

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """Of all encoders that took part, each once."""
        pairs = ((row.query_fingerprint, row.gallery_fingerprint) for row in self.rows)
        return tuple(dict.fromkeys(fingerprint for pair in pairs for fingerprint in pair))

    @classmethod
    def join(cls, reports: Iterable["Report"]) -> "Report":
        """All rows of several reports, in order."""
        return cls(tuple(row for report in reports for row in report.rows))

    def row(self, task: str, *, setting: str | None = None, protocol: str | None = None) -> ReportRow:
        """The one row of a task; setting and protocol are needed where there are several.

        Raises:
            ConfigurationError: none or several rows fit.
        """
        fitting = [
            row
            for row in self.rows
            if row.task == task and setting in (None, row.setting) and protocol in (None, row.protocol)
        ]
        if len(fitting) != 1:
            raise ConfigurationError(
                f"{len(fitting)} rows of task {task!r}, setting {setting!r}, protocol {protocol!r}",
                expected="one row",
                remedy=f"choose from {[(row.task, row.setting, row.protocol) for row in self.rows]}",
            )
        return fitting[0]

    def to_table(self, title: str | None = None) -> "Table":
        """A table for the terminal."""
        from rich.table import Table

        table = Table(title=title)
        for place, name in enumerate(_HEADER):
            table.add_column(name, justify="left" if place < 3 else "right")
        for row in self.rows:
            table.add_row(*_cells(row))
        return table

    def __rich__(self) -> "Table":
        return self.to_table()

    def to_markdown(self) -> str:
        """A Markdown table."""
        lines = [_HEADER, ("---",) * 3 + ("---:",) * (len(_HEADER) - 3), *map(_cells, self.rows)]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"

    def to_json(self) -> str:
        """JSON that `from_json` reads; a NaN is written as null."""
        rows = [
            {name: None if value != value else value for name, value in asdict(row).items()}
            for row in self.rows
        ]
        return json.dumps({"rows": rows}, indent=1, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> "Report":
        """Read what `to_json` wrote.

        Raises:
            DataError: the text is not a report.
        """
        try:
            rows = json.loads(text)["rows"]
            return cls(tuple(ReportRow(**_with_nan(row)) for row in rows))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(
                f"text that is not a report ({error})", expected="JSON of Report.to_json"
            ) from error


def _cells(row: ReportRow) -> tuple[str, ...]:
    percentages = (row.r1, row.r5, row.r10, row.mean_ap, row.mean_inp)
    numbers = ("-" if math.isnan(value) else f"{value:.2f}" for value in percentages)
    return (row.task, row.setting, row.protocol, *numbers, str(row.queries), str(row.skipped_queries))


def _with_nan(row: dict[str, Any]) -> dict[str, Any]:
    return {name: math.nan if value is None else value for name, value in row.items()}
