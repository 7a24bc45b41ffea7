from collections.abc import Callable
from pathlib import Path
from typing import Any

from crossreid.core.embeddings import Embeddings
from crossreid.models.folder import save_model
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


def test_stored_features_of_all_captions_serve_a_training_on_the_first_ones(
    run: Call, configuration: Write, world: Path, cloud: Path, edge: Path, tmp_path: Path
) -> None:
    table, features = world / "twice.csv", tmp_path / "features.parquet"
    rows = (world / "manifest.csv").read_text().splitlines()
    second = [row for row in rows if ",text," in row]
    table.write_text("\n".join([*rows, *second]) + "\n")
    data = ("--dataset", "manifest", "--data", table)
    run("embed", cloud, *data, "--split", "train", "--out", features)
    assert len(Embeddings.load(features)) == 6 * 2 * 5
    batch = {"people": 3, "groups": 2, "captions": "first"}
    config = configuration("distillation", batch=batch, backbone=str(edge), distillation={"components": 4})
    shown = run("distill", config, "--teacher", features, *data, "--out", tmp_path / "run").stdout
    assert "at step 2" in shown


def test_what_would_fail_after_the_embedding_is_refused_before_it(
    run: Call, configuration: Write, world: Path, cloud: Path, edge: Path, tmp_path: Path
) -> None:
    config, out = configuration("distillation", backbone=str(edge)), tmp_path / "run"
    words = ("distill", config, "--teacher", cloud, "--data", world, "--out", out)
    assert "without a validation set" in run(*words, "--set", "keep=best", status=2).stderr
    assert "6 people with groups" in run(*words, "--set", "batch.people=9", status=2).stderr
    assert "which is a teacher; expected a" in run(*words, "--set", f"backbone={cloud}", status=2).stderr
    assert "no model at gone" in run(*words, "--set", "backbone=gone", status=2).stderr
    assert not (out / "teacher_features.parquet").exists()


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


def test_a_dry_run_takes_the_width_of_a_teacher_that_is_there_or_will_be(
    run: Call, configuration: Write, world: Path, cloud: Path, tiny: Any, tmp_path: Path
) -> None:
    narrow = save_model(tiny.student(projection=20, dim=20), tmp_path / "narrow")
    config = configuration("distillation", backbone=str(narrow), distillation={"components": 10})
    before = sorted(tmp_path.rglob("*"))
    planned = ("distill", config, "--dry-run", "--data", world, "--teacher")
    shown = run(*planned, cloud).stdout
    assert f"Teacher   {cloud}, 32 dimensions; first it embeds 48 samples\n" in shown
    assert sorted(tmp_path.rglob("*")) == before

    lost = tmp_path / "runs" / "model"
    alone = run(*planned, lost).stdout
    assert f"not counted (no model at {lost}): heads of the backbone's own 20 dimensions" in alone
    assert _trained(shown) - _trained(alone) == (32 - 20) * (
        4 * 24 + 6 + 1
    )  # heads, a classifier and its neck

    file = configuration("teacher", backbone=str(cloud), lora={"rank": 2})
    assert f"Teacher   {file}, 32 dimensions" in run(*planned, file).stdout
    beside = run(*planned, lost).stdout
    assert f"Teacher   {lost}, not there yet: by {file}, 32 dimensions" in beside
    assert _trained(beside) == _trained(shown)
    unnamed = run("train", config, "--dry-run").stdout
    assert f"Teacher   none named: by {file}, 32 dimensions\n" in unnamed

    features = tmp_path / "features.parquet"
    assert f"Teacher   {features}, not there yet: by {file}, 32" in run(*planned, features).stdout
    run("embed", cloud, "--data", world, "--split", "train", "--out", features)
    assert f"Teacher   {features}, 32 dimensions\n" in run(*planned, features).stdout
    other = run(*planned, config, status=2)
    assert "of kind distillation; expected the settings of a cloud model's training" in other.stderr


def _trained(shown: str) -> int:
    line = next(line for line in shown.splitlines() if line.startswith("Trained"))
    return int(line.split()[1].replace(",", ""))


def test_without_a_dry_run_data_and_folder_are_needed(
    run: Call, configuration: Write, world: Path, cloud: Path, tmp_path: Path
) -> None:
    words = ("distill", configuration("distillation"), "--teacher", cloud)
    assert "no --data; expected" in run(*words, "--out", tmp_path / "run", status=2).stderr
    assert "no --out; expected" in run(*words, "--data", world, status=2).stderr
