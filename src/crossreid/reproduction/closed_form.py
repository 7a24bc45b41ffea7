"""The edge model without a training step: its heads mapped onto the cloud model's features in closed form."""

from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import ConfigurationError
from crossreid.data.dataset import Dataset
from crossreid.models.folder import load_model, save_model
from crossreid.models.loading import model_folder
from crossreid.models.treatment import treat
from crossreid.models.vision_text import EdgeModel
from crossreid.training.config import DistillationConfig
from crossreid.training.head_start import fit_heads, turn_heads
from crossreid.training.teacher_features import check_rows
from crossreid.training.validating import validation_figures

WAYS: Mapping[str, Callable[[EdgeModel, Dataset, Tensor], None]] = {
    "rotation": turn_heads,
    "least squares": fit_heads,
}


def write_closed_form(
    config: DistillationConfig,
    dataset: Dataset,
    features: Embeddings,
    folder: Path,
    *,
    validation: Dataset,
) -> dict[str, float]:
    """Map the heads onto the teacher in each way, and write the model that validation people search best with.

    Args:
        config: of the distillation whose start this is.
        dataset: the training set.
        features: of the teacher; row i belongs to sample i.
        folder: receives the model.
        validation: people who choose between the ways.

    Returns:
        Mean mAP on validation people by way, percent; the first of the highest was written.

    Raises:
        ConfigurationError: the backbone is no edge model.
    """
    vectors = torch.from_numpy(check_rows(features, dataset).unit().vectors)
    found: dict[str, float] = {}
    for way, fit in WAYS.items():
        torch.manual_seed(config.loop.seed)  # heads of another width are drawn
        student, _ = load_model(model_folder(config.backbone), dim=features.dim)
        if not isinstance(student, EdgeModel):
            raise ConfigurationError(f"the backbone {config.backbone!r}", expected="an edge model")
        student = treat(student, **config.input.model_dump())
        fit(student, dataset, vectors)
        figure = validation_figures(student, validation, config)["validation_map"]
        if figure > max(found.values(), default=-1.0):
            save_model(student, folder, space=features.fingerprint.partition("@")[2])
        found[way] = figure
    return found
