"""The four losses and the balancer against the authors' code (chrisx599/DSMD @241417d, in double precision)."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from crossreid.losses import (
    balanced_weights,
    feature_difference_loss,
    hard_negative_loss,
    queue_contrast_loss,
    similarity_loss,
)

EXPECTED: dict[str, Any] = json.loads((Path(__file__).parents[1] / "golden" / "dsmd.json").read_text())


@pytest.fixture
def features(golden_inputs: dict[str, Any]) -> dict[str, Tensor]:
    """Rows 0 to 15 are pictures, 16 to 31 captions; the teacher's last 16 are the queues, 8 a modality."""
    student, teacher = (
        functional.normalize(torch.from_numpy(golden_inputs[name]).double(), dim=1)
        for name in ("student", "teacher")
    )
    return {
        "student_images": student[:16],
        "student_texts": student[16:32],
        "teacher_images": teacher[:16],
        "teacher_texts": teacher[16:32],
        "images_queue": teacher[32:40],
        "texts_queue": teacher[40:],
    }


def test_contrast(features: dict[str, Tensor]) -> None:
    loss = sum(
        queue_contrast_loss(
            features[f"student_{kind}"], features[f"teacher_{kind}"], features[f"{kind}_queue"]
        )
        for kind in ("images", "texts")
    )
    assert float(loss) == pytest.approx(EXPECTED["contrast"], rel=1e-9)


def test_feature_difference_and_similarity(features: dict[str, Tensor]) -> None:
    for loss, name in ((feature_difference_loss, "feature"), (similarity_loss, "similarity")):
        total = sum(
            loss(features[f"student_{kind}"], features[f"teacher_{kind}"]) for kind in ("images", "texts")
        )
        assert float(total) == pytest.approx(EXPECTED[name], rel=1e-9)


@pytest.mark.parametrize("violation", ["max", "sum"])
@pytest.mark.parametrize("margin", [0.05, 0.2])
def test_hard_negative(features: dict[str, Tensor], violation: Any, margin: float) -> None:
    total = sum(
        hard_negative_loss(
            features[f"student_{first}"], features[f"teacher_{second}"], margin=margin, violation=violation
        )
        for first in ("images", "texts")
        for second in ("images", "texts")
    )
    expected = EXPECTED[f"hard_negative_{violation}_margin_{margin}"]
    assert float(total) == pytest.approx(expected, rel=1e-9)


def test_released_balancer() -> None:
    steps = torch.tensor(EXPECTED["balancer_losses"], dtype=torch.float64)
    for previous, losses, expected in zip(steps, steps[1:], EXPECTED["released_weights"][1:], strict=False):
        weights = balanced_weights(losses, previous, rate_of="released")
        torch.testing.assert_close(weights, torch.tensor(expected, dtype=torch.float64), rtol=1e-9, atol=0)
