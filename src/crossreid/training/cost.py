"""What a step of a training costs one process: counted on tensors without data, nothing is computed."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from torch import nn

from crossreid.training.fake_tensors import (
    SavedTensors,
    StepCounter,
    autocast,
    computing_as,
    gradients_are_dropped,
)


@dataclass(frozen=True, slots=True)
class StepCost:
    """Of one step of the optimiser, in one process.

    Args:
        flops: of the matrix products of all its batches, forward and backward.
        activations_mib: that autograd keeps for the backward pass of one batch, each storage once.
        working_mib: the most that a batch takes beyond these, gradients of parameters aside: mostly what is computed
            again in the backward pass.
    """

    flops: float
    activations_mib: float
    working_mib: float


def step_cost(
    task: nn.Module,
    make_batch: Callable[[], Any],
    *,
    device: str,
    precision: str,
    accumulation: int,
) -> StepCost:
    """Run one batch of a task forward and backward without data; the task has none afterwards.

    Args:
        task: as it is trained; its weights may be on the meta device.
        make_batch: the batch of one process.
        device: "cpu" or "cuda", which need not be there.
        precision: of the matrix products: "fp32", "bf16" or "fp16".
        accumulation: batches a step.
    """
    counter = StepCounter()
    counter.remove_data(task.train())
    gradients_are_dropped(task)
    saved = SavedTensors(task.parameters())
    with _no_warnings(), counter, computing_as(device, precision):
        with autocast(precision), saved.hooks():
            loss = task(make_batch(), progress=1.0)["total"]
        activations = saved.count_bytes()
        saved.forget()
        loss.backward()
    return StepCost(
        flops=float(counter.flops) * accumulation,
        activations_mib=activations / 2**20,
        working_mib=max(0, counter.peak_bytes - activations) / 2**20,
    )


@contextmanager
def _no_warnings() -> Iterator[None]:
    """Captions are made longer than a model reads, which it would warn of."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
