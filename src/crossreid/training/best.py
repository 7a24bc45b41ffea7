"""What is kept of the best validation."""

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path


class KeepBest:
    """Keeps the model whenever its figure is higher than ever before, also in an earlier part of the same training.

    Args:
        note: JSON file for the highest figure.
        keep: writes the model as it is.
        kept: what `keep` writes; where it is not there, nothing was ever kept.
    """

    def __init__(self, note: Path, keep: Callable[[], object], *, kept: Path) -> None:
        self._note, self._keep, self._kept = note, keep, kept

    def see(self, figures: Mapping[str, float]) -> Mapping[str, float]:
        """Compare the first of the figures; they are returned as they are."""
        name, value = next(iter(figures.items()))
        if value > self._highest(name):
            self._keep()
            self._note.write_text(json.dumps({name: value}) + "\n", encoding="utf-8")
        return figures

    def _highest(self, name: str) -> float:
        if not self._note.exists() or not self._kept.exists():
            return -math.inf
        return json.loads(self._note.read_text(encoding="utf-8"))[name]
