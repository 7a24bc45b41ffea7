"""From an estimate with its interval to a plain answer."""

from collections.abc import Mapping
from typing import Any

from papers.mllmembed.claims import NOT_TESTABLE, Judgement
from papers.mllmembed.sections import NOT_RUN, Answer

UNLABELLED_CLAIM = "distillation over unlabelled people beats the student trained alone on the labelled"

QUESTIONS: Mapping[str, tuple[str, ...]] = {
    "Does distillation beat training alone?": ("distillation beats training alone",),
    "Does distillation over unlabelled people beat training on the few labelled ones?": (UNLABELLED_CLAIM,),
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
"""What a reader asks, and the claims that answer it; the second and the last two are not the paper's."""


def in_words(answer: Mapping[str, Any], judged: Judgement) -> Answer:
    """Return one claim with its numbers and its verdict among all claims of the page."""
    sign = "" if "below" in answer else "+"
    words = _estimate(answer["estimate"], f" {answer['unit']}", sign)
    if "below" in answer:
        words += f"; the yardstick is less than {answer['below']:g} %"
    for floor, estimate in answer.get("floors", {}).items():
        words += f"; over {floor}: {_estimate(estimate, '', sign)}"
    if "printed" in answer:
        words += f"; the paper: {answer['printed']:+.2f}"
    if judged.p is not None and judged.corrected is not None:
        claims = f"Holm, {judged.tested} claim{'s' if judged.tested > 1 else ''}"
        words += f"; p = {_probability(judged.p)}, corrected {_probability(judged.corrected)} ({claims})"
    reason = f" {judged.verdict.capitalize()}: {judged.reason}." if judged.verdict == NOT_TESTABLE else ""
    return Answer(answer["claim"], judged.verdict, f"{words}.{reason}")


def summarise(
    claims: Mapping[str, Mapping[str, Any]], judged: Mapping[str, Judgement], gate: Answer | None = None
) -> list[Answer]:
    """Return the questions in order, each answered by its claims.

    Args:
        claims: the answers of all tables and figures that were run, by claim.
        judged: their verdicts.
        gate: whether claims about distillation can be tested; comes first.
    """
    found = [] if gate is None else [gate]
    for question, names in QUESTIONS.items():
        known = [in_words(claims[name], judged[name]) for name in names if name in claims]
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


def _estimate(estimate: Mapping[str, Any], unit: str, sign: str) -> str:
    """A mean, its interval, and the value of every seed."""
    words = f"{estimate['mean']:{sign}.2f}{unit}"
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
    return words


def _probability(p: float) -> str:
    return f"{p:.2g}" if p >= 1e-4 else "under 0.0001"
