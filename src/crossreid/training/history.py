"""What a training logs of itself."""

import json
import math
from collections.abc import Mapping
from pathlib import Path


class History:
    """JSON lines, one a logged step or validation; a resumed training drops those after its step, and half ones.

    `seconds` is what the training had taken before it was resumed.

    Args:
        path: of the file.
        first: steps that were done before.
        writes: False in all processes but one.
    """

    def __init__(self, path: Path, first: int, *, writes: bool = True) -> None:
        self.path, self._writes = path, writes
        kept = []
        if first and writes and path.exists():
            whole = (line for line in path.read_text(encoding="utf-8").splitlines() if line.endswith("}"))
            kept = [line for line in whole if json.loads(line)["step"] <= first]
        lines = [json.loads(line) for line in kept]
        self.seconds = max((line.get("seconds", 0.0) for line in lines), default=0.0)
        self._best, self.validations_since_best = -math.inf, 0
        for line in lines:
            if "total" not in line:
                self._compare(line)
        if writes:
            path.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")

    def write(self, **values: float | int) -> None:
        """Add a line."""
        if self._writes:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(values) + "\n")

    def validated(self, step: int, figures: Mapping[str, float]) -> None:
        """Add a line of a validation, of whose first figure more is better."""
        self.write(step=step, **figures)
        self._compare(figures)

    def _compare(self, figures: Mapping[str, float | int]) -> None:
        value = next(value for name, value in figures.items() if name != "step")
        better = value > self._best
        self._best = value if better else self._best
        self.validations_since_best = 0 if better else self.validations_since_best + 1
