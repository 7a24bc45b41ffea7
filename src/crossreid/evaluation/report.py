"""The table of an evaluation, for a terminal, a document and a program."""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from crossreid.core.errors import ConfigurationError, DataError
from crossreid.core.html import html_table
from crossreid.evaluation.outcomes import Outcomes
from crossreid.evaluation.writing import latex_table, markdown_table, terminal_table

if TYPE_CHECKING:
    from rich.table import Table

_SHOWN = 6
"""Rows that are printed in one line."""

_HEADER = ("task", "setting", "protocol", "R1", "R5", "R10", "mAP", "mINP", "queries", "skipped")

FPIRS: dict[str, float] = {"1%": 0.01, "0.1%": 0.001}
"""The false-positive identification rates at which missed searches are reported, by name."""


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
        gallery_size: number of gallery items before the protocol's rule; of one trial, where there are several.
        query_fingerprint: of the encoder of the queries.
        gallery_fingerprint: of the encoder of the gallery.
        reranking: name of the re-ranking; "" for none.
        trials: number of drawn galleries that the numbers are means over.
        intervals: 95 % of each number under resampling of the people, (lower, upper) in percent; may be empty.
        outcomes: the numbers of each query; None where they were not kept.
        fnir: percent of searches for people who are there that fail at the threshold of a false-positive rate, by the
            name of the rate; only of protocols that search for absent people, and where the rate can be seen.
        non_mated_searches: number of searches for absent people.
        weights: of the kinds of evidence in queries of several, by kind; empty when they were equal.
        joining: "" where queries of several pieces are sums of vectors, else the other way.
        data: name and split of the data set, such as "cuhk-pedes (test)"; "" where stored vectors were searched. Rows
            that differ in nothing else are equal.
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
    reranking: str = ""
    trials: int = 1
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    outcomes: Outcomes | None = field(default=None, repr=False)
    fnir: Mapping[str, float] = field(default_factory=dict)
    non_mated_searches: int = 0
    weights: Mapping[str, float] = field(default_factory=dict)
    joining: str = ""
    data: str = field(default="", compare=False)

    @property
    def rule(self) -> str:
        """Protocol, re-ranking, and the way of joining pieces where it is no sum."""
        return " + ".join(filter(None, (self.protocol, self.reranking, self.joining)))

    def summary(self) -> dict[str, Any]:
        """Everything but the numbers of each query, as JSON holds it: a NaN is None."""
        values = {item.name: getattr(self, item.name) for item in fields(self) if item.name != "outcomes"}
        return {name: None if value != value else value for name, value in values.items()}


@dataclass(frozen=True, slots=True, repr=False)
class Report:
    """The rows of one or several evaluations. `rich` and notebooks show a table."""

    rows: tuple[ReportRow, ...]

    def __repr__(self) -> str:
        shown = [f"{row.task} {row.setting} mAP {row.mean_ap:.2f}".replace("  ", " ") for row in self.rows]
        more = [f"{len(shown) - _SHOWN} more"] if len(shown) > _SHOWN else []
        return f"Report({', '.join([*shown[:_SHOWN], *more]) or 'no rows'})"

    def _repr_html_(self) -> str:
        return html_table(self._header(), self._cells(), notes=self.notes)

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """Of all encoders that took part, each once."""
        pairs = ((row.query_fingerprint, row.gallery_fingerprint) for row in self.rows)
        return tuple(dict.fromkeys(fingerprint for pair in pairs for fingerprint in pair))

    @property
    def notes(self) -> tuple[str, ...]:
        """What the table's columns do not say."""
        lines = [f"Encoders: {', '.join(self.fingerprints)}."] if self.rows else []
        if any(row.intervals for row in self.rows):
            lines.append("In brackets: 95 % bootstrap intervals over people.")
        drawn = {row.protocol: row.trials for row in self.rows if row.trials > 1}
        lines += [f"{name}: means over {trials} drawn galleries." for name, trials in drawn.items()]
        lines += [
            f"rSum{f' of {setting}' if setting else ''} by {rule}: {value:.2f}."
            for (setting, rule), value in self.recall_sums().items()
        ]
        for weights in dict.fromkeys(tuple(row.weights.items()) for row in self.rows if row.weights):
            lines.append(f"Weights: {', '.join(f'{kind} {weight:.2f}' for kind, weight in weights)}.")
        if self._open_set:
            searches = max(row.non_mated_searches for row in self.rows)
            lines.append(
                "FNIR: percent of the searches for people who are there that stay below the threshold at which the"
                f" given share of searches for people who are not there ({searches} of a task) finds somebody."
            )
        return tuple(lines)

    @property
    def _open_set(self) -> bool:
        return any(row.non_mated_searches for row in self.rows)

    def _header(self) -> tuple[str, ...]:
        return _HEADER + (tuple(f"FNIR@{name}" for name in FPIRS) if self._open_set else ())

    def _cells(self) -> list[tuple[str, ...]]:
        return [_cells(row) + (_open_set_cells(row) if self._open_set else ()) for row in self.rows]

    @classmethod
    def join(cls, reports: Iterable["Report"]) -> "Report":
        """All rows of several reports, in order."""
        return cls(tuple(row for report in reports for row in report.rows))

    def row(
        self,
        task: str,
        *,
        setting: str | None = None,
        protocol: str | None = None,
        reranking: str = "",
        joining: str = "",
    ) -> ReportRow:
        """The one row of a task, plain by default; setting and protocol are needed where there are several.

        Raises:
            ConfigurationError: none or several rows fit.
        """
        fitting = [
            row
            for row in self.rows
            if (row.task, row.reranking, row.joining) == (task, reranking, joining)
            and setting in (None, row.setting)
            and protocol in (None, row.protocol)
        ]
        if len(fitting) != 1:
            raise ConfigurationError(
                f"{len(fitting)} rows of task {task!r}, setting {setting!r}, protocol {protocol!r}",
                expected="one row",
                remedy=f"choose from {[(row.task, row.setting, row.rule) for row in self.rows]}",
            )
        return fitting[0]

    def recall_sums(self) -> dict[tuple[str, str], float]:
        """By setting and rule rSum = R1 + R5 + R10 of R->T and of T->R, where there are rows of both."""
        sums: dict[tuple[str, str], dict[str, float]] = {}
        for row in self.rows:
            if row.task in ("R->T", "T->R"):
                sums.setdefault((row.setting, row.rule), {})[row.task] = row.r1 + row.r5 + row.r10
        return {name: sum(ways.values()) for name, ways in sums.items() if len(ways) == 2}

    def to_table(self, title: str | None = None) -> "Table":
        """A table for the terminal."""
        return terminal_table(self._header(), self._cells(), self.notes, title=title)

    def __rich__(self) -> "Table":
        return self.to_table()

    def to_markdown(self) -> str:
        """A Markdown table, and a line on the encoders."""
        return markdown_table(self._header(), self._cells(), self.notes)

    def to_latex(self) -> str:
        """A LaTeX table that needs the package booktabs."""
        return latex_table(self._header(), self._cells(), self.notes)

    def to_json(self) -> str:
        """JSON that `from_json` reads; a NaN is written as null, the numbers of each query in a line a column."""
        rows = ",\n".join(_row_to_json(row) for row in self.rows)
        return f'{{"rows": [\n{rows}\n]}}\n'

    @classmethod
    def from_json(cls, text: str) -> "Report":
        """Read what `to_json` wrote.

        Raises:
            DataError: the text is not a report.
        """
        try:
            return cls(tuple(map(_row_from_json, json.loads(text)["rows"])))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(
                f"text that is not a report ({error})", expected="JSON of Report.to_json"
            ) from error


def _cells(row: ReportRow) -> tuple[str, ...]:
    numbers = (_number(row, name) for name in ("r1", "r5", "r10", "mean_ap", "mean_inp"))
    return (row.task, row.setting, row.rule, *numbers, str(row.queries), str(row.skipped_queries))


def _open_set_cells(row: ReportRow) -> tuple[str, ...]:
    return tuple(f"{row.fnir[name]:.2f}" if name in row.fnir else "-" for name in FPIRS)


def _number(row: ReportRow, name: str) -> str:
    value = getattr(row, name)
    if math.isnan(value):
        return "-"
    if name not in ("r1", "mean_ap") or name not in row.intervals:
        return f"{value:.2f}"
    lower, upper = row.intervals[name]
    return f"{value:.2f} [{lower:.1f}, {upper:.1f}]"


def _row_to_json(row: ReportRow) -> str:
    lines = [f" {json.dumps(name)}: {json.dumps(v, allow_nan=False)}" for name, v in row.summary().items()]
    if row.outcomes is not None:
        columns = ((item.name, getattr(row.outcomes, item.name)) for item in fields(row.outcomes))
        written = (f"  {json.dumps(name)}: {json.dumps(v, allow_nan=False)}" for name, v in columns)
        lines.append(' "outcomes": {\n' + ",\n".join(written) + "\n }")
    return "{\n" + ",\n".join(lines) + "\n}"


def _row_from_json(row: dict[str, Any]) -> ReportRow:
    values: dict[str, Any] = {name: math.nan if value is None else value for name, value in row.items()}
    values["intervals"] = {name: (low, high) for name, (low, high) in row.get("intervals", {}).items()}
    outcomes = row.get("outcomes")
    values["outcomes"] = None if outcomes is None else Outcomes(**{n: tuple(v) for n, v in outcomes.items()})
    return ReportRow(**values)
