import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def tool(program: Any) -> ModuleType:
    return program("tools/write_readme.py")


def row(setting: str, task: str, protocol: str, r1: float) -> dict[str, Any]:
    return {"setting": setting, "task": task, "protocol": protocol, "r1": r1, "mean_ap": r1 / 2}


def rows(r1: float) -> list[dict[str, Any]]:
    return [
        row("C2C", task, protocol, r1)
        for task in ("S->R", "IR->R", "T->R")
        for protocol in ("source-excluded", "all")
    ]


def test_a_run_is_a_row_a_setting(tool: ModuleType) -> None:
    lines = list(tool.one_run(rows(80.04)))
    assert lines[0] == "| setting | S→R | IR→R | T→R | S→R, `all` | IR→R, `all` |"
    assert lines[2:] == ["| C2C | " + " | ".join(["80.0 / 40.0"] * 5) + " |"]


def test_an_aim_is_reached_by_the_mean_over_seeds(tool: ModuleType) -> None:
    record = {
        "rows": {"0": rows(70), "1": rows(76), "2": rows(79)},
        "mean_map": {"C2C": [80, 82, 84], "E2E": [76, 76, 76], "edge, task only": [73.5, 73, 72.5]},
    }
    assert list(tool.aims(record))[2:] == [
        "| R1 of the cloud model, S→R | 75.0 (4.6) | ≥ 85 | missed by 10 |",
        "| R1 of the cloud model, IR→R | 75.0 (4.6) | ≥ 70 | reached |",
        "| R1 of the cloud model, T→R | 75.0 (4.6) | ≥ 80 | missed by 5 |",
        "| edge model behind the cloud model, mAP | 6.0 (2.0) | ≤ 5 | missed by 1 |",
        "| gained by distillation over training alone, mAP | 3.0 (0.5) | ≥ 3 | reached |",
    ]


def test_a_page_that_disagrees_is_refused(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "README.md"
    page.write_text((ROOT / "README.md").read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(tool, "PAGE", page)
    monkeypatch.setattr(sys, "argv", ["write_readme.py", "--check"])
    assert tool.main() == 0
    text = page.read_text(encoding="utf-8")
    page.write_text(text.replace("| C2C | ", "| C2C | 1"), encoding="utf-8")
    assert tool.main() == 1
    assert "make docs" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["write_readme.py"])
    assert tool.main() == 0
    assert page.read_text(encoding="utf-8") == text
