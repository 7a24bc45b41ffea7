import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

MEANS = {
    "untrained cloud": 20.0, "C2C": 72.0, "untrained edge": 25.0, "edge, closed form": 31.0, "edge, task only": 60.0,
    "E2E": 62.0, "E2C": 66.0, "C2E": 67.0,
}  # fmt: skip


@pytest.fixture(scope="module")
def tool(program: Any) -> ModuleType:
    return program("tools/write_readme.py")


def run() -> dict[str, Any]:
    rows = [
        {"setting": setting, "task": task, "protocol": protocol, "r1": found + 1, "mean_ap": found}
        for setting, value in MEANS.items()
        for task in ("S->R", "IR->R", "T->R")
        for protocol, found in (("source-excluded", value), ("all", 99.0))
    ]
    return {"rows": rows, "mean_map": MEANS}


def seeds() -> dict[str, Any]:
    return {
        "seeds": [0, 1, 2],
        "mean_map": {setting: [value - 1, value, value + 1] for setting, value in MEANS.items()},
    }


@pytest.fixture
def readme(tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page with room for the results, and records beside it."""
    page = tmp_path / "README.md"
    page.write_text(f"# Title\n\n{tool.BEGIN}\n{tool.END}\nAfter.\n", encoding="utf-8")
    (tmp_path / "demo.json").write_text(json.dumps(run()), encoding="utf-8")
    (tmp_path / "demonstration.json").write_text(json.dumps(seeds()), encoding="utf-8")
    for name, place in (("PAGE", page), ("PICTURE", tmp_path / "bars.svg"), ("RESULTS", tmp_path)):
        monkeypatch.setattr(tool, name, place)
    return page


def test_a_model_is_a_row(tool: ModuleType) -> None:
    lines = list(tool.table(run(), seeds()))
    assert lines[0] == "| | S→R | IR→R | T→R | mean mAP | over 3 seeds |"
    assert lines[2] == (
        "| cloud model, untrained | 21.0 / 20.0 | 21.0 / 20.0 | 21.0 / 20.0 | 20.0 | 20.0 (1.0) |"
    )
    assert [line.split(" | ")[-2] for line in lines[2:]] == [f"{value:.1f}" for value in MEANS.values()]


def test_one_seed_has_no_deviation(tool: ModuleType) -> None:
    one = {"seeds": [0], "mean_map": {setting: [value] for setting, value in MEANS.items()}}
    lines = list(tool.table(run(), one))
    assert lines[0] == "| | S→R | IR→R | T→R | mean mAP |"
    assert lines[2] == "| cloud model, untrained | 21.0 / 20.0 | 21.0 / 20.0 | 21.0 / 20.0 | 20.0 |"


def test_aims_are_judged_by_the_mean_over_seeds(tool: ModuleType) -> None:
    assert list(tool.aims(seeds())) == [
        "- Untrained cloud model: 20.0 (aim: 15 to 45) - met",
        "- Gain of the cloud model by adaptation: 52.0 (aim: at least 25) - met",
        "- Adapted cloud model above the edge model trained alone: 12.0 (aim: at least 5) - met",
        "- Distilled edge model above the edge model trained alone: 2.0 (aim: at least 3) - missed",
        "- Gain of the edge model by distillation: 37.0 (aim: at least 20) - met",
        "- Adapted cloud model above the distilled edge model: 10.0 (aim: at least 0) - met",
    ]


def test_the_page_and_its_picture_are_written(
    tool: ModuleType, readme: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["write_readme.py"])
    assert tool.main() == 0
    text = readme.read_text(encoding="utf-8")
    assert text.startswith("# Title\n")
    assert text.endswith("After.\n")
    assert "(docs/bars.svg)" in text
    assert "| edge model, distilled (E2E) | 63.0 / 62.0 |" in text
    assert "Edge model, distilled: 62.0 %" in (readme.parent / "bars.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "old"), [("README.md", "63.0 / 62.0"), ("bars.svg", "62.0 %")])
def test_what_disagrees_is_refused(
    tool: ModuleType, readme: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    name: str, old: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(sys, "argv", ["write_readme.py"])
    tool.main()
    monkeypatch.setattr(sys, "argv", ["write_readme.py", "--check"])
    assert tool.main() == 0
    path = readme.parent / name
    path.write_text(path.read_text(encoding="utf-8").replace(old, "99.9"), encoding="utf-8")
    assert tool.main() == 1
    assert "make docs" in capsys.readouterr().out
