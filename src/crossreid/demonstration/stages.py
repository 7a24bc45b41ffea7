"""The demonstration step by step; each stage is skipped when its result is already there."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from crossreid.core.embeddings import Embeddings
from crossreid.data.dataset import Dataset
from crossreid.data.loading import load_dataset
from crossreid.demonstration.settings import (
    DemoSettings,
    distillation_config,
    student_config,
    teacher_config,
)
from crossreid.evaluation.evaluate import evaluate
from crossreid.evaluation.report import Report
from crossreid.models.loading import PrecisionSetting, load_encoder
from crossreid.synthesis.pedestrians.dataset import write_world
from crossreid.training.build import train_model
from crossreid.training.teacher_features import store_teacher_features

PROTOCOLS = ("source-excluded", "all")
PRECISION: PrecisionSetting = "auto"


@dataclass(frozen=True, slots=True)
class DemoData:
    """What was drawn: people to learn from, to validate on, and to search for; nobody is in two of them.

    `searched` is the folder of the last two.
    """

    train: Dataset
    validation: Dataset
    people: Dataset
    searched: Path


@dataclass(frozen=True, slots=True)
class DemoModels:
    """Model folders, and the logs behind the convergence curves."""

    teacher: Path
    student_alone: Path
    student_distilled: Path
    history_alone: Path
    history_distilled: Path


def draw(settings: DemoSettings, folder: Path, *, quiet: bool) -> DemoData:
    """Draw the world into `folder`."""
    learning, searching = folder / "world", folder / "people"
    write_world(
        learning,
        seed=settings.seed,
        people={"train": settings.train_people},
        groups_per_person=settings.train_groups,
        progress=not quiet,
    )
    write_world(
        searching,
        seed=settings.seed,
        people={"demo": settings.gallery_people, "validation": settings.validation_people},
        groups_per_person=settings.gallery_groups,
        progress=not quiet,
    )
    return DemoData(
        train=load_dataset("pedestrians", learning, "train"),
        validation=load_dataset("pedestrians", searching, "validation"),
        people=load_dataset("pedestrians", searching, "demo"),
        searched=searching,
    )


def fit(settings: DemoSettings, data: DemoData, folder: Path, *, quiet: bool) -> DemoModels:
    """Adapt the cloud model, then train the edge model with and without it."""
    teacher = train_model(teacher_config(settings), data.train, folder / "cloud", quiet=quiet)
    features = store_teacher_features(
        load_encoder(teacher, precision=PRECISION),
        data.train,
        folder / "teacher_features.parquet",
        progress=not quiet,
    )
    distilled, alone = folder / "edge", folder / "edge-alone"
    return DemoModels(
        teacher=teacher,
        student_distilled=train_model(
            distillation_config(settings),
            data.train,
            distilled,
            teacher_features=features,
            validation=data.validation,
            quiet=quiet,
        ),
        student_alone=train_model(
            student_config(settings), data.train, alone, validation=data.validation, quiet=quiet
        ),
        history_alone=alone / "history.jsonl",
        history_distilled=distilled / "history.jsonl",
    )


@dataclass(frozen=True, slots=True)
class DemoEmbeddings:
    """The people searched for, as every model sees them."""

    cloud: Embeddings
    edge: Embeddings
    edge_alone: Embeddings
    cloud_backbone: Embeddings
    edge_backbone: Embeddings


def embed(models: DemoModels, people: Dataset, *, quiet: bool) -> DemoEmbeddings:
    """Embed all evidence of the people searched for by all five models."""

    def see(source: Path | str) -> Embeddings:
        return load_encoder(source, precision=PRECISION).encode(people.samples, progress=not quiet)

    return DemoEmbeddings(
        cloud=see(models.teacher),
        edge=see(models.student_distilled),
        edge_alone=see(models.student_alone),
        cloud_backbone=see("tiny-cloud"),
        edge_backbone=see("tiny-edge"),
    )


def compare(embeddings: DemoEmbeddings) -> Report:
    """The paper's table 1 and C2E; below it the backbones as they were shipped and the student without a teacher."""
    pairs = {
        "C2C": (embeddings.cloud, embeddings.cloud),
        "E2E": (embeddings.edge, embeddings.edge),
        "E2C": (embeddings.edge, embeddings.cloud),
        "C2E": (embeddings.cloud, embeddings.edge),
        "edge, task only": (embeddings.edge_alone, embeddings.edge_alone),
        "zero-shot cloud": (embeddings.cloud_backbone, embeddings.cloud_backbone),
        "zero-shot edge": (embeddings.edge_backbone, embeddings.edge_backbone),
    }
    return Report.join(
        evaluate(query, gallery, protocol=PROTOCOLS, setting=setting)
        for setting, (query, gallery) in pairs.items()
    )


def mean_average_precision(report: Report, setting: str, protocol: str = "source-excluded") -> float:
    """Mean of the three tasks' mAP in a setting, percent."""
    rows = [row for row in report.rows if (row.setting, row.protocol) == (setting, protocol)]
    return float(np.mean([row.mean_ap for row in rows]))
