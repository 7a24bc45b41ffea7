"""The comparison of runtimes: its arithmetic, and, slowly, all of it with a model of nothing."""

import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def part(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """A module of the benchmark by its name."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module


ROUNDS = {
    "eager fp32": [900.0, 1000.0, 1200.0],
    "eager bf16": [300.0, 260.0, 240.0],
    "onnx fp32": [850.0, 850.0, 850.0],
    "openvino bf16": [200.0, 200.0, 200.0],
    "openvino int8": [100.0, 125.0, 80.0],
    "onnx int8": [90.0, 90.0, 90.0],
    "around the model": [9.0, 10.0, 12.0],
    "product fp32, torch": [20.0, 20.0, 20.0],
    "product fp32, openvino": [25.0, 16.0, 25.0],
    "product bf16, torch": [10.0, 10.0, 10.0],
    "product int8, torch": [5.0, 5.0, 5.0],
}
PACKS = {
    "onnx fp32": {"mean": 1.0, "lowest": 1.0},
    "openvino bf16": {"mean": 0.9999, "lowest": 0.9991},
    "openvino int8": {"mean": 0.9995, "lowest": 0.99},
    "onnx int8": {"mean": 0.9985, "lowest": 0.99},
}


def test_ratios_are_of_one_round(part: Any) -> None:
    summary = part("edge_parts.summary")
    assert summary.times_faster(ROUNDS, "openvino bf16", "eager fp32") == {"median": 5, "min": 4.5, "max": 6}
    assert summary.best(ROUNDS, ("eager fp32", "eager bf16", "missing")) == "eager bf16"
    assert summary.best(ROUNDS, ("missing",)) is None


def test_the_peak_is_that_of_the_fastest_product_and_shares_are_of_it(part: Any) -> None:
    summary = part("edge_parts.summary")
    # 2 * 100^3 operations in 20, 16 and 20 ms; the median is 20 ms.
    peaks = summary.peaks(ROUNDS, 100)
    assert peaks == {"fp32": 0.1, "bf16": 0.2, "int8": 0.4}
    more = {"onnx fp16": [1000.0] * 3, "openvino fp16": [1000.0] * 3, "openvino bf16+int8": [50.0] * 3}
    shares = summary.shares_of_peak(ROUNDS | more, 20_000_000, peaks)
    assert shares["openvino bf16"] == 0.5  # 0.1 of 0.2 billion a second
    assert shares["openvino int8"] == 0.5
    assert (shares["onnx fp16"], shares["openvino fp16"]) == (0.2, 0.1)  # of the peak of fp32 and bf16
    assert shares["openvino bf16+int8"] == 1
    assert not {"around the model", "product fp32, torch"} & set(shares)


def test_a_product_in_eight_bits_that_is_slower_than_one_in_sixteen_is_no_peak(part: Any) -> None:
    summary = part("edge_parts.summary")
    slow = ROUNDS | {"product int8, torch": [11.0, 11.0, 11.0]}
    peaks = summary.peaks(slow, 100)
    assert set(peaks) == {"fp32", "bf16"}
    shares = summary.shares_of_peak(slow, 20_000_000, peaks)
    assert shares["openvino bf16"] == 0.5
    assert "openvino int8" not in shares


def test_targets_are_judged_among_packs_that_are_close_enough(part: Any) -> None:
    full, half, eight, around = part("edge_parts.summary").judge(ROUNDS, PACKS)
    assert (full["way"], full["found"]["median"], full["met"]) == ("openvino bf16", 5, True)
    assert (half["way"], half["found"]["median"], half["met"]) == ("openvino bf16", 1.3, True)
    # ONNX Runtime's int8 would be faster, but is too far off.
    assert (eight["way"], eight["found"], eight["met"]) == (
        "openvino int8",
        {"median": 2, "min": 1.6, "max": 2.5},
        True,
    )
    # The fastest pack took 90 ms, what is around it 9, 10 and 12.
    assert (around["way"], around["found"]["median"], around["met"]) == ("onnx int8", 0.1111, False)


def test_a_target_without_a_candidate_is_missed(part: Any) -> None:
    rounds = {name: times for name, times in ROUNDS.items() if "bf16" not in name or name == "eager bf16"}
    rows = part("edge_parts.summary").judge(rounds, {})
    assert [(row["way"], row["found"], row["met"]) for row in rows[:3]] == [(None, None, False)] * 3


class Clock:
    """Calls take as long as they say."""

    def __init__(self) -> None:
        self.now, self.order = 0.0, list[str]()

    def __call__(self) -> float:
        return self.now

    def call(self, name: str, seconds: float) -> Callable[[], None]:
        def run() -> None:
            self.order.append(name)
            self.now += seconds

        return run


def test_everybody_has_a_turn_in_each_round_and_a_stopped_run_goes_on(part: Any, tmp_path: Path) -> None:
    edge, plan = part("edge"), part("edge_parts.plan").Plan(rounds=2, least_s=0.0)
    clock, log = Clock(), tmp_path / "runs" / "rounds.jsonl"
    calls = {"a": clock.call("a", 0.001), "b": clock.call("b", 0.004)}
    found = edge.take_turns(calls, plan, log, key="k", clock=clock)
    assert found == {"a": [1.0, 1.0], "b": [4.0, 4.0]}
    # Once each to warm up, then the rounds.
    assert [set(clock.order[first : first + 2]) for first in (0, 2, 4)] == [{"a", "b"}] * 3
    clock.order.clear()
    with log.open("a") as stream:
        stream.write('{"a": 1')  # killed while it wrote
    longer = part("edge_parts.plan").Plan(rounds=3, least_s=0.0)
    assert edge.take_turns(calls, longer, log, key="k", clock=clock)["b"] == [4.0, 4.0, 4.0]
    assert sorted(clock.order) == ["a", "a", "b", "b"]
    clock.order.clear()
    assert edge.take_turns(calls, longer, log, key="k", clock=clock)["a"] == [1.0, 1.0, 1.0]
    assert clock.order == []
    edge.take_turns(calls, plan, log, key="another model", clock=clock)
    assert len(clock.order) == 6


def test_a_turn_is_the_median_of_the_calls_that_fit(part: Any, tmp_path: Path) -> None:
    edge, plan = part("edge"), part("edge_parts.plan").Plan(rounds=1, least_s=0.01)
    clock = Clock()
    takes = iter([0.5, 0.002, 0.007, 0.003])
    calls = {"a": lambda: clock.call("a", next(takes))()}
    assert edge.take_turns(calls, plan, tmp_path / "log", key="", clock=clock) == {"a": [3.0]}


def test_the_section_is_put_between_its_marks(part: Any, tmp_path: Path) -> None:
    module, summary = part("edge_parts.section"), part("edge_parts.summary")
    case = {
        "peaks_gflops": {"fp32": 95.0},
        "share_of_peak": {"openvino int8": 0.123},
        "ms": {name: summary.spread(times) for name, times in ROUNDS.items()},
        "times_faster_than_eager_fp32": {"openvino int8": {"median": 9.6}},
        "times_faster_than_eager_bf16": {"openvino int8": {"median": 3.0}},
        "unavailable": {},
        "profile_ms": {"openvino int8": {"FullyConnected": 75.0, "MVN": 25.0}},
    }
    tasks = [
        {"task": "S->R", "r1_change": -0.5, "mean_ap_change": 0.25},
        {"task": "T->R", "r1_change": 0.0, "mean_ap_change": -1.0},
    ]
    subject = {
        "packs": PACKS | {"onnx int8": PACKS["onnx int8"] | {"tasks": tasks}},
        "refused": {"openvino fp16": "too far off"},
        "cases": {"image 1": case, "text 1": case},
        "targets": summary.judge(ROUNDS, PACKS),
    }
    record = {
        "configuration": {"threads": 1, "rounds": 3},
        "hardware": {"processor": "A processor"},
        "commit": "0123456789",
        "subjects": {"miniature": subject},
    }
    (tmp_path / "edge.json").write_text(json.dumps(record))
    page = tmp_path / "edge.md"
    page.write_text(f"# Before\n\n{module.BEGIN}\n\nold\n\n{module.END}\n\nAfter\n")
    for _ in range(2):
        module.write_section(tmp_path / "edge.json", page)
    text = page.read_text()
    assert text.startswith(f"# Before\n\n{module.BEGIN}\n\nMeasured by")
    assert text.endswith(f"{module.END}\n\nAfter\n")
    assert "old" not in text
    assert "| openvino int8 | 100 (80–125) | 9.60 | 3.00 | 12 % | 100 (80–125) | 0.99950, 0.99000 |" in text
    assert "| openvino int8 | FullyConnected 75 %, MVN 25 % |" in text
    assert "openvino fp16 (too far off)" in text
    assert "of R1 and mAP | S->R | T->R |" in text
    assert "| onnx int8 | -0.50, +0.25 | +0.00, -1.00 |" in text
    assert "against eager fp32 (openvino bf16) | >= 4.5 | 5 (4.5–6) | met |" in text


def test_the_documentation_says_what_the_record_says(part: Any) -> None:
    module, results = part("edge_parts.section"), BENCHMARKS / "results" / "edge.json"
    if not results.exists():
        pytest.skip("nothing is measured yet")
    written = (BENCHMARKS.parent / "docs" / "edge.md").read_text()
    assert module.section(json.loads(results.read_text())) in written


@pytest.mark.slow
@pytest.mark.traced
@pytest.mark.filterwarnings("ignore")  # the compiler of PyTorch warns about itself
def test_it_runs_to_its_end(
    part: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("crossreid.packing.quantisation._GROUPS", 2)  # each costs a quantisation
    edge, plan = part("edge"), part("edge_parts.plan").MINIATURE
    page = tmp_path / "edge.md"
    page.write_text((BENCHMARKS.parent / "docs" / "edge.md").read_text())
    edge.main(plan, runs=tmp_path / "runs", results=tmp_path / "edge.json", document=page)
    record = json.loads((tmp_path / "edge.json").read_text())
    (subject,) = record["subjects"].values()
    case = subject["cases"]["image 1"]
    assert len(case["rounds_ms"]["eager fp32"]) == plan.rounds
    assert set(subject["packs"]) | set(subject["refused"]) == {
        f"{runtime} {precision}" for runtime, precision in part("edge_parts.plan").KINDS
    }
    assert all(share > 0 for share in case["share_of_peak"].values())
    assert {"fp32", "bf16", "int8"} == set(case["peaks_gflops"])
    assert case["profile_ms"]["openvino fp32"]
    assert all(cosine > 0.99 for cosine in case["cosine_with_eager_fp32"].values())
    assert part("edge_parts.section").section(record) in page.read_text()
    assert "met" in capsys.readouterr().out
