"""A whole reproduction in small: models of some thousand weights, a handful of drawn people, two steps each."""

from pathlib import Path
from typing import Any

import pytest

from crossreid.models.folder import save_model

SMALL_WORLD = (
    "world.train_people=6", "world.gallery_people=5", "world.gallery_groups=2", "world.validation_people=3",
)  # fmt: skip
SMALL_ARMS = (
    "arms.teacher_learning_rates=[0.001]", "arms.distillation_learning_rates=[0.001]",
    "arms.student_learning_rates=[0.001, 0.003]", "arms.labelled_people=[2, 6]", "arms.scarce_people=2",
    "arms.component_shares=[0.125, 0.5]",
)  # fmt: skip
SMALL_LORA = ("teacher.lora.rank=16", "teacher.lora.stride=2")
SMALL_LOOP = (
    "loop.steps=2", "loop.precision=fp32", "loop.log_every=1", "loop.validate_every=1", "loop.workers=0",
    "loop.tracker=", "loop.checkpoint_every=2", "batch.people=3",
)  # fmt: skip


@pytest.fixture(scope="session")
def backbones(tiny: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("backbones")
    return {
        "cloud": save_model(tiny.teacher(text_budget=400), folder / "cloud"),
        "edge": save_model(tiny.student(), folder / "edge"),
    }


@pytest.fixture(scope="session")
def small(backbones: dict[str, Path]) -> list[str]:
    """The settings of a reproduction of seconds."""
    kinds = {"teacher": "cloud", "student": "edge", "distillation": "edge"}
    settings = [f"{kind}.{setting}" for kind in kinds for setting in SMALL_LOOP]
    settings += [f"{kind}.backbone={backbones[name]}" for kind, name in kinds.items()]
    return [*SMALL_WORLD, *SMALL_ARMS, *settings, "distillation.distillation.components=4", *SMALL_LORA]
