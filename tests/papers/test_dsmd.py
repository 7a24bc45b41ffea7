"""The comparison of distillations runs, with models and data of nothing."""

import json
from pathlib import Path
from typing import Any

import pytest

from crossreid.models.folder import save_model
from crossreid.training.record import provenance
from papers.dsmd import comparison

TRAINED = ("task only", "DSMD, raw rate", "cosine + PCM + FR, balanced")


def test_variants_differ_in_what_they_distil_alone() -> None:
    size = comparison.Comparison()
    chosen = {name: comparison.configuration(size, name, 5).model_dump() for name in comparison.VARIANTS}
    own = ("kind", "distillation", "dsmd", "keep", "dim")
    shared = [{key: value for key, value in config.items() if key not in own} for config in chosen.values()]
    assert all(config == shared[0] for config in shared)
    assert {config["loop"]["seed"] for config in shared} == {5}
    terms = {name: config.get("distillation") or config.get("dsmd") for name, config in chosen.items()}
    assert terms["task only"] is None
    assert all(term["task"] == 0.01 for term in terms.values() if term)
    assert len({json.dumps(term) for term in terms.values()}) == len(comparison.VARIANTS) == 10


def test_it_runs_to_its_end(tiny: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr(comparison, "VARIANTS", {name: comparison.VARIANTS[name] for name in TRAINED})
    size = comparison.Comparison(
        train_people=6,
        test_people=3,
        test_groups=2,
        validation_people=3,
        validate_every=1,
        steps=2,
        batch_people=4,
        components=4,
        queue=16,
        teacher=str(save_model(tiny.teacher(text_budget=400), tmp_path / "cloud")),
        student=str(save_model(tiny.student(), tmp_path / "edge")),
        precision="fp32",
        seeds=(0, 1),
    )
    results = tmp_path / "results" / "dsmd.json"
    comparison.main(size, runs=tmp_path / "runs", results=results)
    record = json.loads(results.read_text())
    assert set(record["numbers"]) == {"teacher", "student, untrained", *TRAINED}
    for name in TRAINED:
        numbers = record["numbers"][name]
        assert all(len(values) == 2 for values in numbers.values())
        assert ("E2C mAP" in numbers) == (name != "task only")
        assert 0 < numbers["E2E rSum"][0] <= 600
    assert record["numbers"]["teacher"]["E2E mAP"] == record["numbers"]["teacher"]["E2C mAP"]
    assert record["seeds"] == [0, 1]
    assert set(record["curves"]) == set(TRAINED)
    assert all([step for step, _ in one] == [0, 1, 2] for seeds in record["curves"].values() for one in seeds)
    assert results.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    assert record["configuration"]["steps"] == 2
    assert {name: record[name] for name in ("versions", "hardware")} == {
        name: provenance()[name] for name in ("versions", "hardware")
    }
    shown = capsys.readouterr().out
    assert f"{results} is written" in shown
