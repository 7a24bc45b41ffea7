from typing import Any

import pytest

from papers.mllmembed.answers import QUESTIONS, in_words, summarise
from papers.mllmembed.claims import NOT_TESTABLE, Judgement, judge
from papers.mllmembed.sections import Answer


def answer(*values: float, claim: str = "PCM beats cosine", **more: Any) -> dict[str, Any]:
    mean = sum(values) / len(values)
    estimate = {"values": list(values), "mean": mean, "low": mean - 1, "high": mean + 1, "over": "seeds"}
    return {"claim": claim, "unit": "points", "estimate": estimate} | more


def test_the_words_hold_intervals_seeds_floors_and_the_corrected_p() -> None:
    floor = answer(4.0, 6.0)["estimate"]
    judged = Judgement("holds", p=0.0012, corrected=0.024, tested=20)
    words = in_words(answer(1.0, 3.0, printed=3.83, floors={"no step (closed form)": floor}), judged).words
    assert words == (
        "+2.00 points, 95 % interval +1.00 to +3.00 over 2 seeds (each: +1.00, +3.00);"
        " over no step (closed form): +5.00, 95 % interval +4.00 to +6.00 over 2 seeds (each: +4.00, +6.00);"
        " the paper: +3.83; p = 0.0012, corrected 0.024 (Holm, 20 claims)."
    )


def test_a_yardstick_has_no_sign() -> None:
    words = in_words(answer(4.0, 6.0, below=10.0), Judgement("holds", 1e-6, 1e-6, 1)).words
    assert words == (
        "5.00 points, 95 % interval 4.00 to 6.00 over 2 seeds (each: 4.00, 6.00); the yardstick is less than 10 %;"
        " p = under 0.0001, corrected under 0.0001 (Holm, 1 claim)."
    )


def test_what_cannot_be_tested_says_why() -> None:
    found = in_words(answer(1.0, 3.0), Judgement(NOT_TESTABLE, reason="the teacher is weak: 2.00"))
    assert found.verdict == "not testable here"
    assert found.words.endswith("(each: +1.00, +3.00). Not testable here: the teacher is weak: 2.00.")


@pytest.mark.parametrize("gate", [None, Answer("Can it?", "yes", "By a lot.")])
def test_a_question_of_several_claims_holds_in_part(gate: Answer | None) -> None:
    names = QUESTIONS["Is stride 2 better than 1 and 4?"]
    values = {names[0]: (2.0, 2.1, 1.9), names[1]: (-1.0, 2.0, 1.0)}
    claims = {name: answer(*values[name], claim=name) for name in names}
    summary = summarise(claims, judge(claims), gate)
    assert (summary[0] is gate) == (gate is not None)
    found = {one.question: one for one in summary if one is not gate}
    assert found["Is stride 2 better than 1 and 4?"].verdict == "in part"
    assert "Stride 2 is better than 4: not shown." in found["Is stride 2 better than 1 and 4?"].words
    others = [one for question, one in found.items() if question != "Is stride 2 better than 1 and 4?"]
    assert {one.verdict for one in others} == {"not run yet"}
    assert len(found) == len(QUESTIONS)
