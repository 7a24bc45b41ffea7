"""Every fault keeps what it was measured on, also when others are measured again later."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest


def test_a_fault_that_is_not_measured_again_keeps_its_own_machine(
    program: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    benchmark = program("benchmarks/reliability.py")
    monkeypatch.setattr(benchmark, "RESULTS", tmp_path)
    monkeypatch.setattr(
        benchmark, "FAULTS", dict.fromkeys(("one", "other"), lambda encoder, pace: {"lost": 0})
    )
    for number, only in enumerate((["one", "other"], ["other"])):
        monkeypatch.setattr(benchmark, "provenance", lambda number=number: {"commit": str(number)})
        monkeypatch.setattr(sys, "argv", ["reliability", "--only", *only])
        benchmark.main()
    faults = json.loads((tmp_path / "reliability.json").read_text())["faults"]
    assert [faults[name]["measured"]["commit"] for name in ("one", "other")] == ["0", "1"]
    assert all(fault["measured"]["load_average"] >= 0 for fault in faults.values())
