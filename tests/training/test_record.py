import json
from pathlib import Path

import pytest
import torch

from crossreid.core.processor import processor_features
from crossreid.models.precision import fastest_precision
from crossreid.training.record import complete_record, provenance, write_record


def test_a_record_says_what_a_result_came_from(tmp_path: Path) -> None:
    path = write_record(tmp_path / "run" / "run.json", {"steps": 3}, seed=7, mean_ap=51.5)
    record = json.loads(path.read_text())
    assert record["configuration"] == {"steps": 3}
    assert (record["seed"], record["mean_ap"]) == (7, 51.5)
    assert record["versions"]["torch"].startswith(torch.__version__.split("+")[0])
    assert set(record["versions"]) == {
        "python", "crossreid", "torch", "transformers", "peft", "accelerate", "numpy",
    }  # fmt: skip
    assert record["hardware"]["cores"] >= 1
    assert record["hardware"]["features"] == " ".join(processor_features())
    assert record["hardware"]["auto_precision"] == fastest_precision(
        "cuda" if torch.cuda.is_available() else "cpu"
    )


def test_a_record_says_what_held_the_processor_below_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ATEN_CPU_CAPABILITY", raising=False)
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    hardware = provenance()["hardware"]
    assert hardware["onednn_max_cpu_isa"] == "AVX2"
    assert "aten_cpu_capability" not in hardware


def test_a_record_is_completed_where_there_is_one(tmp_path: Path) -> None:
    complete_record(tmp_path / "run.json", precision="fp32")
    assert not (tmp_path / "run.json").exists()
    write_record(tmp_path / "run.json", {"steps": 3}, seed=7)
    complete_record(tmp_path / "run.json", precision="fp32")
    record = json.loads((tmp_path / "run.json").read_text())
    assert (record["precision"], record["seed"]) == ("fp32", 7)
    assert len(record["commit"]) in (0, 40)
