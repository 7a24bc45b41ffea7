"""The vision tower of MLLMReID by itself: what is left of the model on the edge."""

import copy

import torch
from torch import nn

from crossreid.core.errors import ConfigurationError
from crossreid.core.modality import VISUAL
from crossreid.models.mllmreid import Mllmreid
from crossreid.models.positions import square_grid


class PictureStudent(nn.Module):
    """A vision tower whose class token is the feature of a picture; it reads no captions.

    Its heads change nothing. They are there because a basis is folded into heads.

    Args:
        model: whose feature is the vision tower's; it is copied, on the CPU and in fp32.

    Raises:
        ConfigurationError: its feature is the language model's.
    """

    def __init__(self, model: Mllmreid) -> None:
        super().__init__()
        if model.feature != "vision":
            raise ConfigurationError(
                f"the {model.feature} feature of a LLaVA for the edge",
                expected="that of the vision tower",
                remedy="train with `feature: vision`, or distil it into an edge model",
            )
        self.vision = copy.deepcopy(model.vision).cpu().float().eval()
        self.preprocessing, self.dim, self.grid = model.preprocessing, model.dim, square_grid(model.vision)
        self.heads = nn.ModuleDict()
        for modality in VISUAL:
            self.heads[modality.value] = nn.Linear(self.dim, self.dim, bias=False)
            with torch.no_grad():
                self.heads[modality.value].get_parameter("weight").copy_(torch.eye(self.dim))
