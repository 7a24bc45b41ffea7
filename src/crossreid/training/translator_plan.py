"""What the training of a translator would do, counted with tensors that hold nothing."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.flop_counter import FlopCounterMode

from crossreid.core.modality import Modality
from crossreid.data.dataset import Dataset
from crossreid.training.accelerating import training_precision
from crossreid.training.config import TranslatorConfig
from crossreid.training.cost import StepCost
from crossreid.training.translation import build_task
from crossreid.training.translator_batches import PairBatch, find_pairs


@dataclass(frozen=True, slots=True)
class TranslatorPlan:
    """Sizes of a training.

    Args:
        config: of the training.
        generator_parameters: all are trained.
        discriminator_parameters: likewise; 0 without one.
        pairs: of photographs and targets; of a data set as many as it has, else as many as will be drawn.
        dataset: the training split; None for drawn people.
        cost: of a step.
    """

    config: TranslatorConfig
    generator_parameters: int
    discriminator_parameters: int
    pairs: int
    dataset: Dataset | None
    cost: StepCost

    @property
    def epochs(self) -> float:
        """How often every pair comes up."""
        steps = self.config.loop.steps * self.config.loop.accumulation
        return steps / max(1, self.pairs // min(self.config.batch, self.pairs))

    @property
    def lowest_memory_mib(self) -> float:
        """Weights in fp32, their gradients and Adam's two moments. Activations come on top."""
        return 4 * 4 * (self.generator_parameters + self.discriminator_parameters) / 2**20


def plan_translator(config: TranslatorConfig, dataset: Dataset | None) -> TranslatorPlan:
    """Build the networks without numbers, and run one step of them.

    Args:
        config: of a translator.
        dataset: the training split; None for drawn people.

    Raises:
        DataError: the data set has no pairs.
    """
    sizes = config.network.height, config.network.width
    kept = _Kept()
    with torch.device("meta"):
        task = build_task(config)
        batch = PairBatch(torch.empty(config.batch, 3, *sizes), torch.empty(config.batch, 1, *sizes))
        with FlopCounterMode(display=False) as counter, saved_tensors_hooks(kept.keep, lambda tensor: tensor):
            task(batch, progress=0.0)["total"].backward()
    half = training_precision(config.loop) != "fp32"
    players = (task.generator, task.discriminator)
    generator, discriminator = (
        0 if player is None else sum(parameter.numel() for parameter in player.parameters())
        for player in players
    )
    return TranslatorPlan(
        config,
        generator,
        discriminator,
        config.drawn_people * config.encounters
        if dataset is None
        else len(find_pairs(dataset, Modality(config.modality))),
        dataset,
        StepCost(
            float(counter.get_total_flops()) * config.loop.accumulation,
            kept.bytes() / (2 if half else 1) / 2**20,
        ),
    )


class _Kept:
    """What autograd keeps for the backward pass, parameters aside."""

    def __init__(self) -> None:
        self._tensors: list[Tensor] = []

    def keep(self, tensor: Tensor) -> Tensor:
        if not isinstance(tensor, torch.nn.Parameter):
            self._tensors.append(tensor)
        return tensor

    def bytes(self) -> int:
        """Each storage once."""
        storages = {id(tensor.untyped_storage()): tensor.untyped_storage() for tensor in self._tensors}
        return sum(storage.nbytes() for storage in storages.values())
