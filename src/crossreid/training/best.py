"""The model of the best validation."""

import json
import math
from collections.abc import Mapping
from pathlib import Path

from crossreid.models.folder import save_model
from crossreid.models.teacher import Teacher
from crossreid.models.vision_text import EdgeModel


class KeepBest:
    """Writes the model whenever its figure is higher than ever before, also in an earlier part of the same training.

    Args:
        folder: of the run; receives `model` and `best.json`.
        model: as it is at each validation.
        space: names the space of its vectors.
    """

    def __init__(self, folder: Path, model: Teacher | EdgeModel, *, space: str) -> None:
        self.folder, self._note = folder / "model", folder / "best.json"
        self._model, self._space = model, space

    def see(self, figures: Mapping[str, float]) -> Mapping[str, float]:
        """Compare the first of the figures; they are returned as they are."""
        name, value = next(iter(figures.items()))
        if value > self._highest(name):
            save_model(self._model, self.folder, space=self._space)
            self._note.write_text(json.dumps({name: value}) + "\n", encoding="utf-8")
        return figures

    def _highest(self, name: str) -> float:
        if not self._note.exists() or not self.folder.exists():
            return -math.inf
        return json.loads(self._note.read_text(encoding="utf-8"))[name]
