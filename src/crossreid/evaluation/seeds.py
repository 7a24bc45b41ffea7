"""One table from several runs: mean and deviation over their seeds."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from crossreid.core.errors import DataError
from crossreid.evaluation.outcomes import METRICS
from crossreid.evaluation.report import Report, ReportRow
from crossreid.evaluation.writing import latex_table, markdown_table, terminal_table

if TYPE_CHECKING:
    from rich.table import Table

_HEADER = ("task", "setting", "protocol", "R1", "R5", "R10", "mAP", "mINP", "runs")


@dataclass(frozen=True, slots=True)
class SpreadRow:
    """One row of several reports.

    Args:
        task: such as `S->R`.
        setting: which models embedded queries and gallery.
        rule: protocol and re-ranking.
        means: by metric, percent.
        deviations: sample standard deviation (divided by runs - 1) by metric, percentage points.
    """

    task: str
    setting: str
    rule: str
    means: dict[str, float]
    deviations: dict[str, float]


@dataclass(frozen=True, slots=True)
class SpreadReport:
    """Mean and deviation of the rows of several reports. `rich` prints it as a table.

    Args:
        rows: as in each report.
        runs: number of reports.
        fingerprints: of all encoders of all reports, each once.
    """

    rows: tuple[SpreadRow, ...]
    runs: int
    fingerprints: tuple[str, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """What the table's columns do not say."""
        encoders = f"Encoders: {', '.join(self.fingerprints)}."
        return encoders, f"Mean ± sample standard deviation over {self.runs} runs."

    def to_table(self, title: str | None = None) -> "Table":
        """A table for the terminal."""
        return terminal_table(_HEADER, map(self._cells, self.rows), self.notes, title=title)

    def __rich__(self) -> "Table":
        return self.to_table()

    def to_markdown(self) -> str:
        """A Markdown table, and a line on the encoders."""
        return markdown_table(_HEADER, map(self._cells, self.rows), self.notes)

    def to_latex(self) -> str:
        """A LaTeX table that needs the package booktabs."""
        return latex_table(_HEADER, map(self._cells, self.rows), self.notes)

    def to_json(self) -> str:
        """JSON; a number that does not exist is null."""
        rows = [
            {"task": row.task, "setting": row.setting, "rule": row.rule}
            | {"means": _without_nan(row.means), "deviations": _without_nan(row.deviations)}
            for row in self.rows
        ]
        content = {"runs": self.runs, "fingerprints": self.fingerprints, "rows": rows}
        return json.dumps(content, indent=1, allow_nan=False) + "\n"

    def _cells(self, row: SpreadRow) -> tuple[str, ...]:
        numbers = (
            "-" if math.isnan(row.means[name]) else f"{row.means[name]:.2f} ± {row.deviations[name]:.2f}"
            for name in METRICS
        )
        return row.task, row.setting, row.rule, *numbers, str(self.runs)


def average_reports(reports: Sequence[Report]) -> SpreadReport:
    """Mean and deviation of each row over reports of different seeds, or of different splits of one data set.

    Raises:
        DataError: fewer than two reports, or reports of different rows.
    """
    if len(reports) < 2:
        raise DataError(f"{len(reports)} reports", expected="at least two")
    for report in reports[1:]:
        if list(map(_name, report.rows)) != list(map(_name, reports[0].rows)):
            raise DataError(
                "reports of different rows",
                expected="one set of tasks, settings and protocols in all of them",
            )
    rows = tuple(_spread(rows) for rows in zip(*(report.rows for report in reports), strict=True))
    fingerprints = dict.fromkeys(name for report in reports for name in report.fingerprints)
    return SpreadReport(rows, len(reports), tuple(fingerprints))


def _name(row: ReportRow) -> tuple[str, str, str]:
    return row.task, row.setting, row.rule


def _spread(rows: Sequence[ReportRow]) -> SpreadRow:
    values = {name: np.array([getattr(row, name) for row in rows]) for name in METRICS}
    return SpreadRow(
        *_name(rows[0]),
        means={name: float(column.mean()) for name, column in values.items()},
        deviations={name: float(column.std(ddof=1)) for name, column in values.items()},
    )


def _without_nan(values: dict[str, float]) -> dict[str, float | None]:
    return {name: None if math.isnan(value) else value for name, value in values.items()}
