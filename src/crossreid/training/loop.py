"""The one loop: batches -> a task's losses -> steps, on Accelerate."""

import math
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from crossreid.core.errors import ConfigurationError, CrossReIDError, TrainingInterrupted
from crossreid.models.training_record import RECORD
from crossreid.training.config import LoopConfig
from crossreid.training.interruption import leave_signals_to_the_training, signals_remembered
from crossreid.training.progress import step_progress
from crossreid.training.record import complete_record
from crossreid.training.steps import Training, Validate


class Task(Protocol):
    """A model with its losses. Also an `nn.Module`: what requires a gradient is trained."""

    def __call__(self, batch: Any, *, progress: float) -> dict[str, Tensor]:
        """Named scalar losses; `total` is minimised. `progress` runs from 0 to 1 over the training."""
        ...

    def parameter_groups(self, learning_rate: float) -> list[dict[str, Any]]:
        """Parameters with their peak learning rates."""
        ...


class BatchSequence(Dataset):
    """Batches as a pure function of the step, so that a resumed training sees the same ones."""

    def __len__(self) -> int:
        """Number of batches; at least the steps of the training."""
        raise NotImplementedError

    def __getitem__(self, step: int) -> Any:
        """The batch of a step."""
        raise NotImplementedError

    def part(self, step: int, *, number: int, of: int) -> Any:
        """What process `number` of `of` has of the batch of a step."""
        raise ConfigurationError(
            f"{of} processes for batches that cannot be divided",
            expected="one process",
            remedy="leave out accelerate launch",
        )


class DivergedError(CrossReIDError):
    """A loss became NaN or infinite."""


def train(
    task: nn.Module,
    batches: BatchSequence,
    config: LoopConfig,
    folder: Path,
    *,
    description: str = "training",
    settings: dict | None = None,
    validate: Validate | None = None,
    validate_every: int = 0,
    quiet: bool = False,
) -> Path:
    """Train `task` for `config.steps` steps, continuing from `folder` when a checkpoint is there.

    Under `accelerate launch` each process works on its part of every batch.

    Args:
        task: see `Task`.
        batches: one batch a step.
        config: optimiser and schedule.
        folder: receives `checkpoint/`, `history.jsonl` and TensorBoard's files.
        description: names the progress bar.
        settings: the whole configuration, kept in the checkpoint and compared on resume.
        validate: returns named figures, called before the first step, every `validate_every` steps and at the end, by
            process 0 alone. Of the first of them more is better.
        validate_every: 0: only before the first step and at the end.
        quiet: no progress bar.

    Returns:
        The history file.

    Raises:
        DivergedError: a loss is not finite.
        CheckpointError: `folder` holds another training.
        TrainingInterrupted: SIGINT or SIGTERM came; the checkpoint of the step that it came in is written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    settings = settings if settings is not None else {"loop": config.model_dump(mode="json")}
    training = Training.begin(task, config, folder, settings)
    main = training.accelerator.is_main_process
    if main:
        complete_record(folder / RECORD, precision=training.precision)
    coming = _coming(batches, config, training.first, training.accelerator)
    if validate and training.first == 0:
        training.validate(validate, 0)
    started = time.perf_counter()
    with (
        signals_remembered() as interruption,
        step_progress(
            description, total=config.steps, done=training.first, quiet=quiet or not main
        ) as advance,
    ):
        for done in range(training.first + 1, config.steps + 1):
            if training.patience_is_over():
                break
            losses = training.step(coming, done)
            total = float(losses["total"].detach())
            advance(total)
            if not math.isfinite(total):
                raise DivergedError(f"a loss of {total} at step {done}", remedy="lower the learning rate")
            ends = done == config.steps
            if ends or done % config.log_every == 0:
                training.log(losses, done, seconds=time.perf_counter() - started)
            if validate and (ends or (validate_every and done % validate_every == 0)):
                training.validate(validate, done)
                ends = ends or training.patience_is_over()
            stopped_by = interruption.signal()
            if stopped_by or ends or done % config.checkpoint_every == 0:
                training.save(done)
            if stopped_by:
                training.end()
                raise _interrupted(stopped_by, done, config, training.checkpoint)
    training.end()
    return training.history.path


def _interrupted(number: int, done: int, config: LoopConfig, checkpoint: Path) -> TrainingInterrupted:
    return TrainingInterrupted(
        signal.Signals(number).name,
        status=128 + number,
        step=done,
        steps=config.steps,
        folder=str(checkpoint),
    )


class _Part(Dataset):
    """What one of several processes has of each batch."""

    def __init__(self, batches: BatchSequence, number: int, of: int) -> None:
        self._batches, self._number, self._of = batches, number, of

    def __getitem__(self, step: int) -> Any:
        return self._batches.part(step, number=self._number, of=self._of)


def _coming(
    batches: BatchSequence, config: LoopConfig, first: int, accelerator: Accelerator
) -> Iterator[Any]:
    """This process's batches from step `first` on, made ahead by worker processes."""
    number, of = accelerator.process_index, accelerator.num_processes
    micro_steps = range(first * config.accumulation, config.steps * config.accumulation)
    return iter(
        DataLoader(
            batches if of == 1 else _Part(batches, number, of),
            batch_size=None,
            sampler=micro_steps,
            num_workers=config.workers,
            persistent_workers=False,
            worker_init_fn=leave_signals_to_the_training if config.workers else None,
            generator=torch.Generator().manual_seed(config.seed),
            prefetch_factor=4 if config.workers else None,
        )
    )
