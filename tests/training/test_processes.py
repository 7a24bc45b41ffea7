"""Whole trainings by two processes of `accelerate launch`: what one process learns, and the same after a kill."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch.nn import functional

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import TrainingInterrupted
from crossreid.data.dataset import Dataset
from crossreid.models.folder import save_model
from crossreid.training.build import train_model
from crossreid.training.config import DistillationConfig, TeacherConfig
from crossreid.training.gathering import join_processes, process_number, processes
from crossreid.training.group_batches import GroupBatches
from crossreid.training.widths import PlannedConfig

LOOP: dict[str, Any] = {
    "steps": 4, "learning_rate": 0.003, "log_every": 1, "workers": 0, "tracker": None, "checkpoint_every": 2,
    "average": 0.9, "validate_every": 2, "patience": 3,
}  # fmt: skip
PEOPLE = 5
ONE = ("teacher", "distillation", "sharded teacher", "sharded distillation")
"""What one process learns too; there is nothing to be divided then."""
CUT = ("teacher with dropout", "sharded teacher")


def configurations(backbones: Path) -> dict[str, PlannedConfig]:
    shared: dict[str, Any] = {"loop": LOOP, "batch": {"people": 3}, "weights": {"triplet_warmup": 0.0}}
    teacher = shared | {"kind": "teacher", "backbone": str(backbones / "teacher"), "lora": {"rank": 2}}
    joint = {"batch": {"people": 3, "joint": 0.7}}
    sharded = {"loop": LOOP | {"sharded": True}}
    distillation = {"kind": "distillation", "backbone": str(backbones / "student")} | {
        "distillation": {"components": 4, "task": 0.3, "relation_kind": "correlation", "basis": "batch"}
    }
    return {
        "teacher": TeacherConfig.model_validate(teacher | joint),
        "teacher with dropout": TeacherConfig.model_validate(teacher | {"lora": {"rank": 2, "dropout": 0.4}}),
        "distillation": DistillationConfig.model_validate(shared | distillation),
        "sharded teacher": TeacherConfig.model_validate(teacher | sharded),
        "sharded distillation": DistillationConfig.model_validate(shared | distillation | sharded),
    }


def features_of(dataset: Dataset) -> Embeddings:
    drawn = torch.randn(len(dataset), 32, generator=torch.Generator().manual_seed(3))
    samples = dataset.samples
    return Embeddings(
        vectors=functional.normalize(drawn, dim=1).numpy(),
        modalities=np.array([sample.modality.value for sample in samples]),
        person_ids=np.array([sample.person_id for sample in samples]),
        camera_ids=np.full(len(samples), -1),
        source_ids=np.array([sample.source_id for sample in samples]),
        item_ids=np.array([sample.item_id for sample in samples]),
        fingerprint="drawn@drawn",
    )


def learn(tiny: Any, name: str, backbones: Path, folder: Path) -> None:
    people = tiny.dataset(people=PEOPLE)
    config = configurations(backbones)[name]
    features = features_of(people) if name.endswith("distillation") else None
    train_model(config, people, folder, teacher_features=features, validation=people, quiet=True)


class PowerCut(Exception):  # noqa: N818
    pass


def learn_with_a_cut(tiny: Any, name: str, backbones: Path, folder: Path) -> None:
    part = GroupBatches.part

    def cut(batches: GroupBatches, step: int, **which: int) -> Any:
        if step == 3:
            raise PowerCut
        return part(batches, step, **which)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(GroupBatches, "part", cut)
        with pytest.raises(PowerCut):
            learn(tiny, name, backbones, folder)
    torch.rand(5 + process_number())
    learn(tiny, name, backbones, folder)


def learn_with_a_signal(tiny: Any, name: str, backbones: Path, folder: Path) -> None:
    """The last process alone receives it; all stop after the same step."""
    part = GroupBatches.part

    def stop(batches: GroupBatches, step: int, **which: int) -> Any:
        if step == 2 and process_number():
            signal.raise_signal(signal.SIGTERM)
        return part(batches, step, **which)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(GroupBatches, "part", stop)
        with pytest.raises(TrainingInterrupted, match="SIGTERM after step 3 of 4"):
            learn(tiny, name, backbones, folder)
    torch.rand(5 + process_number())
    learn(tiny, name, backbones, folder)


@pytest.fixture(scope="module")
def folders(tiny: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`two/` and `one/` with a run of each configuration."""
    place = tmp_path_factory.mktemp("processes")
    save_model(tiny.teacher(), place / "backbones" / "teacher")
    save_model(tiny.student(), place / "backbones" / "student")
    # On a machine without a GPU this option only says that there are several processes.
    launch = [
        "-m",
        "accelerate.commands.launch",
        "--multi_gpu",
        "--num_processes",
        "2",
        "--num_machines",
        "1",
    ]
    settings = ["--mixed_precision", "no", "--dynamo_backend", "no", "--main_process_port", "0"]
    environment = os.environ | {"GLOO_SOCKET_IFNAME": "lo", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, *launch, *settings, __file__, str(place)],
        env=environment, timeout=1200, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    assert (place / "processes.txt").read_text() == "2"
    for name in ONE:
        learn(tiny, name, place / "backbones", place / "one" / name)
    return place


def lines(folder: Path) -> list[dict[str, float]]:
    read = [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]
    return [{name: value for name, value in line.items() if name != "seconds"} for line in read]


@pytest.mark.slow
@pytest.mark.parametrize("name", ONE)
def test_two_processes_learn_what_one_does(folders: Path, name: str) -> None:
    one, two = folders / "one" / name, folders / "two" / name
    for alone, together in zip(lines(one), lines(two), strict=True):
        assert together == pytest.approx(alone, rel=2e-4)
    for file in ("task.safetensors", "average.safetensors"):
        alone, together = (load_file(place / "checkpoint" / file) for place in (one, two))
        assert alone.keys() == together.keys()
        for key, value in alone.items():
            # A bias of keys changes nothing under softmax: its gradient is rounding, which Adam makes large.
            if not key.endswith("k_proj.bias"):
                torch.testing.assert_close(together[key], value, atol=2e-4, rtol=1e-3)
    assert (two / "model" / "model.safetensors").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("how", ["cut", "stopped"])
@pytest.mark.parametrize("name", CUT)
def test_two_processes_go_on_after_a_kill_or_a_signal_as_if_nothing_had_happened(
    folders: Path, name: str, how: str
) -> None:
    straight, cut = folders / "two" / name, folders / "two" / f"{name}, {how}"
    assert lines(straight) == lines(cut)
    for file in ("task.safetensors", "average.safetensors"):
        first, second = (load_file(place / "checkpoint" / file) for place in (straight, cut))
        assert all(torch.equal(first[key], second[key]) for key in first | second)
    states = [
        torch.load(place / "checkpoint" / "optimiser.pt", weights_only=True)["random"]["of_each"]
        for place in (straight, cut)
    ]
    assert len(states[0]) == 2
    assert not torch.equal(states[0][0]["cpu"], states[0][1]["cpu"])
    for first, second in zip(*states, strict=True):
        assert torch.equal(first["cpu"], second["cpu"])


def main(place: Path) -> None:
    path = Path(__file__).parents[1] / "tiny_models.py"
    spec = importlib.util.spec_from_file_location("tiny_models", path)
    assert spec is not None
    assert spec.loader is not None
    tiny = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tiny)
    join_processes()
    (place / "processes.txt").write_text(str(processes()))
    for name in configurations(place / "backbones"):
        learn(tiny, name, place / "backbones", place / "two" / name)
    for name in CUT:
        learn_with_a_cut(tiny, name, place / "backbones", place / "two" / f"{name}, cut")
        learn_with_a_signal(tiny, name, place / "backbones", place / "two" / f"{name}, stopped")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
