"""The claims of a page, judged together: above every floor, and corrected for their number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from papers.mllmembed.gate import NOT_TESTABLE, obstacle
from papers.mllmembed.significance import ALPHA, holm, p_value

YES, NO, OPEN = "holds", "does not hold", "not shown"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the numbers of all claims of a page say of one of them.

    Args:
        verdict: `YES`, `NO`, `OPEN` or `NOT_TESTABLE`.
        p: of the claim or, where a difference points the other way, against it; None where it was not tested.
        corrected: by Holm over the claims that were tested; None likewise.
        tested: how many these are.
        reason: why it was not tested.
    """

    verdict: str
    p: float | None = None
    corrected: float | None = None
    tested: int = 0
    reason: str = ""


def claims_of(records: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return all answers of all records by claim; those about distillation with the arms that their gate is about."""
    return {
        answer["claim"]: {**answer, "arms": record.get("arms")} if answer.get("distillation") else answer
        for record in records.values()
        for answer in record.get("answers", ())
    }


def judge(claims: Mapping[str, Mapping[str, Any]]) -> dict[str, Judgement]:
    """Judge claims together.

    A claim is about one difference, or about several that must all be above 0: that to what it names, and that to each
    floor (training alone, no training step). It holds when all means are above 0 and the largest of their p-values,
    corrected, is at most 0.05 (an intersection-union test, which needs no correction of its own). It does not hold when
    some mean is not above 0 and the smallest p-value of these, times the number of differences, is, corrected.

    Args:
        claims: of `claims_of`.
    """
    judged: dict[str, Judgement] = {}
    found: dict[str, tuple[bool, float]] = {}
    for name, claim in claims.items():
        reason = obstacle(claim.get("arms"))
        tested = None if reason else _tested(_differences(claim))
        if reason:
            judged[name] = Judgement(NOT_TESTABLE, reason=reason)
        elif tested is None:
            judged[name] = Judgement(OPEN, reason="one seed says nothing of other trainings")
        else:
            found[name] = tested
    corrected = holm([p for _, p in found.values()])
    for (name, (above, p)), of_all in zip(found.items(), corrected, strict=True):
        shown = YES if above else NO
        judged[name] = Judgement(shown if of_all <= ALPHA else OPEN, p, of_all, len(found))
    return {name: judged[name] for name in claims}


def _differences(claim: Mapping[str, Any]) -> list[Sequence[float]]:
    """Of each seed, what must be above 0."""
    values = claim["estimate"]["values"]
    if "below" in claim:
        return [[claim["below"] - value for value in values]]
    return [values, *(floor["values"] for floor in claim.get("floors", {}).values())]


def _tested(differences: Sequence[Sequence[float]]) -> tuple[bool, float] | None:
    """Whether all means are above 0, and the p-value of that direction; None for one seed."""
    means = [sum(values) / len(values) for values in differences]
    p_values = [p_value(values) for values in differences]
    known = [p for p in p_values if p is not None]
    if len(known) < len(differences):
        return None
    if min(means) > 0:
        return True, max(known)
    against = min(p for mean, p in zip(means, known, strict=True) if mean <= 0)
    return False, min(1.0, len(differences) * against)
