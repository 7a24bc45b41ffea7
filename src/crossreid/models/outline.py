"""A model's architecture without its weights."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import nn
from transformers import (
    AutoConfig,
    CLIPConfig,
    CLIPModel,
    Qwen2_5_VLConfig,
    Qwen2_5_VLModel,
    Qwen2VLConfig,
    Qwen2VLModel,
)

from crossreid.core.errors import CheckpointError
from crossreid.data.preprocessing import Preprocessing
from crossreid.models.folder import load_model, read_card
from crossreid.models.presets import PAPER
from crossreid.models.student import Student
from crossreid.models.teacher import Teacher


@dataclass(frozen=True, slots=True)
class Outline:
    """What a folder would load, to be counted.

    Args:
        kind: of the model.
        backbone: a teacher's Qwen2-VL, or a student's towers, vision first; mostly on the meta device.
        dim: width of its features.
        preprocessing: of its pictures.
    """

    kind: Literal["teacher", "student"]
    backbone: nn.Module
    dim: int
    preprocessing: Preprocessing

    @property
    def parameters(self) -> int:
        """Of the backbone."""
        return sum(parameter.numel() for parameter in self.backbone.parameters())


def outline(folder: Path) -> Outline:
    """Read settings alone, where the folder has them; an adapter or a state dict has to be loaded.

    Args:
        folder: as for `load_model`; of a teacher or of a student around CLIP.

    Raises:
        CheckpointError: there is neither.
    """
    if not (folder / "config.json").is_file():
        model, _ = load_model(folder)
        if isinstance(model, Teacher):
            return Outline("teacher", model.backbone, model.dim, model.preprocessing)
        if isinstance(model, Student):
            towers = nn.ModuleList([model.vision, model.text])
            return Outline("student", towers, model.dim, model.preprocessing)
        raise CheckpointError(f"{folder} holds a {type(model).__name__}", expected="a Qwen2-VL or a CLIP")
    card = read_card(folder)
    preprocessing = Preprocessing.from_dict(card["preprocessing"]) if card else None
    try:
        config: Any = AutoConfig.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{folder} cannot be read: {error}", expected="a config.json") from error
    with torch.device("meta"):
        if isinstance(config, Qwen2VLConfig | Qwen2_5_VLConfig):
            backbone: Any = (
                Qwen2VLModel(config) if isinstance(config, Qwen2VLConfig) else Qwen2_5_VLModel(config)
            )
            dim = backbone.config.text_config.hidden_size
            return Outline("teacher", backbone, dim, preprocessing or PAPER.teacher)
        if isinstance(config, CLIPConfig):
            clip = CLIPModel(config)
            towers = nn.ModuleList([clip.vision_model, clip.text_model])
            dim = card.get("dim", clip.visual_projection.out_features)
            return Outline("student", towers, dim, preprocessing or PAPER.student)
    raise CheckpointError(f"{folder} holds a {config.model_type} model", expected="a Qwen2-VL or a CLIP")
