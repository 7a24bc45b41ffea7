"""What a pretraining would do, by the architecture that it starts from: nothing is drawn or trained."""

from dataclasses import dataclass

import torch
from torch import nn
from transformers import CLIPModel, Qwen2VLModel

from crossreid.models.outline import Outline
from crossreid.models.presets import (
    TINY_DIM,
    TINY_HEIGHT,
    TINY_WIDTH,
    tiny_cloud_config,
    tiny_edge_config,
    tiny_preprocessing,
)
from crossreid.models.prompts import SPECIAL_TOKENS
from crossreid.synthesis.pedestrians.attributes import attribute_sizes
from crossreid.training.accelerating import training_precision
from crossreid.training.config import CaptioningConfig, ContrastiveConfig
from crossreid.training.cost import StepCost, step_cost
from crossreid.training.tasks.attributes import AttributeRecognition

_BYTES = 3 * TINY_HEIGHT * TINY_WIDTH
_CHAT_TOKENS = (19, 45)
"""Of a chat with the tiny prompts about a picture, beside the picture's own, and of one with a usual caption."""


@dataclass(frozen=True, slots=True)
class PretrainingPlan:
    """Sizes of a pretraining.

    Args:
        config: of the pretraining.
        parameters: all are trained.
        cost: of a step. Answers and their next-token losses come on top.
    """

    config: CaptioningConfig | ContrastiveConfig
    parameters: int
    cost: StepCost

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

    @property
    def lowest_memory_mib(self) -> float:
        """Weights in fp32, their gradients and two moments. Activations come on top."""
        return 4 * 4 * self.parameters / 2**20


def plan_pretraining(config: CaptioningConfig | ContrastiveConfig) -> PretrainingPlan:
    """Count the parameters and the matrix products of a step."""
    ids: dict[str, int] = dict.fromkeys(SPECIAL_TOKENS, 0)
    with torch.device("meta"):
        recognise = AttributeRecognition(TINY_DIM, attribute_sizes())
        if isinstance(config, CaptioningConfig):
            whole: nn.Module = Qwen2VLModel(tiny_cloud_config(ids))
            drawn = Outline("teacher", whole, TINY_DIM, tiny_preprocessing())
            temperature = 1
        else:
            whole = clip = CLIPModel(tiny_edge_config(ids))
            towers = nn.ModuleList([clip.vision_model, clip.text_model])
            drawn = Outline("student", towers, TINY_DIM, tiny_preprocessing())
            temperature = 0  # CLIP has its own
    parameters = temperature + sum(
        parameter.numel() for part in (whole, recognise) for parameter in part.parameters()
    )
    cost = step_cost(
        drawn,
        height=TINY_HEIGHT,
        width=TINY_WIDTH,
        pictures=config.batch_photographs + config.batch_drawings,
        captions=config.batch_photographs + config.batch_drawings,
        accumulation=config.loop.accumulation,
        adapted=False,
        checkpointing=False,
        half=training_precision(config.loop) != "fp32",
        chat_tokens=_CHAT_TOKENS,
    )
    assert cost is not None
    return PretrainingPlan(config, parameters, cost)
