"""What the training of a translator would do, counted with tensors that hold nothing."""

from dataclasses import dataclass

import torch

from crossreid.core.modality import Modality
from crossreid.data.dataset import Dataset
from crossreid.training.config import TranslatorConfig
from crossreid.training.cost import StepCost, step_cost
from crossreid.training.machine import Machine
from crossreid.training.memory import TrainingMemory, training_memory
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
        memory: of the process.
    """

    config: TranslatorConfig
    generator_parameters: int
    discriminator_parameters: int
    pairs: int
    dataset: Dataset | None
    cost: StepCost
    memory: TrainingMemory

    @property
    def epochs(self) -> float:
        """How often every pair comes up."""
        steps = self.config.loop.steps * self.config.loop.accumulation
        return steps / max(1, self.pairs // min(self.config.batch, self.pairs))


def plan_translator(config: TranslatorConfig, dataset: Dataset | None, *, machine: Machine) -> TranslatorPlan:
    """Run a batch forward and backward on tensors without data, and count.

    Args:
        config: of a translator.
        dataset: the training split; None for drawn people.
        machine: that it is planned for.

    Raises:
        DataError: the data set has no pairs.
    """
    sizes = config.network.height, config.network.width
    with torch.device("meta"):
        task = build_task(config)
    players = (task.generator, task.discriminator)
    generator, discriminator = (
        0 if player is None else sum(parameter.numel() for parameter in player.parameters())
        for player in players
    )
    cost = step_cost(
        task,
        lambda: PairBatch(torch.empty(config.batch, 3, *sizes), torch.empty(config.batch, 1, *sizes)),
        device=machine.device,
        precision=machine.precision,
        accumulation=config.loop.accumulation,
    )
    return TranslatorPlan(
        config,
        generator,
        discriminator,
        config.drawn_people * config.encounters
        if dataset is None
        else len(find_pairs(dataset, Modality(config.modality))),
        dataset,
        cost,
        training_memory(task, config.loop, cost),
    )
