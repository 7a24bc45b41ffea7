import json
from pathlib import Path

import torch

from crossreid.training.record import write_record


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
    assert len(record["commit"]) in (0, 40)
