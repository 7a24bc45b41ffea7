"""The studies of MLLMReID run, with models and data of nothing, and go on where they were stopped."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from papers.mllmreid import comparison

TRAINED = ("(a) many instructions", "(c) Common Instruction + DirectReID")


def test_trainings_differ_in_what_is_studied_alone() -> None:
    size = comparison.Comparison()
    planned = comparison.runs(size)
    assert len(planned) == 3 * (2 * 6 + 3) == 45
    assert len({run.folder for run in planned}) == len(planned)
    dumped = [comparison.configuration(size, run, Path("b")).model_dump() for run in planned]
    assert {config["loop"].pop("seed") for config in dumped} == {0, 1, 2}
    asked = [config.pop("mllmreid") for config in dumped]
    assert all(config == dumped[0] for config in dumped)
    first = {run.name: own for run, own in zip(planned, asked, strict=True) if run.seed == 0}
    assert len({json.dumps(own) for own in first.values()}) == len(first) == 6 + 3
    assert first["(c) Common Instruction + DirectReID"]["lambda_value"] == 0.7
    assert {run.style for run in planned if run.study == "ablation"} == {"day", "evening"}


def test_it_runs_to_its_end_and_does_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(comparison, "VARIANTS", {name: comparison.VARIANTS[name] for name in TRAINED})
    monkeypatch.setattr(comparison, "LAMBDAS", (1.0,))
    size = replace(
        comparison.MINIATURE,
        train_people=4,
        test_people=3,
        steps=1,
        alignment_people=4,
        alignment_steps=1,
        seeds=(0,),
        precision="fp32",
    )
    results = tmp_path / "results" / "mllmreid.json"
    comparison.main(size, folder=tmp_path / "runs", results=results)
    record = json.loads(results.read_text())
    numbers = record["numbers"]
    assert set(numbers) == {"start", "ablation", "lambda"}
    assert set(numbers["ablation"]) == set(TRAINED)
    for name in TRAINED:
        for style in ("day", "evening"):
            measured = numbers["ablation"][name][style]
            assert 0 < measured["vision mAP day"][0] <= 100
            assert ("latent R1 evening" in measured) == ("DirectReID" in name)
            assert measured["nats own picture"][0] > 0
    assert set(numbers["lambda"]) == {"1"}
    assert {"commit", "versions", "hardware", "seed", "configuration"} <= set(record)

    def refuse(*args: object, **options: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(comparison, "train_model", refuse)
    comparison.main(size, folder=tmp_path / "runs", results=results)
    assert json.loads(results.read_text())["numbers"] == numbers
    assert "is written" in capsys.readouterr().out
