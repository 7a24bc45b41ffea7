from typing import Any

import pytest

from crossreid.reproduction.answers import NO, OPEN, QUESTIONS, YES, in_words, summarise, verdict


def answer(
    low: float | None, high: float | None, claim: str = "PCM beats cosine", **more: Any
) -> dict[str, Any]:
    mean = 0.0 if low is None or high is None else (low + high) / 2
    estimate = {"values": [mean, mean], "mean": mean, "low": low, "high": high, "over": "seeds"}
    return {"claim": claim, "unit": "points", "estimate": estimate} | more


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0.1, 2.0, YES), (-2.0, -0.1, NO), (-0.1, 2.0, OPEN), (0.0, 0.0, NO), (None, None, OPEN)],
)
def test_a_claim_holds_when_its_whole_interval_is_above_zero(
    low: float | None, high: float | None, expected: str
) -> None:
    assert verdict(answer(low, high)) == expected


@pytest.mark.parametrize(
    ("low", "high", "expected"), [(2, 9, YES), (11, 20, NO), (9, 11, OPEN), (10, 11, NO)]
)
def test_a_yardstick_is_undercut_by_the_whole_interval(low: float, high: float, expected: str) -> None:
    assert verdict(answer(low, high, below=10.0)) == expected


def test_the_words_hold_the_interval_every_seed_and_the_papers_difference() -> None:
    words = in_words(answer(1.0, 3.0, printed=3.83)).words
    assert words == (
        "+2.00 points, 95 % interval +1.00 to +3.00 over 2 seeds (each: +2.00, +2.00); the paper: +3.83."
    )


def test_a_question_of_several_claims_holds_in_part() -> None:
    names = QUESTIONS["Is stride 2 better than 1 and 4?"]
    claims = {name: answer(*ends, claim=name) for name, ends in zip(names, ((1, 2), (-1, 2)), strict=True)}
    found = {one.question: one for one in summarise(claims)}
    assert found["Is stride 2 better than 1 and 4?"].verdict == "in part"
    assert "Stride 2 is better than 4: not shown." in found["Is stride 2 better than 1 and 4?"].words
    others = [one for question, one in found.items() if question != "Is stride 2 better than 1 and 4?"]
    assert {one.verdict for one in others} == {"not run yet"}
    assert len(found) == len(QUESTIONS)
