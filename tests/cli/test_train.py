import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crossreid.core.modality import Modality
from crossreid.models.loading import load_encoder

Call = Callable[..., Any]
Write = Callable[..., Path]


def next_words(output: str) -> list[str]:
    """The words of the command that the last line proposes."""
    last = output.strip().splitlines()[-1]
    assert last.startswith("Next: crossreid ")
    return shlex.split(last.removeprefix("Next: crossreid "))


def test_a_student_is_trained_and_the_next_step_works(
    run: Call, configuration: Write, world: Path, edge: Path, tmp_path: Path
) -> None:
    out = tmp_path / "a run"
    config = configuration("student", backbone=str(edge))
    result = run("train", config, "--data", world, "--validation-split", "test", "--out", out)
    assert "at step 2, validation mAP" in result.stdout
    assert load_encoder(out / "model").fingerprint != load_encoder(edge).fingerprint
    steps = [json.loads(line)["step"] for line in (out / "history.jsonl").read_text().splitlines()]
    assert steps == [0, 1, 2, 2]
    assert "S->R" in run(*next_words(result.stdout)).stdout
    again = run("train", config, "--data", world, "--validation-split", "test", "--out", out)
    assert again.stdout == result.stdout  # all steps are done: nothing is trained twice


def test_a_teacher_is_adapted(
    run: Call, configuration: Write, world: Path, cloud: Path, tmp_path: Path
) -> None:
    config = configuration("teacher", backbone=str(cloud), lora={"rank": 2})
    result = run("train", config, "--data", world, "--out", tmp_path / "run")
    model = tmp_path / "run" / "model"
    assert load_encoder(model).modalities == frozenset(Modality)
    proposed = ["distill", "configs/distill-tiny.yaml", "--teacher", str(model), "--data", str(world)]
    assert next_words(result.stdout) == [*proposed, "--out", "runs/edge"]
    proposed[1] = str(configuration("distillation"))  # the preset that the teacher belongs to has its own
    result = run("train", config, "--data", world, "--out", tmp_path / "run")
    assert next_words(result.stdout) == [*proposed, "--out", "runs/edge"]


def test_the_next_step_trains_on_the_same_people_and_keeps_the_best_too(
    run: Call, configuration: Write, world: Path, cloud: Path, edge: Path, tmp_path: Path
) -> None:
    config = configuration("teacher", backbone=str(cloud), lora={"rank": 2})
    beside = configuration("distillation", backbone=str(edge), distillation={"components": 4})
    chosen = ["--data", world, "--split", "", "--validation-split", "test"]
    result = run("train", config, *chosen, "--set", "keep=best", "--out", tmp_path / "run")
    following = next_words(result.stdout)
    wanted = ["distill", beside, "--teacher", tmp_path / "run" / "model", *chosen, "--set", "keep=best"]
    assert following == [*map(str, wanted), "--out", "runs/edge"]
    result = run(*following[:-1], tmp_path / "edge")
    assert "validation mAP" in result.stdout
    assert (tmp_path / "edge" / "best.json").is_file()
    assert next_words(result.stdout)[-4:] == ["--data", str(world), "--split", ""]


def test_settings_on_the_command_line_take_the_place_of_the_file_s(
    run: Call, configuration: Write, world: Path, edge: Path, tmp_path: Path
) -> None:
    config, out = configuration("student", backbone=str(edge)), tmp_path / "run"
    run("train", config, "--data", world, "--out", out, "--set", "loop.steps=1", "--set", "dim=12")
    assert load_encoder(out / "model").dim == 12
    assert [json.loads(line)["step"] for line in (out / "history.jsonl").read_text().splitlines()] == [1]
    refused = run("train", config, "--data", world, "--out", out, "--set", "loop.step=1", status=2)
    assert f"{config}: loop.step: Extra inputs are not permitted, did you mean loop.steps?" in refused.stderr


def test_the_next_step_searches_for_what_the_data_have(
    run: Call, configuration: Write, world: Path, edge: Path, tmp_path: Path
) -> None:
    table = world / "captioned.csv"
    rows = (world / "manifest.csv").read_text().splitlines()
    table.write_text("\n".join([rows[0], *(row for row in rows if ",rgb," in row or ",text," in row)]) + "\n")
    words = (
        "--dataset",
        "manifest",
        "--data",
        table,
        "--validation-split",
        "test",
        "--out",
        tmp_path / "run",
    )
    result = run("train", configuration("student", backbone=str(edge)), *words)
    assert "validation mAP" in result.stdout
    following = next_words(result.stdout)
    assert following[-2:] == ["--task", "T->R"]
    assert "T->R" in run(*following).stdout


def test_a_dry_run_says_what_would_be_trained_and_writes_nothing(
    run: Call, configuration: Write, world: Path, cloud: Path, tmp_path: Path
) -> None:
    config = configuration("teacher", backbone=str(cloud), lora={"rank": 2, "dense": 1, "stride": 5})
    before = sorted(tmp_path.rglob("*"))
    shown = run("train", config, "--dry-run", "--data", world).stdout
    assert sorted(tmp_path.rglob("*")) == before
    # One block a tower. Vision: 2 x ((32 + 96) + 2 x 32 + ...); the last line names the layer and its block.
    assert "6 people, 12 groups, 12 rgb, 12 ir, 12 sketch, 12 text" in shown
    assert "3 people x 2 groups, 18 pictures and 6 captions of four modalities" in shown
    assert "84 x 56 px" in shown
    assert "in 11 layers:" in shown
    assert "visual.blocks.*.attn.qkv  in 1" in shown
    assert "language_model.layers.*.self_attn.q_proj  in 1" in shown
    assert re.search(r"\n +activations kept for the backward pass +\d+\.\d\d\n", shown)
    assert re.search(
        r"Time +at least \d+\.\d\d hours: .* TFLOP a step, at the .* in fp32 measured here", shown
    )
    assert "Fits" not in shown  # nothing is said of this machine's memory
    without = run("train", config, "--dry-run").stdout
    assert "without the classifier over the people of the data" in without
    distillation = configuration("distillation", backbone=str(cloud))
    refused = run("train", distillation, "--dry-run", status=2)
    assert "which is a teacher; expected a student" in refused.stderr
    assert "no --out" in run("train", config, "--data", world, status=2).stderr


def test_a_dry_run_plans_for_a_machine_that_is_not_here(
    run: Call, configuration: Write, cloud: Path, world: Path, tmp_path: Path
) -> None:
    config = configuration("teacher", backbone=str(cloud), lora={"rank": 2})
    planned = ("train", config, "--dry-run", "--set", "batch.people=4", "--set", "loop.precision=bf16")
    shown = run(*planned, "--card", "rtx 3090", "--processes", "2").stdout
    assert "in 2 processes: 12 pictures and 4 captions each" in shown
    assert "Memory    of each process, MiB:" in shown
    assert "exchange between processes" in shown
    assert "Fits      yes: 0.0 GiB into 24 GiB, of which 2.4 are left free" in shown
    assert re.search(r"Time +about .* in each process, at 40 % of RTX-3090's peak in bf16, 71 TFLOP/s", shown)
    small = run(*planned, "--device-memory", "0.0005", "--rate", "71e12").stdout
    assert "Fits      no:" in small
    assert "Use devices with more memory, or a smaller backbone." in small
    assert "at 40 % of --rate, 71 TFLOP/s" in small
    unknown = run(*planned, "--card", "RTX-9", status=2).stderr
    assert "the card 'RTX-9'; expected one of RTX-3090" in unknown
    trained = run("train", config, "--data", world, "--out", tmp_path / "run", "--processes", "2", status=2)
    assert "add --dry-run, or start several processes by accelerate launch" in trained.stderr
    assert not (tmp_path / "run").exists()


def test_a_pretraining_draws_its_own_people(
    run: Call, configuration: Write, world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pretrain(config: Any, folder: Path, *, quiet: bool) -> Path:
        (folder / "history.jsonl").write_text('{"step": 2, "total": 0.5}\n')
        return folder / f"{config.kind} model"

    monkeypatch.setattr("crossreid.training.calls.pretrain", pretrain)
    config = tmp_path / "pretraining.yaml"
    config.write_text("{kind: contrastive, loop: {steps: 2, learning_rate: 1.0e-3}}")
    refused = run("train", config, "--data", world, "--out", tmp_path / "run", status=2)
    assert "a contrastive pretraining, which draws its own; leave the data out" in refused.stderr
    shown = run("train", config, "--dry-run").stdout
    assert "Plan of a contrastive pretraining; nothing is drawn or trained." in shown
    assert "60,000 photographs and 8,000 drawings with captions" in shown
    assert "activations kept for the backward pass" in shown
    several = run("train", config, "--dry-run", "--processes", "2", status=2).stderr
    assert "--processes 2 for batches that cannot be divided; expected one process" in several
    assert "data for a contrastive" in run("train", config, "--dry-run", "--data", world, status=2).stderr
    result = run("train", config, "--out", tmp_path / "run")
    assert "(loss 0.500 at step 2)" in result.stdout
    assert "contrastive model` in configs/student-tiny.yaml" in result.stdout


def test_what_train_refuses(run: Call, configuration: Write, world: Path, edge: Path, tmp_path: Path) -> None:
    out = ("--out", tmp_path / "run")
    no_data = run("train", configuration("teacher"), *out, status=2)
    assert "no data to train a teacher; expected --data" in no_data.stderr
    distillation = configuration("distillation")
    refused = run("train", distillation, "--data", world, *out, status=2)
    assert f"crossreid distill {distillation} --teacher ENCODER --data {world}" in refused.stderr
    unknown = run("train", configuration("student", backbone=str(edge), rank=4), *out, status=2)
    assert "rank: Extra inputs are not permitted" in unknown.stderr
    split = run("train", configuration("student"), "--data", world, "--split", "demo", *out, status=2)
    assert "no rows of the split 'demo'; expected a split of test, train" in split.stderr
    for result in (no_data, refused, unknown, split):
        assert result.stderr.count("\n") == 1
    assert not (tmp_path / "run" / "model").exists()


def test_of_several_processes_the_first_alone_reports(
    run: Call, configuration: Write, world: Path, edge: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crossreid.training.gathering.process_number", lambda: 1)
    for module in ("calls", "build"):
        monkeypatch.setattr(f"crossreid.training.{module}.train_model", lambda *_, **__: tmp_path / "model")
    words = ("--data", world, "--out", tmp_path / "run")
    assert run("train", configuration("student", backbone=str(edge)), *words).stdout == ""
    distillation = configuration("distillation", backbone=str(edge))
    assert run("distill", distillation, "--teacher", edge, *words).stdout == ""
