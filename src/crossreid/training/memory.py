"""The memory of one process of a training, part by part."""

from collections.abc import Iterable
from dataclasses import dataclass

from torch import nn

from crossreid.training.config import LoopConfig
from crossreid.training.cost import StepCost
from crossreid.training.optimiser import make_optimiser

_FLOAT = 4


@dataclass(frozen=True, slots=True)
class TrainingMemory:
    """Of one process, MiB.

    Args:
        frozen: weights that are not trained, in the precision in which they are held.
        trained: weights in fp32.
        gradients: of these.
        moments: of the optimiser.
        average: of the weights, where one is kept.
        exchange: copies of the gradients that processes send each other.
        stored: features of the teacher and other tensors that belong to the task.
        activations: that autograd keeps of one batch.
        working: the most that a batch takes beyond these.
    """

    frozen: float
    trained: float
    gradients: float
    moments: float
    average: float
    exchange: float
    stored: float
    activations: float
    working: float

    @property
    def fixed(self) -> float:
        """What does not depend on the batch."""
        return self.total - self.activations - self.working

    @property
    def total(self) -> float:
        """The most that a step takes."""
        return sum(getattr(self, name) for name in self.__slots__)


def training_memory(
    task: nn.Module, loop: LoopConfig, cost: StepCost, *, processes: int = 1
) -> TrainingMemory:
    """Add up; of a `sharded` training each process has its share, and what is gathered as a whole for a step.

    Args:
        task: whose weights have their sizes and types; they may be fake.
        loop: of the training.
        cost: of a step of one process.
        processes: that train together.
    """
    parameters = list(task.parameters())
    trained = _mib(parameter.nbytes for parameter in parameters if parameter.requires_grad)
    frozen = _mib(parameter.nbytes for parameter in parameters if not parameter.requires_grad)
    sharded = loop.sharded and processes > 1
    share = 1 / processes if sharded else 1.0
    return TrainingMemory(
        frozen=share * frozen,
        trained=share * trained,
        gradients=share * trained,
        moments=share * _moments_mib(task, loop),
        average=share * trained if loop.average is not None else 0.0,
        exchange=_gathered_mib(task) if sharded else trained * (processes > 1),
        stored=_mib(buffer.nbytes for buffer in task.buffers()),
        activations=cost.activations_mib,
        working=cost.working_mib,
    )


def _moments_mib(task: nn.Module, loop: LoopConfig) -> float:
    """Two of each weight for AdamW, one for Muon."""
    groups = make_optimiser(task, loop).param_groups
    return _mib(
        parameter.numel() * _FLOAT * (1 if "momentum" in group else 2)
        for group in groups
        for parameter in group["params"]
    )


def _gathered_mib(task: nn.Module) -> float:
    """What is put together before a step: all that is in no block, and two blocks, one of them ahead."""
    blocks: dict[str, float] = {}
    others = 0.0
    for name, parameter in task.named_parameters():
        parts = name.split(".")
        place = next((place for place, part in enumerate(parts) if part in ("blocks", "layers")), None)
        if place is None:
            others += _mib([parameter.nbytes])
        else:
            block = ".".join(parts[: place + 2])
            blocks[block] = blocks.get(block, 0.0) + _mib([parameter.nbytes])
    return others + sum(sorted(blocks.values())[-2:])


def _mib(sizes: Iterable[int]) -> float:
    return sum(sizes) / 2**20
