"""From an estimate with its interval to a plain answer."""

from collections.abc import Mapping
from typing import Any

from crossreid.reproduction.sections import NOT_RUN, Answer

YES, NO, OPEN = "holds", "does not hold", "not shown"

QUESTIONS: Mapping[str, tuple[str, ...]] = {
    "Does distillation beat training alone?": ("distillation beats training alone",),
    "Do PCM and FR beat cosine?": (
        "PCM beats cosine",
        "FR beats cosine",
        "PCM and FR together beat cosine",
    ),
    "Do both together converge faster?": (
        "PCM and FR together converge faster than cosine + PCM",
        "PCM and FR together converge faster than cosine + FR",
        "PCM and FR together converge faster than cosine",
    ),
    "Is the spectrum low-rank?": ("the spectrum is low-rank",),
    "Is stride 2 better than 1 and 4?": ("stride 2 is better than 1", "stride 2 is better than 4"),
    "Is rank 16 better than 8?": ("rank 16 is better than 8",),
    "Does more weight on PCM and FR help?": ("more weight on PCM and FR is better",),
    "Do several kinds of evidence find more than one?": (
        "photograph, infrared, sketch and words together beat the best of them (cloud model)",
        "sketch and words together beat the better of them (cloud model)",
        "photograph, infrared, sketch and words together beat the best of them (edge model)",
        "sketch and words together beat the better of them (edge model)",
    ),
    "Should the cloud model read evidence together?": (
        "evidence read together beats its vectors summed evenly (cloud model)",
    ),
}
"""What a reader asks, and the claims that answer it; the last ones are not the paper's."""


def verdict(answer: Mapping[str, Any]) -> str:
    """Whether a claim holds: its whole interval must be above 0, or for `below` under that limit."""
    estimate = answer["estimate"]
    low, high = estimate["low"], estimate["high"]
    if low is None or high is None:
        return OPEN
    if "below" in answer:
        return YES if high < answer["below"] else NO if low >= answer["below"] else OPEN
    return YES if low > 0 else NO if high <= 0 else OPEN


def in_words(answer: Mapping[str, Any]) -> Answer:
    """One claim with its numbers."""
    estimate = answer["estimate"]
    sign = "" if "below" in answer else "+"
    words = f"{estimate['mean']:{sign}.2f} {answer['unit']}"
    if estimate["low"] is not None:
        over = (
            f"over {len(estimate['values'])} seeds"
            if estimate["over"] == "seeds"
            else "over people, of one training"
        )
        words += f", 95 % interval {estimate['low']:{sign}.2f} to {estimate['high']:{sign}.2f} {over}"
    else:
        words += "; one seed has no interval"
    if len(estimate["values"]) > 1:
        words += f" (each: {', '.join(f'{value:{sign}.2f}' for value in estimate['values'])})"
    if "below" in answer:
        words += f"; the yardstick is less than {answer['below']:g} %"
    if "printed" in answer:
        words += f"; the paper: {answer['printed']:+.2f}"
    return Answer(answer["claim"], verdict(answer), words + ".")


def summarise(claims: Mapping[str, Mapping[str, Any]]) -> list[Answer]:
    """The questions in order, each answered by its claims.

    Args:
        claims: the answers of all tables and figures that were run, by claim.
    """
    found = []
    for question, names in QUESTIONS.items():
        known = [in_words(claims[name]) for name in names if name in claims]
        if len(known) < len(names):
            found.append(Answer(question, NOT_RUN, ""))
            continue
        verdicts = list(dict.fromkeys(one.verdict for one in known))
        together = verdicts[0] if len(verdicts) == 1 else "in part"
        words = " ".join(
            f"{one.question[0].upper()}{one.question[1:]}: {one.verdict}. {one.words}" for one in known
        )
        found.append(Answer(question, together, words))
    return found
