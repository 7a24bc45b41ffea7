from collections.abc import Callable
from pathlib import Path
from typing import Any

from crossreid.core.embeddings import Embeddings
from crossreid.models.loading import load_encoder

Call = Callable[..., Any]
Write = Callable[..., Path]


def test_the_edge_model_joins_the_space_of_its_teacher(
    run: Call, configuration: Write, world: Path, cloud: Path, edge: Path, tmp_path: Path
) -> None:
    config = configuration("distillation", backbone=str(edge), distillation={"components": 4})
    out, features = tmp_path / "run", tmp_path / "kept" / "features.parquet"
    words = ("distill", config, "--teacher", cloud, "--data", world)
    result = run(*words, "--out", out, "--features", features)
    assert f"Teacher's features: {features}" in result.stdout
    proposed = f"evaluate {out}/model --gallery {cloud} --setting E2C --data {world}"
    assert result.stdout.endswith(f"Next: crossreid {proposed}\n")
    report = run(*proposed.split())
    assert report.stdout.count("E2C") == 6
    assert len(Embeddings.load(features)) == 6 * 2 * 4
    assert load_encoder(out / "model").dim == load_encoder(cloud).dim

    stored = features.stat().st_mtime_ns
    run(*words, "--out", tmp_path / "again", "--features", features)
    assert features.stat().st_mtime_ns == stored
    again, first = (load_encoder(folder / "model").fingerprint for folder in (tmp_path / "again", out))
    assert again == first


def test_dsmd_learns_from_stored_features(
    run: Call, configuration: Write, world: Path, cloud: Path, edge: Path, tmp_path: Path
) -> None:
    features, out = tmp_path / "features.parquet", tmp_path / "run"
    run("embed", cloud, "--data", world, "--split", "train", "--out", features)
    config = configuration("dsmd", backbone=str(edge), dsmd={"queue": 16})
    words = ("distill", config, "--teacher", features, "--data", world, "--out", out)
    result = run(*words, "--validation-split", "test")
    assert "validation rSum" in result.stdout
    assert result.stdout.endswith(f"Next: crossreid evaluate {out}/model --data {world}\n")
    assert (
        load_encoder(out / "model").fingerprint.split("@")[1]
        == Embeddings.load(features).fingerprint.split("@")[1]
    )
    assert not (out / "teacher_features.parquet").exists()

    twice = run(*words, "--features", tmp_path / "kept.parquet", status=2)
    assert f"for the stored features {features}; leave it out" in twice.stderr
    other = run(*words[:-1], tmp_path / "other", "--split", "test", status=2)
    assert "teacher features that are not those of" in other.stderr


def test_what_distill_refuses(
    run: Call, configuration: Write, world: Path, cloud: Path, tmp_path: Path
) -> None:
    words = ("--teacher", cloud, "--data", world, "--out", tmp_path / "run")
    student = run("distill", configuration("student"), *words, status=2)
    assert "of kind student; expected kind distillation or dsmd; crossreid train" in student.stderr
    config = configuration("distillation")
    file = run("distill", config, *words, "--features", "features.csv", status=2)
    assert "--features features.csv; expected a name that ends in .parquet" in file.stderr
    nobody = ("--teacher", tmp_path / "nothing", *words[2:])
    missing = run("distill", config, *nobody, status=2)
    assert f"no model at {tmp_path}/nothing" in missing.stderr
