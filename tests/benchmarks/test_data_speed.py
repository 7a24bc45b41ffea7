"""The benchmarks of checking and expanding data sets run, on next to nothing."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest


def test_data_check(program: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    benchmark = program("benchmarks/data_check.py")
    monkeypatch.setattr(benchmark, "DRAWN", 3)
    monkeypatch.setattr(benchmark, "HASHES", 200)
    out = tmp_path / "results.json"
    monkeypatch.setattr(sys, "argv", ["data_check", "--pictures", "6", "--rounds", "1", "--out", str(out)])
    benchmark.main()
    report = json.loads(out.read_text())
    for name in ("opened_and_hashed_per_second", "checked_per_second"):
        assert report[name].keys() == {"1 workers", "2 workers"}
        assert all(figures["median"] > 0 for figures in report[name].values())


def test_expansion(program: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    benchmark = program("benchmarks/expansion.py")
    out = tmp_path / "results.json"
    monkeypatch.setattr(sys, "argv", ["expansion", "--people", "1", "--rounds", "1", "--out", str(out)])
    benchmark.main()
    report = json.loads(out.read_text())
    alone = report["generators_per_second_of_processor_time"]
    assert alone.keys() == {"drawn sketch", "rendered infrared", "tiny U-Net"}
    assert report["expansions_per_second_of_wall_time"].keys() == {"1 workers", "2 workers"}
    assert all(figures["median"] > 0 for figures in alone.values())
