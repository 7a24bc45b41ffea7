"""A model that a study has made, and what validation people said of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crossreid.models.training_record import BEST, HISTORY
from crossreid.training.build import read_history


@dataclass(frozen=True, slots=True)
class Model:
    """A model on disk.

    Args:
        name: of its folders.
        source: what `load_encoder` takes.
        signature: of its weights.
        run: folder of its training; None for a backbone.
        seconds: of its training, resumed ones counted through.
        learning_rate: peak rate of its training.
        validation: mean mAP on validation people, percent, of the checkpoint that was kept; None without them.
        kept_step: after which that checkpoint was kept; 0 for the start.
        tried: that mean mAP by peak learning rate (of a closed form by way), where there was something to choose.
    """

    name: str
    source: str
    signature: str
    run: Path | None = None
    seconds: float = 0.0
    learning_rate: float | None = None
    validation: float | None = None
    kept_step: int | None = None
    tried: Mapping[str, float] = field(default_factory=dict)

    def history(self, quantity: str) -> list[tuple[int, float]]:
        """Steps and values that its training logged; nothing for a backbone."""
        return [] if self.run is None else read_history(self.run / HISTORY, quantity)

    def choice(self) -> dict[str, Any]:
        """What validation people chose, as JSON holds it."""
        return {
            "learning_rate": self.learning_rate,
            "validation_map": self.validation,
            "kept_step": self.kept_step,
            "tried": dict(self.tried),
        }


def kept_validation(folder: Path) -> dict[str, Any]:
    """Mean mAP and step of the checkpoint that a training kept: the best, or the last; nothing without validation."""
    validations = read_history(folder / HISTORY, "validation_map")
    note = folder / BEST
    if note.is_file():
        best = json.loads(note.read_text(encoding="utf-8"))["validation_map"]
        return {
            "validation": best,
            "kept_step": next((step for step, value in validations if value == best), 0),
        }
    if not validations:
        return {}
    step, value = validations[-1]
    return {"validation": value, "kept_step": step}
