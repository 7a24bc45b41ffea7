"""The record over seeds; the run of a seed is tested in tests/demonstration."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from crossreid.demonstration.settings import DemoSettings

SETTINGS = DemoSettings(train_people=10)
NAMES = (
    "untrained cloud",
    "C2C",
    "untrained edge",
    "edge, closed form",
    "edge, task only",
    "E2E",
    "E2C",
    "C2E",
)


@pytest.fixture
def bench(program: Any, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The benchmark with a demonstration in which every setting finds the seed + 10 * its place, percent."""
    module = program("benchmarks/demonstration.py")
    module.ran = []

    def run(settings: DemoSettings, folder: Path, **_: Any) -> None:
        assert not folder.exists()
        folder.mkdir(parents=True)
        module.ran.append(settings.seed)
        means = {name: 10.0 * place + settings.seed for place, name in enumerate(NAMES)}
        record = {"configuration": asdict(settings), "mean_map": means, "seconds": {"draw": 7.0}}
        record |= {
            name: [] for name in ("rows", "closed_form", "validations", "versions", "hardware", "commit")
        }
        (folder / "results.json").write_text(json.dumps(record), encoding="utf-8")

    monkeypatch.setattr(module, "run_demo", run)
    return module


def test_all_seeds_are_kept_with_their_seconds_and_means(
    bench: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = bench.measure(SETTINGS, (0, 2), tmp_path / "runs", tmp_path / "demonstration.json")
    record = json.loads(path.read_text(encoding="utf-8"))
    assert record["seeds"] == [0, 2]
    assert record["mean_map"]["E2E"] == [50.0, 52.0]
    assert record["runs"]["2"]["seconds"] == {"draw": 7.0}
    assert record["configuration"] == asdict(SETTINGS)
    printed = capsys.readouterr().out
    assert "E2E                mean mAP 51.0 +- 1.4" in printed
    assert "Untrained cloud model: 1.0 (aim: 15 to 45) - missed" in printed


def test_a_finished_seed_is_read_and_an_unfinished_one_begins_anew(bench: ModuleType, tmp_path: Path) -> None:
    runs, results = tmp_path / "runs", tmp_path / "demonstration.json"
    bench.measure(SETTINGS, (0, 1), runs, results)
    (runs / "1" / "results.json").unlink()
    bench.measure(SETTINGS, (0, 1), runs, results)
    assert bench.ran == [0, 1, 1]


def test_other_settings_are_another_run(bench: ModuleType, tmp_path: Path) -> None:
    runs, results = tmp_path / "runs", tmp_path / "demonstration.json"
    bench.measure(SETTINGS, (0,), runs, results)
    bench.measure(replace(SETTINGS, student_steps=3), (0,), runs, results)
    assert bench.ran == [0, 0]
