"""Whether a place can test a distillation at all, and which aims were reached there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from papers.mllmembed.confidence import Estimate, over_seeds
from papers.mllmembed.sections import Answer

CLOUD_UNTRAINED, CLOUD, EDGE_UNTRAINED, ALONE, DISTILLED = (
    "cloud, untrained", "C2C", "edge, untrained", "edge, task only", "E2E",
)  # fmt: skip
"""The arms that gate and aims are about, as table 1 names them."""

LOWEST_UNTRAINED, HIGHEST_UNTRAINED = 15.0, 45.0
QUESTION = "Can this place test a distillation?"
PASSED, NOT_TESTABLE = "yes", "not testable here"
MET, MISSED = "met", "missed"

Arms = Mapping[str, Sequence[float]]
"""Mean mAP of the three tasks on the test people by arm, percent, one a seed."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition on the arms, and what was measured.

    Args:
        words: the condition.
        measured: the value or difference that it is about.
        met: whether the mean over the seeds meets it.
    """

    words: str
    measured: Estimate
    met: bool

    def numbers(self) -> str:
        """The mean with its 95 % interval over seeds."""
        found = self.measured
        interval = f" ({found.low:.2f} to {found.high:.2f})" if found.over == "seeds" else ""
        return f"{found.mean:.2f}{interval}"


def gate(arms: Arms) -> list[Condition]:
    """Return what must hold before a distillation can be judged: room to learn, and a teacher worth following."""
    untrained = over_seeds(arms[CLOUD_UNTRAINED])
    return [
        Condition(
            f"the untrained cloud model finds {LOWEST_UNTRAINED:g} to {HIGHEST_UNTRAINED:g}",
            untrained,
            LOWEST_UNTRAINED <= untrained.mean <= HIGHEST_UNTRAINED,
        ),
        _at_least(arms, "C2C is at least 25 above the untrained cloud model", CLOUD, CLOUD_UNTRAINED, 25.0),
        _at_least(arms, "C2C is at least 5 above the edge model trained alone", CLOUD, ALONE, 5.0),
    ]


def aims(arms: Arms) -> list[Condition]:
    """Return what the set-up aims for."""
    above = _at_least(arms, "C2C is above E2E", CLOUD, DISTILLED, 0.0)
    return [
        _at_least(arms, "E2E is at least 3 above the edge model trained alone", DISTILLED, ALONE, 3.0),
        _at_least(arms, "E2E is at least 20 above the untrained edge model", DISTILLED, EDGE_UNTRAINED, 20.0),
        Condition(above.words, above.measured, above.measured.mean > 0),
    ]


def obstacle(arms: Arms | None) -> str:
    """Return why claims about distillation cannot be tested, in words; "" where they can, or where it is not known."""
    if arms is None:
        return ""
    return "; ".join(f"{one.words}: {one.numbers()}" for one in gate(arms) if not one.met)


def gate_answer(records: Iterable[Mapping[str, Any]]) -> Answer | None:
    """Return the answer to `QUESTION` by the record with the most seeds; None where no record holds the arms."""
    known = [record["arms"] for record in records if record.get("arms")]
    if not known:
        return None
    arms = max(known, key=lambda one: len(one[CLOUD]))
    words = "; ".join(
        f"{one.words}: {one.numbers()}, {'passed' if one.met else 'not passed'}" for one in gate(arms)
    )
    return Answer(
        QUESTION, NOT_TESTABLE if obstacle(arms) else PASSED, f"{words[0].upper()}{words[1:]} (mean mAP)."
    )


def _at_least(arms: Arms, words: str, better: str, worse: str, points: float) -> Condition:
    difference = over_seeds(np.subtract(arms[better], arms[worse]).tolist())
    return Condition(words, difference, difference.mean >= points)
