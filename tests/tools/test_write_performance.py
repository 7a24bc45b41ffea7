import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def tool(program: Any) -> Any:
    return program("tools/write_performance.py")


def way(median: float, share: float) -> dict[str, Any]:
    return {
        "seconds": {"median": median, "min": median / 2, "max": median * 2},
        "items_per_second": 32 / median,
        "extra_memory_mib": 1234.4,
        "share_of_peak": share,
        "gflop": 70.25,
    }


def test_a_measurement_is_a_row_a_way_and_a_line_on_the_machine(tool: Any, tmp_path: Path) -> None:
    case = {
        "ways": {"straightforward": way(0.5, 0.25), "ours": way(0.2, 0.5)},
        "times_faster": {"straightforward": {"median": 2.5, "min": 2.25, "max": 3.0}},
        "rounds": 7,
        "peak_gflops": 95.2,
        "versions": {"torch": "2.13.0", "transformers": "5.23.0"},
        "hardware": {"processor": "A processor", "accelerator": "none"},
    }
    (tmp_path / "teacher.json").write_text(json.dumps({"what": "x", "cases": {"tiny, pictures, cpu": case}}))
    lines = tool.page(tmp_path).splitlines()
    assert (
        "| tiny, pictures, cpu | straightforward | 0.5 [0.25, 1] | 64.0 | 1,234 | 70.2 | 25 % | 2.5 [2.25, 3] |"
        in lines
    )
    assert "| tiny, pictures, cpu | ours | 0.2 [0.1, 0.4] | 160.0 | 1,234 | 70.2 | 50 % | 1 |" in lines
    assert (
        "A processor, torch 2.13.0, transformers 5.23.0, 7 rounds: tiny, pictures, cpu (peak 95 GFLOP/s)."
        in lines
    )
    assert lines.count("Not measured yet.") == 3


def test_columns_that_nothing_fills_are_left_out(tool: Any, tmp_path: Path) -> None:
    row = way(0.5, 0.25)
    del row["gflop"], row["share_of_peak"]
    case = {
        "ways": {"ours": row},
        "times_faster": {},
        "rounds": 1,
        "versions": {"torch": "2.13.0", "transformers": "5.23.0"},
        "hardware": {"processor": "A processor", "accelerator": "none"},
    }
    (tmp_path / "ranking.json").write_text(json.dumps({"what": "x", "cases": {"large": case}}))
    lines = tool.page(tmp_path).splitlines()
    assert "| case | way | seconds | items/s | memory, MiB | times ours |" in lines
    assert "| --- | --- | ---: | ---: | ---: | ---: |" in lines
    assert "| large | ours | 0.5 [0.25, 1] | 64.0 | 1,234 | 1 |" in lines
    assert "A processor, torch 2.13.0, transformers 5.23.0, 1 round: large." in lines


def test_a_page_that_says_something_else_is_told(
    tool: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(tool, "PAGE", tmp_path / "docs.md")
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    monkeypatch.setattr("sys.argv", ["write_performance.py"])
    assert tool.main() == 0
    monkeypatch.setattr("sys.argv", ["write_performance.py", "--check"])
    assert tool.main() == 0
    (tmp_path / "docs.md").write_text("something else")
    assert tool.main() == 1
    assert "run `make docs`" in capsys.readouterr().out
