"""What a pretraining would do, by the architecture that it starts from: nothing is drawn or trained."""

from dataclasses import dataclass

import torch
from torch import nn
from transformers import CLIPModel, PreTrainedTokenizerFast, Qwen2VLModel

from crossreid.core.modality import Modality
from crossreid.models.presets import (
    TINY_DIM,
    TINY_HEIGHT,
    TINY_WIDTH,
    tiny_cloud_config,
    tiny_edge_config,
    tiny_preprocessing,
)
from crossreid.models.prompts import TINY_PROMPTS
from crossreid.models.shipped import shipped_folder
from crossreid.models.student import Student
from crossreid.models.teacher import Teacher
from crossreid.models.tokenizer import special_token_ids
from crossreid.synthesis.pedestrians.attributes import attribute_sizes
from crossreid.synthesis.pedestrians.world import World
from crossreid.training.batches import CaptionedBatch
from crossreid.training.config import CaptioningConfig, ContrastiveConfig
from crossreid.training.cost import StepCost, step_cost
from crossreid.training.machine import Machine
from crossreid.training.memory import TrainingMemory, training_memory
from crossreid.training.pretraining import answered_pictures
from crossreid.training.tasks.captioning import CaptioningTask
from crossreid.training.tasks.contrastive import ContrastiveTask

_BYTES = 3 * TINY_HEIGHT * TINY_WIDTH
_TALKED_CAPTIONS = 32
"""Of the first people of the world: their longest stands for every caption of the plan."""


@dataclass(frozen=True, slots=True)
class PretrainingPlan:
    """Sizes of a pretraining.

    Args:
        config: of the pretraining.
        parameters: all are trained.
        cost: of a step.
        memory: of the process.
    """

    config: CaptioningConfig | ContrastiveConfig
    parameters: int
    cost: StepCost
    memory: TrainingMemory

    @property
    def pictures(self) -> int:
        """That are drawn before the first step."""
        return self.config.photographs + self.config.drawings

    @property
    def disk_mib(self) -> float:
        """Of these pictures, which are kept as pixels."""
        return self.pictures * _BYTES / 2**20

    @property
    def epochs(self) -> float:
        """How often every photograph comes up."""
        steps = self.config.loop.steps * self.config.loop.accumulation
        return steps / (self.config.photographs // self.config.batch_photographs)


def plan_pretraining(config: CaptioningConfig | ContrastiveConfig, *, machine: Machine) -> PretrainingPlan:
    """Run a batch forward and backward on tensors without data, and count.

    The vocabulary is that of the pretraining that it goes on from, where that is there, else of the shipped model.
    """
    task = _task(config)
    cost = step_cost(
        task,
        lambda: _batch(config),
        device=machine.device,
        precision=machine.precision,
        accumulation=config.loop.accumulation,
    )
    parameters = sum(parameter.numel() for parameter in task.parameters())
    return PretrainingPlan(config, parameters, cost, training_memory(task, config.loop, cost))


def _task(config: CaptioningConfig | ContrastiveConfig) -> nn.Module:
    shipped = shipped_folder("tiny-cloud" if isinstance(config, CaptioningConfig) else "tiny-edge")
    earlier = None if config.start is None else config.start / "model"
    words = earlier if earlier is not None and earlier.is_dir() else shipped
    tokenizer = PreTrainedTokenizerFast.from_pretrained(words, local_files_only=True)
    shared = {
        "attributes": config.attributes,
        "tagging_share": 0.0,  # every step is planned as one of the later ones, which take longer
        "attribute_sizes": attribute_sizes(),
    }
    with torch.device("meta"):
        if isinstance(config, CaptioningConfig):
            backbone = Qwen2VLModel(tiny_cloud_config(special_token_ids(tokenizer)))
            teacher = Teacher(backbone, tokenizer, TINY_PROMPTS, tiny_preprocessing())
            return CaptioningTask(teacher, contrast=config.contrast, **shared)
        clip = CLIPModel(tiny_edge_config(special_token_ids(tokenizer)))
        student = Student(clip, tokenizer, tiny_preprocessing(), dim=TINY_DIM)
        return ContrastiveTask(clip, student, **shared)


def _batch(config: CaptioningConfig | ContrastiveConfig) -> CaptionedBatch:
    world, people = World(config.world_seed), config.batch_photographs
    pictures = people + config.batch_drawings
    first = range(min(people, _TALKED_CAPTIONS))
    caption = max((world.group("pretrain", person, 0).caption for person in first), key=len)
    answered = answered_pictures(config)
    return CaptionedBatch(
        pixel_values=torch.empty(pictures, 3, TINY_HEIGHT, TINY_WIDTH),
        captions=(caption,) * pictures,
        modalities=(Modality.RGB,) * pictures,
        attributes=torch.zeros(people, len(attribute_sizes()), dtype=torch.long),
        answered=tuple(range(answered)),
        answers=(caption,) * answered,
    )
