"""A running average of the weights."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from crossreid.core.errors import CheckpointError
from crossreid.training.sharding import divided_like, whole


class WeightAverage:
    """An exponential moving average of the trained parameters of a task.

    After step t the average is d a + (1 - d) w with d = min(decay, (1 + t) / (10 + t)): an average over everything so
    far in the beginning, when the first weights would weigh too much.

    Args:
        task: whose parameters are averaged; buffers are not.
        decay: towards 1 the longer the memory.

    Source: Polyak and Juditsky (1992); the warm-up is that of TensorFlow's ExponentialMovingAverage.
    """

    def __init__(self, task: nn.Module, decay: float) -> None:
        self._trained = {name: value for name, value in task.named_parameters() if value.requires_grad}
        self._decay = decay
        self.values = {name: value.detach().clone() for name, value in self._trained.items()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the weights after `step` steps."""
        share = 1 - min(self._decay, (1 + step) / (10 + step))
        for name, average in self.values.items():
            average.lerp_(self._trained[name].detach().to(average.dtype), share)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Within, the task has the average; after it, its own weights again."""
        own = {name: value.detach().clone() for name, value in self._trained.items()}
        self.settle()
        try:
            yield
        finally:
            self._give(own)

    def settle(self) -> None:
        """The average becomes the task's weights."""
        self._give(self.values)

    def whole(self) -> dict[str, Tensor]:
        """All of it on the CPU. All processes have to call."""
        return {name: whole(value).cpu().contiguous() for name, value in self.values.items()}

    def load(self, path: Path) -> None:
        """Read what `whole` gave.

        Raises:
            CheckpointError: it is not there, or of another model.
        """
        stored = load_file(path) if path.exists() else {}
        if {n: v.shape for n, v in stored.items()} != {n: v.shape for n, v in self.values.items()}:
            raise CheckpointError(
                f"{path} is missing or of another model", expected="the average of this training's weights"
            )
        for name, value in stored.items():
            self.values[name].copy_(divided_like(value, self.values[name]))

    @torch.no_grad()
    def _give(self, values: dict[str, Tensor]) -> None:
        for name, parameter in self._trained.items():
            parameter.copy_(values[name])
