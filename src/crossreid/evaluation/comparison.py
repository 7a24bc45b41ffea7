"""Whether one report's numbers are better than another's by more than chance."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from crossreid.core.errors import DataError
from crossreid.evaluation.outcomes import METRICS, Outcomes

if TYPE_CHECKING:
    from crossreid.evaluation.report import Report, ReportRow

_EXACT_PEOPLE = 13
_PERMUTATIONS = 10_000
_AT_A_TIME = 2**22
_LABELS = {"r1": "R1", "r5": "R5", "r10": "R10", "mean_ap": "mAP", "mean_inp": "mINP"}


@dataclass(frozen=True, slots=True)
class Comparison:
    """One number of two reports on the same queries.

    Args:
        what: task, setting, protocol and number in words.
        first: of the first report, percent.
        second: of the second report, percent.
        p_value: probability of so large a difference if the two did not differ, two-sided.
        people: who were searched for.
        level: below it the difference counts as significant.
    """

    what: str
    first: float
    second: float
    p_value: float
    people: int
    level: float = 0.05

    @property
    def significant(self) -> bool:
        """Whether chance is an unlikely explanation."""
        return self.p_value < self.level

    def __str__(self) -> str:
        change = self.second - self.first
        verdict = "significant" if self.significant else "not significant"
        direction = (
            "no change" if change == 0 else f"{abs(change):.2f} points {'higher' if change > 0 else 'lower'}"
        )
        return (
            f"{self.what}: {self.first:.2f} -> {self.second:.2f}, {direction}; the difference is"
            f" {verdict} (p = {_probability(self.p_value)}, {self.people} people)."
        )


def compare_reports(
    first: "Report", second: "Report", *, metrics: Sequence[str] = ("r1", "mean_ap"), seed: int = 0
) -> tuple[Comparison, ...]:
    """Set each row of a report beside the row of another on the same task, protocol and re-ranking.

    Settings are matched by name where both reports have them; a report of one setting is matched with any other of one.

    Raises:
        DataError: no rows fit each other, or they are not about the same queries.
    """
    pairs = [(row, other) for row in first.rows if (other := _partner(row, first, second)) is not None]
    if not pairs:
        raise DataError(
            "two reports without a task and protocol in common", expected="reports on the same queries"
        )
    return tuple(
        Comparison(
            what=f"{_name(row, other)}, {_LABELS[metric]}",
            first=getattr(row, metric),
            second=getattr(other, metric),
            p_value=permutation_test(*_outcomes(row, other), metric=metric, seed=seed),
            people=len(set(_outcomes(row, other)[0].person_ids)),
        )
        for row, other in pairs
        for metric in metrics
    )


def permutation_test(
    first: Outcomes, second: Outcomes, *, metric: str, permutations: int = _PERMUTATIONS, seed: int = 0
) -> float:
    """The two-sided p-value of a paired permutation test over people.

    If the two did not differ, either could have given either number of a person: the sign of each person's
    difference is a coin. Up to 13 people all 2^people outcomes are looked at; above, `permutations` are drawn
    and the one that was observed is counted among them: p = (1 + #as large) / (1 + #drawn).

    Raises:
        DataError: the two are not about the same people with the same number of queries each.

    Source: Good, Permutation, Parametric and Bootstrap Tests of Hypotheses, 2005, ch. 3; Phipson and Smyth, 2010.
    """
    people, counts, sums = first.by_person()
    others, other_counts, other_sums = second.by_person()
    if not (np.array_equal(people, others) and np.array_equal(counts, other_counts)):
        raise DataError(
            f"{len(first)} queries of {len(people)} people and {len(second)} of {len(others)}",
            expected="the same queries in both reports",
            remedy="evaluate both on one data set by one protocol",
        )
    place = METRICS.index(metric)
    differences = other_sums[:, place] - sums[:, place]
    # Sums that differ by rounding only are equal.
    observed = abs(differences.sum()) * (1 - 1e-9) - 1e-9
    if len(people) <= _EXACT_PEOPLE:
        signs = np.array(list(product((-1.0, 1.0), repeat=len(people)))).reshape(2 ** len(people), -1)
        return float(np.mean(np.abs(signs @ differences) >= observed))
    random, as_large = np.random.default_rng(seed), 0
    size = max(1, _AT_A_TIME // len(people))
    for start in range(0, permutations, size):
        flips = random.integers(0, 2, size=(min(size, permutations - start), len(people)), dtype=np.int8)
        as_large += int(np.count_nonzero(np.abs((2.0 * flips - 1) @ differences) >= observed))
    return (1 + as_large) / (1 + permutations)


def _partner(row: "ReportRow", first: "Report", second: "Report") -> "ReportRow | None":
    fitting = [other for other in second.rows if (other.task, other.rule) == (row.task, row.rule)]
    same = [other for other in fitting if other.setting == row.setting]
    alone = len({r.setting for r in first.rows}) == 1 and len({r.setting for r in second.rows}) == 1
    found = same or (fitting if alone else [])
    return found[0] if len(found) == 1 else None


def _outcomes(row: "ReportRow", other: "ReportRow") -> tuple[Outcomes, Outcomes]:
    if row.outcomes is None or other.outcomes is None:
        raise DataError(
            "a report without the numbers of each query", expected="reports written as JSON by this version"
        )
    return row.outcomes, other.outcomes


def _name(row: "ReportRow", other: "ReportRow") -> str:
    settings = " against ".join(dict.fromkeys(name for name in (row.setting, other.setting) if name))
    return " ".join(part for part in (row.task, settings, f"by {row.rule}") if part)


def _probability(value: float) -> str:
    return f"{value:.4f}" if value >= 0.001 or math.isnan(value) else "below 0.001"
