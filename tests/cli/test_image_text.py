import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

from crossreid.evaluation.report import Report

Call = Callable[..., Any]


def test_photographs_and_captions_are_evaluated_both_ways(run: Call, edge: Path, tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("caption_set", Path(__file__).parents[1] / "caption_set.py")
    assert spec is not None
    assert spec.loader is not None
    drawn = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(drawn)
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
