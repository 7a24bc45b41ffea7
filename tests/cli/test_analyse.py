import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crossreid.analysis.low_rank import low_rank_spectrum
from crossreid.core.embeddings import Embeddings
from crossreid.data import load_dataset
from crossreid.data.images import decode_image

Call = Callable[..., Any]


def test_the_spectra_of_several_files(run: Call, embeddings: Path, tmp_path: Path) -> None:
    photos = Embeddings.load(embeddings).of("rgb").save(tmp_path / "photos.parquet")
    out = tmp_path / "figures" / "spectrum.png"
    result = run("analyse", "low-rank", embeddings, photos, "--out", out)
    rank = low_rank_spectrum(Embeddings.load(photos).unit().vectors).effective_rank
    assert f"photos: effective rank {rank:.1f} of 32" in result.stdout
    assert result.stdout.startswith("edge: effective rank")
    assert decode_image(out).shape[2] == 3
    assert "Next: crossreid analyse tsne" in result.stdout
    found = written(out)["spectra"]["photos"]
    assert found["effective_rank"] == pytest.approx(rank)
    ranks = [one["effective_rank"] for one in found["trials"]]
    assert len(set(ranks)) == 4, "other halves each time"
    mean, deviation = np.mean(ranks), np.std(ranks, ddof=1)
    assert (
        f"photos, 4 random halves: effective rank {mean:.1f} ± {deviation:.1f}; components" in result.stdout
    )
    alone = run("analyse", "low-rank", photos, "--trials", 0, "--out", out)
    assert "halves" not in alone.stdout
    assert written(out)["spectra"]["photos"]["trials"] == []


def test_maps_in_three_dimensions(run: Call, embeddings: Path, tmp_path: Path) -> None:
    photos = Embeddings.load(embeddings).of("rgb").save(tmp_path / "photos.parquet")
    out = tmp_path / "pca.png"
    result = run("analyse", "pca", embeddings, photos, "--people", 2, "--out", out)
    maps = written(out)["maps"]
    assert {name: one["items"] for name, one in maps.items()} == {"edge": 16, "photos": 4}
    assert "photos: 4 items, " in result.stdout
    assert sum(maps["photos"]["shares"]) == pytest.approx(1), "four centred points lie in three dimensions"


def test_a_map_of_some_people(run: Call, embeddings: Path, tmp_path: Path) -> None:
    out = tmp_path / "map.svg"
    result = run("analyse", "tsne", embeddings, "--people", 2, "--out", out)
    assert f"Wrote {out}: 16 items" in result.stdout  # 2 people x 2 encounters x 4
    assert "<svg" in out.read_text()
    nobody = Embeddings.load(embeddings)
    nobody.person_ids[:] = -1
    file = nobody.save(tmp_path / "nobody.parquet")
    assert "nobody known" in run("analyse", "tsne", file, "--out", out, status=2).stderr


def test_cases_show_the_pictures(run: Call, world: Path, embeddings: Path, tmp_path: Path) -> None:
    words = ("analyse", "cases", embeddings, "--data", world, "--out")
    result = run(*words, tmp_path / "cases.png", "--task", "T->R", "--task", "S->R", "--top", 3)
    assert decode_image(tmp_path / "cases.png").std() > 10
    searches = int(result.stdout.split(":")[1].split()[0])
    assert 2 <= searches <= 4
    run(*words, tmp_path / "one.png", "--task", "T->R", "--failures", 1, "--successes", 0)
    run(*words, tmp_path / "same.png", "--task", "T->R", "--failures", 1, "--successes", 0)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "same.png").read_bytes()
    other = run(*words, tmp_path / "x.png", "--split", "train", status=2)
    assert "embedded but not in the data" in other.stderr


@pytest.mark.parametrize("command", ["low-rank", "tsne", "pca"])
def test_figures_of_other_kinds_are_refused(run: Call, embeddings: Path, command: str) -> None:
    result = run("analyse", command, embeddings, "--out", "figure.gif", status=2)
    assert "--out figure.gif; expected a name that ends in .png or .svg" in result.stderr


def test_the_program_says_which_analyses_there_are(run: Call) -> None:
    output = run("analyse", "--help").stdout
    for command in (
        "low-rank",
        "tsne",
        "pca",
        "cases",
        "convergence",
        "importance",
        "gallery-width",
        "errors",
        "leakage",
    ):
        assert command in output


def written(out: Path) -> Any:
    """The numbers beside a figure, which must be there in both formats."""
    assert decode_image(out.with_suffix(".png")).std() > 3
    assert "<svg" in out.with_suffix(".svg").read_text()
    record = json.loads(out.with_suffix(".json").read_text())
    assert {"configuration", "commit", "versions", "hardware"} <= set(record)
    return record


def test_curves_of_trainings(run: Call, tmp_path: Path) -> None:
    for name, last in (("first", 1.0), ("second", 0.5)):
        (tmp_path / name).mkdir()
        lines = [
            {"step": 1, "total": 3.0, "pcm": 2.0},
            {"step": 9, "total": last},
            {"step": 9, "validation_map": math.nan},
        ]
        (tmp_path / name / "history.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    out = tmp_path / "curves.png"
    words = (
        "analyse",
        "convergence",
        tmp_path / "first",
        tmp_path / "second" / "history.jsonl",
        "--out",
        out,
    )
    shown = run(*words)
    assert "first: 3 at step 1, 1 at step 9" in shown.stdout
    assert written(out)["curves"]["history"] == [[1, 3.0], [9, 0.5]]
    assert "no pcm" not in run(*words, "--quantity", "total").stderr
    run(
        "analyse", "convergence", tmp_path / "first", "--quantity", "pcm", "--quantity", "total", "--out", out
    )
    assert set(written(out)["curves"]) == {"first: pcm", "first: total"}
    missing = run("analyse", "convergence", tmp_path / "first", "--quantity", "loss", "--out", out, status=2)
    assert "expected one of pcm, total, validation_map" in missing.stderr
    empty = run(
        "analyse", "convergence", tmp_path / "first", "--quantity", "validation_map", "--out", out, status=2
    )
    assert "no finite validation_map" in empty.stderr
    absent = run("analyse", "convergence", tmp_path / "absent", "--out", out, status=2)
    assert "absent cannot be read" in absent.stderr


def test_the_long_tail_of_dimensions(run: Call, embeddings: Path, tmp_path: Path) -> None:
    out = tmp_path / "importance.svg"
    run("analyse", "importance", embeddings, "--trials", 3, "--seed", 5, "--out", out)
    record = written(out)
    assert (record["seed"], record["configuration"]["trials"]) == (5, 3)
    assert len(record["importance"]["edge"]["effective_ranks"]) == 3
    assert len(record["importance"]["edge"]["importance"]) == 32


def test_narrow_galleries(run: Call, embeddings: Path, tmp_path: Path) -> None:
    out = tmp_path / "width.png"
    words = ("analyse", "gallery-width", embeddings, "--timed-items", 50, "--out", out)
    shown = run(*words, "--width", 4, "--width", 16, "--task", "T->R")
    record = written(out)
    assert [row["width"] for row in record["rows"]] == [4] * 4 + [16] * 4 + [32] * 4
    assert "float32: k = " in shown.stdout
    photos = Embeddings.load(embeddings).of("rgb").save(tmp_path / "photos.parquet")
    run(*words, "--width", 4, "--task", "T->R", "--basis", photos)
    assert written(out)["rows"][0]["mean"] == record["rows"][0]["mean"]
    refused = run(*words, "--width", 400, status=2)
    assert "widths [400]; expected 1 to 32" in refused.stderr


def test_errors_by_attribute(run: Call, world: Path, embeddings: Path, tmp_path: Path) -> None:
    out = tmp_path / "errors.png"
    shown = run("analyse", "errors", embeddings, "--data", world, "--protocol", "all", "--out", out)
    record = written(out)
    assert [report["task"] for report in record["reports"]] == ["S->R", "IR->R", "T->R"]
    assert record["reports"][0]["overall"]["queries"] == 8
    assert "S->R: mAP" in shown.stdout
    # An untrained model errs.
    assert written(tmp_path / "errors-agreement.png")["reports"] == record["reports"]
    other = run("analyse", "errors", embeddings, "--data", tmp_path, "--out", out, status=2)
    assert "no drawn world in" in other.stderr


def test_leakage_of_too_few_people_is_refused(
    run: Call, world: Path, embeddings: Path, tmp_path: Path
) -> None:
    words = ("analyse", "leakage", embeddings, "--data", world, "--out", tmp_path / "leakage.png")
    assert "4 people; expected an attribute with two values" in run(*words, status=2).stderr


def test_leakage_of_several_embeddings(run: Call, world: Path, tmp_path: Path) -> None:
    """Twenty people and their camera: drawn worlds of that size take too long, so these are copies of four."""
    random = np.random.default_rng(0)
    dataset = load_dataset("pedestrians", world, "test").of("rgb")
    samples = dataset.samples * 10
    items = Embeddings(
        vectors=random.normal(size=(len(samples), 6)),
        modalities=np.full(len(samples), "rgb"),
        person_ids=np.repeat(np.arange(40), 2),
        camera_ids=np.full(len(samples), -1),
        source_ids=np.array([sample.source_id for sample in samples]),
        item_ids=np.arange(len(samples)).astype(np.str_),
        fingerprint="model",
    )
    first, second, out = tmp_path / "first.parquet", tmp_path / "second.parquet", tmp_path / "leakage.png"
    items.save(first)
    items.save(second)
    shown = run("analyse", "leakage", first, second, "--data", world, "--out", out)
    leaks = written(out)["leaks"]
    assert leaks["first"] == leaks["second"]
    assert {"balanced_accuracy", "chance", "readable"} <= set(leaks["first"][0])
    assert "first: most readable are" in shown.stdout
