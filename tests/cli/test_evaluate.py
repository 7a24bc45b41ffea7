from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crossreid.core.embeddings import Embeddings
from crossreid.evaluation.evaluate import evaluate
from crossreid.evaluation.report import Report

Call = Callable[..., Any]


def test_a_file_and_its_encoder_give_the_same_table(
    run: Call, world: Path, edge: Path, embeddings: Path, tmp_path: Path
) -> None:
    file, encoder = tmp_path / "file.json", tmp_path / "encoder.json"
    shown = run("evaluate", embeddings, "--setting", "E2E", "--out", file)
    run("evaluate", edge, "--data", world, "--setting", "E2E", "--out", encoder)
    report = Report.from_json(file.read_text())
    expected = evaluate(Embeddings.load(embeddings), protocol=["source-excluded", "all"], setting="E2E")
    assert report == expected
    assert Report.from_json(encoder.read_text()) == expected
    for row in expected.rows:
        assert f"{row.mean_ap:.2f}" in shown.stdout
    assert f"Next: crossreid analyse cases {embeddings}" in shown.stdout


def test_tasks_protocols_and_a_gallery_can_be_chosen(
    run: Call, world: Path, edge: Path, embeddings: Path, tmp_path: Path
) -> None:
    out = tmp_path / "report.md"
    run(
        "evaluate", embeddings, "--gallery", edge, "--data", world,
        "--task", "R->IR", "--task", "T->R", "--protocol", "market", "--out", out,
    )  # fmt: skip
    rows = out.read_text().splitlines()[2:4]
    assert [row.split(" | ")[0] for row in rows] == ["| R->IR", "| T->R"]
    assert all("market" in row for row in rows)


def test_spaces_are_kept_apart_unless_the_caller_vouches(run: Call, embeddings: Path, tmp_path: Path) -> None:
    ours = Embeddings.load(embeddings)
    columns = ("vectors", "modalities", "person_ids", "camera_ids", "source_ids", "item_ids")
    foreign = Embeddings(**{name: getattr(ours, name) for name in columns}, fingerprint="other@elsewhere")
    file = foreign.save(tmp_path / "foreign.parquet")
    assert "elsewhere" in run("evaluate", embeddings, "--gallery", file, status=2).stderr
    run("evaluate", embeddings, "--gallery", file, "--compatible")


def test_what_evaluate_refuses(run: Call, world: Path, edge: Path, embeddings: Path, tmp_path: Path) -> None:
    assert "without a data set; expected --data" in run("evaluate", edge, status=2).stderr
    data = run("evaluate", embeddings, "--data", world, status=2)
    assert "for files of embeddings" in data.stderr
    out = run("evaluate", embeddings, "--out", "report.txt", status=2)
    assert "--out report.txt; expected a name that ends in .json or .md or .tex" in out.stderr
    absent = run("evaluate", tmp_path / "absent.parquet", status=2)
    assert "absent.parquet is not a file of embeddings" in absent.stderr
    assert "expected QUERY, --compare or --average" in run("evaluate", status=2).stderr
    unread = run("evaluate", "--compare", tmp_path / "a.json", tmp_path / "b.json", status=2)
    assert "a.json cannot be read" in unread.stderr


def test_two_reports_are_compared_and_averaged(run: Call, embeddings: Path, tmp_path: Path) -> None:
    first, second, table = tmp_path / "first.json", tmp_path / "second.json", tmp_path / "both.tex"
    run("evaluate", embeddings, "--task", "S->R", "--setting", "E2E", "--out", first)
    run(
        "evaluate",
        embeddings,
        "--task",
        "S->R",
        "--rerank",
        "k-reciprocal",
        "--setting",
        "again",
        "--out",
        second,
    )
    compared = run("evaluate", "--compare", first, second).stdout
    assert "S->R E2E against again by source-excluded, R1:" in compared
    assert compared.count("no change; the difference is not significant (p = 1.0000, 4 people)") == 4
    run("evaluate", "--average", first, "--average", first, "--out", table)
    assert r"\pm$ 0.00" in table.read_text()


def test_orbench_asks_with_every_combination(run: Call, embeddings: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    run("evaluate", embeddings, "--protocol", "orbench", "--out", out)
    tasks = [row.task for row in Report.from_json(out.read_text()).rows]
    assert tasks == ["IR->R", "S->R", "T->R", "IR+S->R", "IR+T->R", "S+T->R", "IR+S+T->R"]


@pytest.mark.parametrize("option", ["--task", "--protocol"])
def test_unknown_names(run: Call, embeddings: Path, option: str) -> None:
    result = run("evaluate", embeddings, option, "strange", status=2)
    assert "'strange'; expected" in result.stderr


def test_any_evidence_in_one_table(run: Call, embeddings: Path, tmp_path: Path) -> None:
    out, learnt = tmp_path / "report.json", tmp_path / "calibration.json"
    run("calibrate", embeddings, "--out", learnt)
    words = ("evaluate", embeddings, "--combinations", "--weights", learnt, "--protocol", "watchlist")
    shown = run(*words, "--out", out)
    rows = Report.from_json(out.read_text()).rows
    assert len({row.task for row in rows}) == 15
    assert [len(row.weights) for row in rows] == [0] * 4 + [4] * 11
    assert "Weights: rgb " in shown.stdout
    assert "FNIR@1%" in shown.stdout
    refused = run("evaluate", embeddings, "--combinations", "--task", "S->R", status=2)
    assert "expected one of the two" in refused.stderr
    empty = run("evaluate", embeddings, "--weights", tmp_path / "absent.json", status=2)
    assert "no calibration in" in empty.stderr
    ours = Embeddings.load(embeddings)
    foreign = replace(ours, fingerprint="other").save(tmp_path / "foreign.parquet")
    assert (
        "expected those of other in other" in run("evaluate", foreign, "--weights", learnt, status=2).stderr
    )


def test_pieces_that_are_read_together_stand_beside_their_sum(
    run: Call, world: Path, cloud: Path, edge: Path, embeddings: Path, tmp_path: Path
) -> None:
    out, asked = tmp_path / "report.json", ("--task", "IR+S->R", "--task", "S->R", "--protocol", "all")
    shown = run("evaluate", cloud, "--data", world, *asked, "--together", "--out", out)
    rows = Report.from_json(out.read_text()).rows
    assert [(row.task, row.joining) for row in rows] == [
        ("IR+S->R", ""), ("IR+S->R", "read together"), ("S->R", ""),
    ]  # fmt: skip
    assert "all + read together" in shown.stdout
    for words in ((edge, "--data", world), (embeddings,)):
        assert (
            "several pieces of evidence jointly"
            in run("evaluate", *words, *asked, "--together", status=2).stderr
        )
