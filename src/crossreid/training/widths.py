"""How wide the features of a model are that need not be trained yet."""

from pathlib import Path
from typing import Any

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import CheckpointError, ConfigurationError
from crossreid.models.loading import load_encoder, model_folder
from crossreid.models.outline import Outline, outline, outline_joined, outline_towers, tiny_outline
from crossreid.runtime.pack import is_pack
from crossreid.training.config import (
    DistillationConfig,
    DsmdConfig,
    MllmreidConfig,
    StudentConfig,
    TeacherConfig,
    load_config,
)

PlannedConfig = TeacherConfig | StudentConfig | DistillationConfig | DsmdConfig | MllmreidConfig
"""Trainings on a data set."""


def teacher_width(source: str) -> int:
    """Dimensions of what a teacher says.

    Args:
        source: what `crossreid distill --teacher` takes; or the settings (.yaml) by which it is going to be trained.

    Raises:
        CheckpointError: there is no model or file of features, or the backbone of the settings is not there.
        ConfigurationError: the settings are those of another kind of training.
    """
    place = Path(source)
    if place.suffix in (".yaml", ".yml"):
        return _width_by_settings(place)
    if place.suffix == ".parquet":
        if not place.is_file():
            raise CheckpointError(f"no features at {source}", expected="a .parquet of crossreid embed")
        return Embeddings.load(place).dim
    if is_pack(place) or source.startswith(("http://", "https://")):
        return load_encoder(source).dim
    return outline(model_folder(source, weights=False)).dim


def _width_by_settings(file: Path) -> int:
    config = load_config(file)
    if not isinstance(config, TeacherConfig | StudentConfig | MllmreidConfig):
        raise ConfigurationError(
            f"{file}, which is of kind {config.kind}", expected="the settings of a cloud model's training"
        )
    return trained_width(config, backbone_outline(config))


def trained_width(config: PlannedConfig, drawn: Outline) -> int:
    """Dimensions of what the trained model says; of a distillation, where its teacher were as wide as its backbone."""
    match config:
        case StudentConfig(dim=int(dim)):
            return dim
        case MllmreidConfig(feature="latent"):
            backbone: Any = drawn.backbone
            return backbone.config.text_config.hidden_size
        case _:
            return drawn.dim


def backbone_outline(config: PlannedConfig) -> Outline:
    """The architecture of the backbone: of one folder, of two that are joined by +, or of one that is to be made."""
    if isinstance(config, MllmreidConfig) and config.alignment is not None:
        return tiny_outline()
    folders = [model_folder(name, weights=False) for name in config.backbone.split("+")]
    if len(folders) != 2:
        return outline(model_folder(config.backbone, weights=False))
    return outline_joined(*folders) if isinstance(config, MllmreidConfig) else outline_towers(*folders)
