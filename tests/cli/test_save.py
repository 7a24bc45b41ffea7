from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from crossreid.models.loading import load_encoder

Call = Callable[..., Any]


def test_a_model_is_saved_with_the_figures_of_its_report(
    run: Call, world: Path, edge: Path, tmp_path: Path
) -> None:
    report, out = tmp_path / "report.json", tmp_path / "for the hub"
    run("evaluate", edge, "--data", world, "--out", report)
    shown = run("save", edge, "--out", out, "--report", report).stdout
    assert "README.md" in shown
    assert shown.endswith(f"Next: crossreid embed '{out}' --data DATA --out embeddings.parquet\n")
    head = yaml.safe_load((out / "README.md").read_text().split("---")[1])
    tasks = [row["task"]["name"] for row in head["model-index"][0]["results"]]
    assert {task.split()[0] for task in tasks} == {"S->R", "IR->R", "T->R"}
    assert len(set(tasks)) == len(tasks)  # protocols can be told apart
    assert {row["dataset"]["name"] for row in head["model-index"][0]["results"]} == {"world (test)"}
    assert load_encoder(out).fingerprint == load_encoder(edge).fingerprint


def test_an_adapter_whose_base_only_this_machine_has_is_told(
    run: Call, configuration: Callable[..., Path], world: Path, cloud: Path, tmp_path: Path
) -> None:
    config = configuration("teacher", backbone=str(cloud), lora={"rank": 2})
    run("train", config, "--data", world, "--out", tmp_path / "run")
    adapter, warning = tmp_path / "run" / "adapter", "on this machine alone"
    assert f"Its base is {cloud}, {warning}" in run("save", adapter, "--out", tmp_path / "a").stdout
    named = run("save", adapter, "--base", "Qwen/Qwen2-VL-2B-Instruct", "--out", tmp_path / "b").stdout
    assert warning not in named + run("save", adapter, "--merged", "--out", tmp_path / "c").stdout


def test_what_save_refuses(run: Call, edge: Path, tmp_path: Path) -> None:
    text = tmp_path / "report.json"
    text.write_text("{")
    for report in (text, tmp_path / "nothing.json"):
        refused = run("save", edge, "--out", tmp_path / "out", "--report", report, status=2)
        assert refused.stderr.startswith("crossreid: ")
    assert not (tmp_path / "out").exists()
    assert "which is not empty" in run("save", edge, "--out", tmp_path, status=2).stderr
