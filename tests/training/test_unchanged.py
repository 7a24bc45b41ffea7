"""What small trainings of one process computed before batches could be divided, averaged or asked with together."""

from pathlib import Path
from typing import Any

import pytest
import torch

from crossreid.models.encoder import ModelEncoder
from crossreid.models.folder import save_model
from crossreid.training.build import read_history, train_model
from crossreid.training.config import DistillationConfig, DsmdConfig, StudentConfig, TeacherConfig
from crossreid.training.widths import PlannedConfig

LOOP: dict[str, Any] = {"steps": 3, "learning_rate": 0.003, "log_every": 1, "workers": 0, "tracker": None}
TOTALS = {
    "teacher": (110.64424133300781, 96.04539489746094, 91.41997528076172),
    "student": (68.8802490234375, 78.35116577148438, 88.23880004882812),
    "distillation": (20.910573959350586, 23.87518882751465, 27.01233673095703),
    "dsmd": (75.81245422363281, 168.3951873779297, 187.05291748046875),
}
"""On the machine where they were noted also every bit of the trained weights was the same."""


def configuration(kind: str, backbone: str) -> PlannedConfig:
    common: dict[str, Any] = {
        "kind": kind, "backbone": backbone, "loop": LOOP, "batch": {"people": 3}, "weights": {"triplet_warmup": 0.0},
    }  # fmt: skip
    match kind:
        case "teacher":
            return TeacherConfig.model_validate(common | {"lora": {"rank": 2, "dropout": 0.1}})
        case "student":
            return StudentConfig.model_validate(common | {"loop": LOOP | {"precision": "bf16"}})
        case "distillation":
            terms = {"components": 4, "task": 0.3, "head_start": "rotation"}
            return DistillationConfig.model_validate(common | {"distillation": terms})
        case _:
            return DsmdConfig.model_validate(common | {"dsmd": {"queue": 32, "task": 0.1}})


@pytest.mark.parametrize("kind", TOTALS)
def test_a_training_by_one_process_is_what_it_was(tiny: Any, tmp_path: Path, kind: str) -> None:
    torch.manual_seed(0)
    model = tiny.teacher() if kind == "teacher" else tiny.student()
    config = configuration(kind, str(save_model(model, tmp_path / "backbone")))
    people = tiny.dataset(people=5)
    followed = kind in ("distillation", "dsmd")
    torch.manual_seed(0)
    features = ModelEncoder(tiny.teacher()).encode(people.samples) if followed else None
    train_model(config, people, tmp_path / "run", teacher_features=features, quiet=True)
    totals = [value for _, value in read_history(tmp_path / "run" / "history.jsonl", "total")]
    # Half precision and three steps of Adam differ a little from machine to machine.
    assert totals == pytest.approx(TOTALS[kind], rel=0.02 if kind == "student" else 2e-3)
