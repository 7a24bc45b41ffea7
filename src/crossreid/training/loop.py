"""The one loop: batches -> a task's losses -> steps, on Accelerate."""

import math
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Protocol

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import DistributedDataParallelKwargs, set_seed
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.data import DataLoader, Dataset

from crossreid.core.errors import ConfigurationError, CrossReIDError
from crossreid.training.averaging import WeightAverage
from crossreid.training.checkpoint import Progress, load_checkpoint, save_checkpoint
from crossreid.training.config import LoopConfig
from crossreid.training.gathering import told_by_first
from crossreid.training.history import History
from crossreid.training.optimiser import make_optimiser
from crossreid.training.progress import step_progress
from crossreid.training.sharding import make_whole, sharded_copy

Validate = Callable[[], Mapping[str, float]]


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
        validate: returns named figures, called every `validate_every` steps and at the end, by process 0 alone. Of the
            first of them more is better.
        validate_every: 0: only at the end.
        quiet: no progress bar.

    Returns:
        The history file.

    Raises:
        DivergedError: a loss is not finite.
        CheckpointError: `folder` holds another training.
    """
    folder.mkdir(parents=True, exist_ok=True)
    set_seed(config.seed)
    accelerator = _make_accelerator(config, folder)
    if accelerator.num_processes > 1:
        set_seed(config.seed, device_specific=True)  # or all processes would drop the same units
    sharded = config.sharded and accelerator.num_processes > 1
    trained = sharded_copy(task, accelerator.device) if sharded else task.to(accelerator.device)
    optimiser = make_optimiser(trained, config)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _rate(step, config))
    average = None if config.average is None else WeightAverage(trained, config.average)
    settings = settings if settings is not None else config.model_dump(mode="json")
    checkpoint = folder / "checkpoint"
    parts: dict[str, Any] = {
        "task": trained,
        "optimiser": optimiser,
        "schedule": schedule,
        "average": average,
    }
    resumed = load_checkpoint(checkpoint, config=settings, **parts)
    first = resumed.step if resumed else 0
    history = History(folder / "history.jsonl", first, writes=accelerator.is_main_process)
    wrapped, optimiser = _prepared(accelerator, trained, optimiser, sharded=sharded)
    wrapped.train()
    if config.tracker:
        accelerator.init_trackers("tracker")

    coming = _coming(batches, config, first, accelerator)
    started = time.perf_counter()
    quiet = quiet or not accelerator.is_main_process
    with step_progress(description, total=config.steps, done=first, quiet=quiet) as advance:
        for step in range(first, config.steps):
            if _patience_is_over(history, config):
                break
            losses = _step(accelerator, wrapped, optimiser, coming, config, progress=step / config.steps)
            schedule.step()
            done = step + 1
            if average is not None:
                average.update(done)
            total = float(losses["total"].detach())
            advance(total)
            if not math.isfinite(total):
                raise DivergedError(f"a loss of {total} at step {done}", remedy="lower the learning rate")
            ends = done == config.steps
            if ends or done % config.log_every == 0:
                values = {name: float(loss.detach()) for name, loss in losses.items()}
                seconds = round(history.seconds + time.perf_counter() - started, 2)
                rate = float(schedule.get_last_lr()[0])
                history.write(step=done, learning_rate=rate, seconds=seconds, **values)
                accelerator.log(values, step=done)
            if validate and (ends or (validate_every and done % validate_every == 0)):
                with nullcontext() if average is None else average.in_place():
                    make_whole(task, trained)
                    figures = _validated(task, validate, accelerator) if accelerator.is_main_process else {}
                if figures:
                    history.validated(done, figures)
                    accelerator.log(figures, step=done)
                ends = ends or _patience_is_over(history, config)
            if done % config.checkpoint_every == 0 or ends:
                save_checkpoint(
                    checkpoint,
                    writes=accelerator.is_main_process,
                    progress=Progress(step=done, config=settings),
                    **parts,
                )
    if average is not None:
        average.settle()
    make_whole(task, trained)
    for tracker in accelerator.trackers:  # `end_training` would part the processes
        tracker.finish()
    wrapped.eval()
    task.eval()
    return history.path


def _make_accelerator(config: LoopConfig, folder: Path) -> Accelerator:
    AcceleratorState._reset_state()  # an earlier training of this process may have had another precision
    return Accelerator(
        mixed_precision=config.precision,
        gradient_accumulation_steps=config.accumulation,
        cpu=not torch.cuda.is_available(),
        log_with=config.tracker,
        project_dir=folder,
        step_scheduler_with_optimizer=False,
        kwargs_handlers=[_DATA_PARALLEL],
    )


def _prepared(
    accelerator: Accelerator, trained: nn.Module, optimiser: Any, *, sharded: bool
) -> tuple[nn.Module, Any]:
    """What is trained as it is called, and its optimiser."""
    if sharded:
        return _in_precision(accelerator, trained), accelerator.prepare(optimiser)
    with warnings.catch_warnings():
        # Its successor is not known to the oldest torch that is supported.
        warnings.filterwarnings("ignore", "`broadcast_buffers` is deprecated", FutureWarning)
        return accelerator.prepare(trained, optimiser)


def _in_precision(accelerator: Accelerator, divided: nn.Module) -> nn.Module:
    """What `prepare` does for a module that is not divided."""
    forward = divided.forward

    def forward_in_precision(*inputs: Any, **options: Any) -> Any:
        with accelerator.autocast():
            return forward(*inputs, **options)

    divided.forward = forward_in_precision
    return divided


def _validated(task: nn.Module, validate: Validate, accelerator: Accelerator) -> dict[str, float]:
    """What validation says; a whole task whose copy is trained comes to the device for it."""
    home = next(task.parameters()).device
    task.to(accelerator.device).eval()
    figures = dict(validate())
    task.to(home).train()
    return figures


_DATA_PARALLEL = DistributedDataParallelKwargs(
    # Every process computes the same running statistics, and the teacher's features are no state.
    broadcast_buffers=False,
    # A process may have no caption in its part of a batch.
    find_unused_parameters=True,
)


def _patience_is_over(history: History, config: LoopConfig) -> bool:
    """Known to the process that validates, which tells the others."""
    return config.patience is not None and told_by_first(history.validations_since_best) >= config.patience


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
            generator=torch.Generator().manual_seed(config.seed),
            prefetch_factor=4 if config.workers else None,
        )
    )


def _step(
    accelerator: Accelerator,
    task: nn.Module,
    optimiser: torch.optim.Optimizer,
    coming: Iterator[Any],
    config: LoopConfig,
    *,
    progress: float,
) -> dict[str, Tensor]:
    """One step of the optimiser over `config.accumulation` batches. Returns the losses of the last of them."""
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    losses: dict[str, Tensor] = {}
    for _ in range(config.accumulation):
        with accelerator.accumulate(task):
            batch = _to(next(coming), accelerator.device)
            with _attention(accelerator.device):
                losses = task(batch, progress=progress)
                # Blocks whose activations were not kept must be computed again by the same kernels.
                accelerator.backward(losses["total"])
            if accelerator.sync_gradients:
                accelerator.clip_grad_norm_(parameters, config.gradient_clip)
            optimiser.step()
            optimiser.zero_grad()
    return losses


def _attention(device: torch.device) -> AbstractContextManager[object]:
    """On a CPU the fused attention's backward pass is slower than plain matrix products: a third of a step."""
    return sdpa_kernel(SDPBackend.MATH) if device.type == "cpu" else nullcontext()


def _rate(step: int, config: LoopConfig) -> float:
    """Share of the peak learning rate at a step."""
    warmup = max(1, round(config.warmup_share * config.steps))
    if step < warmup:
        return (step + 1) / warmup
    floor = config.final_learning_rate / config.learning_rate
    if config.drop_at is not None:
        return 1.0 if step < config.drop_at * config.steps else floor
    done = (step - warmup) / max(1, config.steps - warmup)
    return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))


def _to(batch: Any, device: torch.device) -> Any:
    return batch.to(device) if device.type != "cpu" else batch
