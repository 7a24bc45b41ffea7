"""A claim holds only above every floor, corrected for the number of claims, and where the gate is passed."""

from typing import Any

import pytest

from papers.mllmembed.claims import NO, OPEN, YES, claims_of, judge
from papers.mllmembed.confidence import over_seeds
from papers.mllmembed.gate import NOT_TESTABLE

CLEAR = [3.0, 3.1, 2.9]
"""t = 3 / (0.1 / sqrt 3) = 51.96 and p = 1 - t / sqrt(t^2 + 2) = 0.00037."""
P_CLEAR = 1 - (2700 / 2702) ** 0.5
PASSED = {
    "cloud, untrained": [30.0, 31.0],
    "C2C": [60.0, 61.0],
    "edge, untrained": [28.0, 28.0],
    "edge, task only": [50.0, 50.0],
    "E2E": [55.0, 55.0],
}


def claim(name: str, values: list[float], **more: Any) -> dict[str, Any]:
    return {"claim": name, "unit": "points", "estimate": over_seeds(values).to_json()} | more


def floors(**values: list[float]) -> dict[str, Any]:
    return {"floors": {name: over_seeds(found).to_json() for name, found in values.items()}}


def judged_alone(answer: dict[str, Any]) -> Any:
    return judge({"it": answer})["it"]


def test_a_clear_difference_holds_and_its_opposite_does_not() -> None:
    found = judged_alone(claim("it", CLEAR))
    assert (found.verdict, found.tested) == (YES, 1)
    assert (found.p, found.corrected) == (pytest.approx(P_CLEAR), pytest.approx(P_CLEAR))
    assert judged_alone(claim("it", [-value for value in CLEAR])).verdict == NO
    assert judged_alone(claim("it", [3.0, -1.0, 2.0])).verdict == OPEN


def test_a_claim_holds_only_above_both_floors() -> None:
    above = floors(task_only=CLEAR, no_step=CLEAR)
    assert judged_alone(claim("it", CLEAR, **above)).verdict == YES
    below_no_step = floors(task_only=CLEAR, no_step=[-1.0, -1.1, -0.9])
    assert judged_alone(claim("it", CLEAR, **below_no_step)).verdict == NO
    unclear = floors(task_only=[0.1, 2.0, -0.3], no_step=CLEAR)
    found = judged_alone(claim("it", CLEAR, **unclear))
    assert found.verdict == OPEN
    assert found.p > 0.2, "the largest p-value of the three"


def test_a_difference_against_a_claim_counts_for_each_comparison() -> None:
    """The smallest p-value of those that are not above 0, times three comparisons."""
    found = judged_alone(claim("it", CLEAR, **floors(a=[-value for value in CLEAR], b=CLEAR)))
    assert (found.verdict, found.p) == (NO, pytest.approx(3 * P_CLEAR))


def test_more_claims_need_more() -> None:
    """t = 1.5 / (0.5 / sqrt 3) = 5.196, p = 0.0351: enough alone, and not beside a second claim, 2 x 0.0351 > 0.05."""
    weak = [1.0, 2.0, 1.5]
    assert judged_alone(claim("weak", weak)).verdict == YES
    both = judge({"weak": claim("weak", weak), "noise": claim("noise", [1.0, -1.0, 0.5])})
    assert both["weak"].verdict == OPEN
    assert both["weak"].corrected == pytest.approx(2 * 0.0350987)
    assert both["weak"].tested == 2


def test_a_yardstick_is_undercut() -> None:
    assert judged_alone(claim("it", [4.0, 5.0, 4.5], below=10.0)).verdict == YES
    assert judged_alone(claim("it", [14.0, 15.0, 14.5], below=10.0)).verdict == NO


def test_one_seed_shows_nothing() -> None:
    one = claim("it", [3.0]) | {"estimate": over_seeds([3.0], (2.0, 4.0)).to_json()}
    found = judged_alone(one)
    assert (found.verdict, found.p) == (OPEN, None)


def test_claims_about_distillation_need_the_gate() -> None:
    weak_teacher = PASSED | {"C2C": [52.0, 53.0]}
    records = {
        "table2": {"answers": [claim("distilled", CLEAR, distillation=True)], "arms": weak_teacher},
        "table3": {"answers": [claim("adapted", CLEAR)], "arms": weak_teacher},
    }
    found = judge(claims_of(records))
    assert found["distilled"].verdict == NOT_TESTABLE
    assert "C2C is at least 25 above the untrained cloud model: 22.00" in found["distilled"].reason
    assert "C2C is at least 5 above the edge model trained alone: 2.50" in found["distilled"].reason
    assert (found["adapted"].verdict, found["adapted"].tested) == (YES, 1)
    records["table2"]["arms"] = PASSED
    assert judge(claims_of(records))["distilled"].verdict == YES
