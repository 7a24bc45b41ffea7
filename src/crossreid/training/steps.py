"""A training that is under way, and what is done with it: steps, log, validation, checkpoint."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from crossreid.models.loading import Precision
from crossreid.models.training_record import HISTORY
from crossreid.training.accelerating import (
    make_accelerator,
    prepare,
    quickest_attention,
    training_precision,
)
from crossreid.training.averaging import WeightAverage
from crossreid.training.checkpoint import CHECKPOINT, Progress, load_checkpoint, save_checkpoint
from crossreid.training.config import LoopConfig
from crossreid.training.frozen_weights import FrozenWeights, are_held_in_half
from crossreid.training.gathering import told_by_first
from crossreid.training.history import History
from crossreid.training.optimiser import make_optimiser
from crossreid.training.schedule import rate_at
from crossreid.training.sharding import make_whole, sharded_copy

Validate = Callable[[], Mapping[str, float]]


@dataclass(frozen=True)
class Training:
    """All that a training consists of.

    `trained` is what the optimiser changes: `task` itself, or its copy that is divided among processes; `wrapped` is
    the same as Accelerate calls it. `parts` is what a checkpoint holds, `settings` what it is compared by, and `first`
    how many steps were done before. `precision` is that of matrix products. `frozen` are the weights that are held in
    half precision, where there are some.
    """

    task: nn.Module
    config: LoopConfig
    accelerator: Accelerator
    trained: nn.Module
    wrapped: nn.Module
    optimiser: Any
    average: WeightAverage | None
    parts: dict[str, Any]
    history: History
    checkpoint: Path
    settings: dict
    precision: Precision
    first: int
    frozen: FrozenWeights | None = None

    @classmethod
    def begin(cls, task: nn.Module, config: LoopConfig, folder: Path, settings: dict) -> "Training":
        """Make everything ready for the first step, or for the one after the checkpoint in `folder`.

        Raises:
            CheckpointError: `folder` holds another training.
        """
        precision = training_precision(config)
        accelerator = make_accelerator(config, folder, precision)
        sharded = config.sharded and accelerator.num_processes > 1
        trained = sharded_copy(task, accelerator.device) if sharded else task.to(accelerator.device)
        half = are_held_in_half(
            config,
            precision=precision,
            device=accelerator.device.type,
            processes=accelerator.num_processes,
        )
        frozen = FrozenWeights(trained) if half else None
        optimiser = make_optimiser(trained, config)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: rate_at(step, config))
        average = None if config.average is None else WeightAverage(trained, config.average)
        parts = {
            "task": trained,
            "optimiser": optimiser,
            "schedule": schedule,
            "average": average,
            "scaler": accelerator.scaler,
        }
        checkpoint = folder / CHECKPOINT
        resumed = load_checkpoint(checkpoint, config=settings, precision=precision, **parts)
        first = resumed.step if resumed else 0
        history = History(folder / HISTORY, first, writes=accelerator.is_main_process)
        wrapped, prepared = prepare(accelerator, trained, optimiser, sharded=sharded)
        wrapped.train()
        if config.tracker:
            accelerator.init_trackers("tracker")
        return cls(
            task=task,
            config=config,
            accelerator=accelerator,
            trained=trained,
            wrapped=wrapped,
            optimiser=prepared,
            average=average,
            parts=parts,
            history=history,
            checkpoint=checkpoint,
            settings=settings,
            precision=precision,
            first=first,
            frozen=frozen,
        )

    def step(self, coming: Iterator[Any], done: int) -> dict[str, Tensor]:
        """Step `done` of the optimiser, over `config.accumulation` batches. Returns the losses of the last of them."""
        progress = (done - 1) / self.config.steps
        parameters = [one for group in self.optimiser.param_groups for one in group["params"]]
        losses: dict[str, Tensor] = {}
        for _ in range(self.config.accumulation):
            with self.accelerator.accumulate(self.wrapped):
                batch = _to(next(coming), self.accelerator.device)
                with quickest_attention(self.accelerator.device):
                    losses = self.wrapped(batch, progress=progress)
                    # Blocks whose activations were not kept must be computed again by the same kernels.
                    self.accelerator.backward(losses["total"])
                if self.accelerator.sync_gradients:
                    self.accelerator.clip_grad_norm_(parameters, self.config.gradient_clip)
                self.optimiser.step()
                self.optimiser.zero_grad()
        if not self.accelerator.optimizer_step_was_skipped:  # in fp16, where the scaled loss was too large
            self.parts["schedule"].step()
        if self.average is not None:
            self.average.update(done)
        return losses

    def log(self, losses: Mapping[str, Tensor], done: int, *, seconds: float) -> None:
        """Write down the losses of a step; `seconds` have gone by since this process began to train."""
        values = {name: float(loss.detach()) for name, loss in losses.items()}
        self.history.write(
            step=done,
            learning_rate=float(self.parts["schedule"].get_last_lr()[0]),
            seconds=round(self.history.seconds + seconds, 2),
            **values,
        )
        self.accelerator.log(values, step=done)

    def validate(self, validate: Validate, done: int) -> None:
        """Ask process 0 how good the model is by now, and write it down."""
        with nullcontext() if self.average is None else self.average.in_place():
            make_whole(self.task, self.trained)
            figures = self._figures(validate) if self.accelerator.is_main_process else {}
        if figures:
            self.history.validated(done, figures)
            self.accelerator.log(figures, step=done)

    def _figures(self, validate: Validate) -> dict[str, float]:
        """What validation says; a whole task whose copy is trained comes to the device for it."""
        home = next(self.task.parameters()).device
        self.task.to(self.accelerator.device).eval()
        # Weights that are held in half precision cannot be multiplied by others without autocast.
        with nullcontext() if self.frozen is None else self.accelerator.autocast():
            figures = dict(validate())
        self.task.to(home).train()
        return figures

    def patience_is_over(self) -> bool:
        """Known to the process that validates, which tells the others."""
        patience = self.config.patience
        return patience is not None and told_by_first(self.history.validations_since_best) >= patience

    def save(self, done: int) -> None:
        """Replace the checkpoint."""
        save_checkpoint(
            self.checkpoint,
            writes=self.accelerator.is_main_process,
            progress=Progress(step=done, config=self.settings, precision=self.precision),
            **self.parts,
        )

    def end(self) -> None:
        """Leave the weights that count in the task."""
        if self.average is not None:
            self.average.settle()
        make_whole(self.task, self.trained)
        if self.frozen is not None:
            self.frozen.restore()
        for tracker in self.accelerator.trackers:  # `end_training` would part the processes
            tracker.finish()
        self.wrapped.eval()
        self.task.eval()


def _to(batch: Any, device: torch.device) -> Any:
    return batch.to(device) if device.type != "cpu" else batch
