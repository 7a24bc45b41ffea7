"""A training in a process of its own that receives a signal, and goes on by the command that it prints."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

_STEPS = 12
_LOOP = {
    "steps": _STEPS, "learning_rate": 1e-3, "workers": 1, "tracker": None, "log_every": 1, "precision": "fp32",
    "average": 0.9,
}  # fmt: skip
_PATIENCE_S = 300


def begin(words: list[str], folder: Path) -> subprocess.Popen[str]:
    """Call the program; standard error goes to a file, so that nobody has to read it meanwhile."""
    with (folder / "stderr.txt").open("w") as errors:
        return subprocess.Popen(
            [sys.executable, "-m", "crossreid", *words],
            stdout=subprocess.DEVNULL, stderr=errors, text=True, start_new_session=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )  # fmt: skip


def wait_for_step(history: Path, step: int, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not history.exists() or len(history.read_text().splitlines()) < step:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)


def lines(folder: Path) -> list[dict[str, float]]:
    read = map(json.loads, (folder / "history.jsonl").read_text().splitlines())
    return [{name: value for name, value in line.items() if name != "seconds"} for line in read]


@pytest.fixture
def config(configuration: Callable[..., Path], edge: Path) -> Path:
    return configuration("student", backbone=str(edge), loop=_LOOP)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_a_training_that_is_stopped_goes_on_bit_for_bit(
    run: Callable[..., Any], config: Path, world: Path, tmp_path: Path, number: signal.Signals
) -> None:
    straight, cut = tmp_path / "straight", tmp_path / "a run"
    run("train", config, "--data", world, "--out", straight)
    words = ["train", str(config), "--data", str(world), "--out", str(cut)]
    process = begin(words, tmp_path)
    wait_for_step(cut / "history.jsonl", 2, process)
    os.killpg(process.pid, number)  # as a terminal and a service manager do: workers get it too
    status = process.wait(_PATIENCE_S)
    told = (tmp_path / "stderr.txt").read_text()
    assert status == 128 + number, told
    step = json.loads((cut / "checkpoint" / "progress.json").read_text())["step"]
    assert 2 <= step < _STEPS
    *_, stopped, go_on = told.splitlines()
    wrote = f"wrote {cut / 'checkpoint'}"
    assert stopped == f"crossreid: stopped by {number.name} after step {step} of {_STEPS}; {wrote}"
    assert shlex.split(go_on.removeprefix("To go on: crossreid ")) == words
    assert not (cut / "model").exists()
    run(*words)
    assert lines(straight) == lines(cut)
    for file in ("checkpoint/task.safetensors", "checkpoint/average.safetensors", "model/model.safetensors"):
        first, second = load_file(straight / file), load_file(cut / file)
        assert first.keys() == second.keys()
        assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_change_that_may_alter_the_result_is_refused_before_anything_is_written(
    run: Callable[..., Any], config: Path, world: Path, tmp_path: Path
) -> None:
    words = ["train", config, "--data", world, "--out", tmp_path / "run"]
    run(*words)
    record = (tmp_path / "run" / "run.json").read_text()
    assert json.loads(record)["precision"] == "fp32"
    changes = ["--set", "loop.learning_rate=0.002", "--set", "batch.people=4", "--set", "loop.workers=0"]
    refused = run(*words, *changes, status=2)
    assert (
        "was begun with other settings: batch.people: 3 -> 4; loop.learning_rate: 0.001 -> 0.002; restore"
        in " ".join(refused.stderr.split())
    )
    assert (tmp_path / "run" / "run.json").read_text() == record
    run(*words, "--set", "loop.workers=0", "--set", "loop.log_every=5", "--set", "checkpointing=true")
