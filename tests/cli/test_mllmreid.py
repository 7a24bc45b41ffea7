"""MLLMReID on the command line, with and without data."""

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

from crossreid.models.folder import save_model
from crossreid.models.loading import load_encoder

Call = Callable[..., Any]
CONFIGS = Path(__file__).parents[2] / "configs"
LOOPS = [
    f"{loop}.{setting}"
    for loop in ("loop", "alignment.loop")
    for setting in ("steps=1", "workers=0", "tracker=")
]
SMALL = [
    *LOOPS, "alignment.drawn.people=4", "alignment.people=4", "drawn.people=3", "drawn.validation=2",
    "drawn.groups=2", "drawn.style=evening", "batch.people=2", "batch.groups=1", "samples=1", "lora.rank=2",
]  # fmt: skip


def overrides(settings: list[str]) -> list[str]:
    return [word for setting in settings for word in ("--set", setting)]


def test_the_tiny_configuration_makes_all_that_it_needs(run: Call, tmp_path: Path) -> None:
    out = tmp_path / "run"
    config = CONFIGS / "mllmreid-tiny.yaml"
    result = run("train", config, "--out", out, *overrides(SMALL))
    assert "(loss " in result.stdout
    assert "validation mAP" in result.stdout
    untrained, said = (json.loads(line) for line in (out / "samples.jsonl").read_text().splitlines())
    assert (untrained["step"], said["step"]) == (0, 1)
    assert said["item"].startswith("validation/")
    assert json.loads((out / "people" / "train" / "world.json").read_text())["style"] == "evening"
    assert (out / "backbone" / "model" / "config.json").is_file()
    words = shlex.split(result.stdout.strip().splitlines()[-1].removeprefix("Next: crossreid "))
    assert words[:2] == ["evaluate", str(out / "model")]
    shown = run(*words).stdout
    assert "R->R" in shown
    assert "market" in shown
    again = run("train", config, "--out", out, *overrides(SMALL))
    assert again.stdout == result.stdout


def test_a_dry_run_says_what_would_be_trained(run: Call, world: Path, edge: Path, tmp_path: Path) -> None:
    planned = ("train", CONFIGS / "mllmreid-tiny.yaml", "--dry-run")
    assert (
        "6 people with groups in world; expected at least 12"
        in run(*planned, "--data", world, status=2).stderr
    )
    shown = run(*planned, "--data", world, "--set", "batch.people=3").stdout
    assert "Plan of a mllmreid training; nothing is trained." in shown
    assert "3 people x 4 groups, 12 pictures and 12 captions of two modalities" in shown
    drawn = run(*planned).stdout
    assert "made first: 400 steps on captions of 3,000 drawn people" in drawn
    assert (
        "drawn by the training: 400 people, 1,600 groups, 1,600 rgb, 1,600 ir, 1,600 sketch, 1,600 text"
        in drawn
    )
    assert "12 people x 4 groups, 48 pictures and 48 captions of two modalities" in drawn
    assert "200, every person 6.1 times" in drawn
    assert "without the classifier" not in drawn
    few = run(*planned, "--set", "drawn.people=9", status=2).stderr
    assert "9 people with groups in drawn by the training; expected at least 12" in few
    assert "in 28 layers:" in shown
    assert "language_model.layers.*.self_attn.q_proj  in 0, 1, 2, 3" in shown
    dsmd = run("train", CONFIGS / "dsmd-tiny.yaml", "--dry-run", "--set", f"backbone={edge}").stdout
    assert "Plan of a dsmd training" in dsmd
    assert "captions of four modalities" in dsmd


def test_own_data_can_be_named(
    run: Call, configuration: Callable[..., Path], world: Path, tiny: Any, tmp_path: Path
) -> None:
    backbone = str(save_model(tiny.llava(), tmp_path / "backbone"))
    config = configuration("mllmreid", backbone=backbone, lora={"rank": 2}, feature="latent")
    refused = run("train", config, "--out", tmp_path / "run", status=2)
    assert "no data to train a mllmreid; expected --data" in refused.stderr
    result = run("train", config, "--data", world, "--out", tmp_path / "run")
    encoder = load_encoder(tmp_path / "run" / "model")
    assert encoder.dim == 32
    words = shlex.split(result.stdout.strip().splitlines()[-1].removeprefix("Next: crossreid "))
    assert words[-4:] == ["--task", "R->R", "--protocol", "market"]
