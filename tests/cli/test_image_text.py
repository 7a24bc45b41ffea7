from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crossreid.evaluation.report import Report

Call = Callable[..., Any]

BATCH = {"people": 3, "groups": 1, "items": 2}


@pytest.fixture
def drawn(program: Any) -> Any:
    """The module that draws photographs with captions."""
    return program("tests/caption_set.py")


def test_photographs_and_captions_are_evaluated_both_ways(
    run: Call, edge: Path, drawn: Any, tmp_path: Path
) -> None:
    data, out = drawn.write_caption_set(tmp_path / "data", pictures={"test": 6}), tmp_path / "report.json"
    words = ("evaluate", edge, "--dataset", "flickr30k", "--data", data, "--out", out)
    shown = run(*words, "--protocol", "image-text", "--protocol", "image-text-five-fold").stdout
    report = Report.from_json(out.read_text())
    assert [(row.task, row.protocol, row.queries) for row in report.rows] == [
        ("R->T", "image-text", 6), ("T->R", "image-text", 30),
        ("R->T", "image-text-five-fold", 6), ("T->R", "image-text-five-fold", 30),
    ]  # fmt: skip
    for (_, rule), value in report.recall_sums().items():
        assert f"rSum by {rule}: {value:.2f}." in shown
    run(*words, "--protocol", "image-text", "--task", "R->T")
    assert [row.task for row in Report.from_json(out.read_text()).rows] == ["R->T"]


def test_captions_are_distilled_and_then_evaluated_both_ways(
    run: Call, configuration: Callable[..., Path], edge: Path, cloud: Path, drawn: Any, tmp_path: Path
) -> None:
    data = drawn.write_caption_set(tmp_path / "data", pictures={"train": 5, "val": 5, "test": 5})
    named = ("--dataset", "flickr30k", "--data", data)
    features, out = tmp_path / "features.parquet", tmp_path / "run"
    run("embed", cloud, *named, "--split", "train", "--out", features)
    config = configuration("dsmd", backbone=str(edge), dsmd={"queue": 16}, keep="best", batch=BATCH)
    words = ("distill", config, "--teacher", features, *named, "--out", out)
    shown = run(*words, "--validation-split", "val").stdout
    proposed = f"evaluate {out}/model --data {data} --dataset flickr30k --protocol image-text"
    assert shown.endswith(f"Next: crossreid {proposed}\n")
    assert "rSum by image-text" in run(*proposed.split()).stdout
