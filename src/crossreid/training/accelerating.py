"""A training on Accelerate: the device, the precision and the processes that it runs on."""

import warnings
from contextlib import AbstractContextManager, nullcontext
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import DistributedDataParallelKwargs, set_seed
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from crossreid.core.errors import ConfigurationError, MissingDependencyError
from crossreid.models.loading import PRECISIONS, Precision
from crossreid.models.precision import resolve_precision
from crossreid.training.config import LoopConfig
from crossreid.training.gathering import told_by_first

_DATA_PARALLEL = DistributedDataParallelKwargs(
    # Every process computes the same running statistics, and the teacher's features are no state.
    broadcast_buffers=False,
    # A process may have no caption in its part of a batch.
    find_unused_parameters=True,
)


def training_device() -> str:
    """What a training of this process computes on: a GPU where torch has one, else the processor."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def training_precision(config: LoopConfig) -> Precision:
    """Return the precision of a training's matrix products, the same in every process.

    Raises:
        ConfigurationError: fp16 on a processor, where nothing scales the loss.
    """
    device = training_device()
    if config.precision == "fp16" and device == "cpu":
        raise ConfigurationError(
            "loop.precision is fp16 for a training on a processor, where no loss is scaled",
            expected="a GPU",
            remedy="--set loop.precision=auto",
        )
    chosen = resolve_precision(config.precision, device, remedy="loop.precision=auto")
    if chosen == "fp16" and config.sharded:
        chosen = "fp32"  # the loss would be scaled by each process
    return cast("Precision", PRECISIONS[int(told_by_first(PRECISIONS.index(chosen)))])


def make_accelerator(config: LoopConfig, folder: Path, precision: Precision) -> Accelerator:
    """Of this process, with the seeds of a training set and its trackers' files in `folder`.

    Raises:
        MissingDependencyError: the tracker is not installed; Accelerate would go on without it.
    """
    if config.tracker and find_spec(config.tracker) is None:
        raise MissingDependencyError(
            f"loop.tracker is {config.tracker}, which is not installed",
            remedy=f"pip install {config.tracker}, or --set loop.tracker=tensorboard",
        )
    set_seed(config.seed)
    AcceleratorState._reset_state()  # an earlier training of this process may have had another precision
    accelerator = Accelerator(
        mixed_precision="no" if precision == "fp32" else precision,
        gradient_accumulation_steps=config.accumulation,
        cpu=training_device() == "cpu",
        log_with=config.tracker,
        project_dir=folder,
        step_scheduler_with_optimizer=False,
        kwargs_handlers=[_DATA_PARALLEL],
    )
    if accelerator.num_processes > 1:
        set_seed(config.seed, device_specific=True)  # or all processes would drop the same units
    return accelerator


def prepare(
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


def quickest_attention(device: torch.device) -> AbstractContextManager[object]:
    """On a CPU the fused attention's backward pass is slower than plain matrix products: a third of a step."""
    return sdpa_kernel(SDPBackend.MATH) if device.type == "cpu" else nullcontext()
