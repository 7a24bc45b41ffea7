"""The edge model that follows the cloud model without a training step: its heads are set in closed form."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from crossreid.core.embeddings import Embeddings
from crossreid.data.dataset import Dataset
from crossreid.models.folder import load_model, save_model
from crossreid.models.loading import model_folder
from crossreid.models.vision_text import EdgeModel
from crossreid.training.config import StudentConfig
from crossreid.training.head_start import fit_heads, turn_heads
from crossreid.training.validating import validation_figures

Fit = Callable[[EdgeModel, Dataset, torch.Tensor], None]
_WAYS: Mapping[str, Fit] = {"rotation": turn_heads, "least squares": fit_heads}
_CHOICE = "choice.json"


@dataclass(frozen=True, slots=True)
class ClosedForm:
    """The better of the ways to set the heads.

    Args:
        model: its folder.
        way: its name.
        validation_map: mean mAP of the tasks on the validation people by way, percent.
    """

    model: Path
    way: str
    validation_map: Mapping[str, float]


def set_heads(
    config: StudentConfig, train: Dataset, validation: Dataset, features: Embeddings, folder: Path
) -> ClosedForm:
    """Set the heads of the backbone in each way, and keep the one that finds more validation people.

    Args:
        config: names the backbone, and the precision of its validation.
        train: people to set the heads by; the first encounter of each is looked at.
        validation: unseen people to choose by.
        features: row i is the cloud model's vector of sample i of `train`.
        folder: receives `model` and the choice; what is there already is used.
    """
    model, choice = folder / "model", folder / _CHOICE
    if not choice.exists():
        rows = _first_encounters(train)
        people = replace(train, samples=tuple(train.samples[row] for row in rows), times=(), splits=())
        targets = torch.from_numpy(features.unit().vectors[rows])
        space = features.fingerprint.partition("@")[2]
        found: dict[str, float] = {}
        for way, fit in _WAYS.items():
            student, _ = load_model(model_folder(config.backbone), dim=features.dim)
            fit(student, people, targets)  # type: ignore[arg-type]
            figure = next(iter(validation_figures(student, validation, config).values()))
            if figure > max(found.values(), default=-1.0):
                save_model(student, model, space=space)
            found[way] = figure
        choice.write_text(json.dumps(found) + "\n", encoding="utf-8")
    found = json.loads(choice.read_text(encoding="utf-8"))
    return ClosedForm(model, max(found, key=found.__getitem__), found)


def _first_encounters(people: Dataset) -> list[int]:
    """Rows of the samples of the first encounter of each person."""
    first: dict[int, str] = {}
    for sample in people.samples:
        first.setdefault(sample.person_id, sample.source_id)
    return [row for row, sample in enumerate(people.samples) if sample.source_id == first[sample.person_id]]
