import pytest

from papers.mllmembed.gate import aims, gate, gate_answer, obstacle

ARMS = {
    "cloud, untrained": [20.0, 22.0],
    "C2C": [60.0, 62.0],
    "edge, untrained": [24.0, 26.0],
    "edge, task only": [50.0, 52.0],
    "E2E": [54.5, 55.5],
}


def test_the_gate_asks_for_room_and_a_teacher_worth_following() -> None:
    assert [(one.met, one.measured.mean) for one in gate(ARMS)] == [(True, 21.0), (True, 40.0), (True, 10.0)]
    assert obstacle(ARMS) == ""


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"cloud, untrained": [14.0, 15.0]}, "the untrained cloud model finds 15 to 45: 14.50"),
        ({"cloud, untrained": [46.0, 46.0], "C2C": [80.0, 80.0]}, "finds 15 to 45: 46.00"),
        ({"C2C": [45.0, 46.0], "edge, task only": [40.0, 40.0]}, "at least 25 above the untrained"),
        ({"edge, task only": [57.0, 57.5]}, "at least 5 above the edge model trained alone: 3.75"),
    ],
)
def test_each_condition_can_stop_a_claim(change: dict[str, list[float]], complaint: str) -> None:
    words = obstacle(ARMS | change)
    assert complaint in words
    assert ";" not in words, "the others are met"


def test_aims_are_met_or_missed_by_their_means() -> None:
    """E2E 55: 4 above task only (aim 3), 30 above the untrained edge model (20), 6 below C2C."""
    assert [(one.met, one.measured.mean) for one in aims(ARMS)] == [(True, 4.0), (True, 30.0), (True, 6.0)]
    missed = aims(ARMS | {"E2E": [53.0, 54.0], "C2C": [53.0, 53.0]})
    assert [one.met for one in missed] == [False, True, False]


def test_the_answer_is_of_the_record_with_the_most_seeds() -> None:
    few = {"arms": {name: values[:1] for name, values in ARMS.items()} | {"C2C": [30.0]}}
    answer = gate_answer([{}, few, {"arms": ARMS}])
    assert answer is not None
    assert answer.verdict == "yes"
    assert (
        "C2C is at least 5 above the edge model trained alone: 10.00 (10.00 to 10.00), passed" in answer.words
    )
    only = gate_answer([few])
    assert only is not None
    assert only.verdict == "not testable here"
    assert gate_answer([{}]) is None
