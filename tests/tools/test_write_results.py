"""The check that the page of results says what the records say."""

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def tool(program: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    module = program("tools/write_results.py")
    monkeypatch.setattr(module, "PAGE", tmp_path / "results.md")
    monkeypatch.setattr(module, "RESULTS", tmp_path / "records")
    return module


def record(timing: float) -> dict[str, Any]:
    rows = [
        {"size": "112x56", "batch": 1, "latency_ms": timing, "items_per_second": 1000 / timing, "calls": 10}
    ]
    training = {
        "backbone": "small",
        "loop": {
            "steps": 1,
            "learning_rate": 0.1,
            "warmup_share": 0.05,
            "gradient_clip": 1.0,
            "weight_decay": 0.01,
        },
        "batch": {"people": 2, "groups": 1},
        "augmentation": {"flip": 0.5, "padding": 6, "erase": 0.3},
        "weights": {"sdm_reduction": "mean", "triplet_warmup": 0.5, "temperature": 0.05},
        "lora": {"dense": 1},
        "keep": "last",
        "distillation": {"head_start": "rotation"},
    }
    kinds = ("teacher", "student", "distillation")
    arms = {f"{kind}_learning_rates": [] for kind in kinds}
    return {
        "item": "table5", "seeds": [0], "weights": {"cloud": "a", "edge": "b"}, "pictures": [], "timings": rows,
        "configuration": {"preset": "paper", "arms": arms, **dict.fromkeys(kinds, training)},
        "commit": "", "hardware": {"cores": 2}, "versions": {"torch": "2"},
    }  # fmt: skip


def test_the_page_follows_the_records(tool: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    tool.RESULTS.mkdir()
    file = tool.RESULTS / "table5.json"
    file.write_text(json.dumps(record(4.0)))
    monkeypatch.setattr("sys.argv", ["write_results.py", "--check"])
    assert tool.main() == 1, "there is no page yet"
    monkeypatch.setattr("sys.argv", ["write_results.py"])
    assert tool.main() == 0
    assert "| **112x56** | **1** | **4.00** | **250.00** |" in tool.PAGE.read_text()
    monkeypatch.setattr("sys.argv", ["write_results.py", "--check"])
    assert tool.main() == 0
    file.write_text(json.dumps(record(5.0)))
    assert tool.main() == 1
    assert "200.00" in capsys.readouterr().out
