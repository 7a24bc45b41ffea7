"""The demonstration step by step; each stage is skipped when its result is already there."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from crossreid.core.embeddings import Embeddings
from crossreid.core.sample import Sample
from crossreid.data.dataset import Dataset
from crossreid.data.images import decode_image, resize_image
from crossreid.data.loading import load_dataset
from crossreid.demonstration.closed_form import ClosedForm, set_heads
from crossreid.demonstration.settings import (
    STYLE,
    DemoSettings,
    distillation_config,
    student_config,
    teacher_config,
)
from crossreid.demonstration.story import CLOSED_FORM, TASK_ONLY, UNTRAINED_CLOUD, UNTRAINED_EDGE
from crossreid.evaluation.evaluate import evaluate
from crossreid.evaluation.report import Report
from crossreid.models.loading import load_encoder
from crossreid.models.presets import TINY_HEIGHT, TINY_WIDTH
from crossreid.synthesis.pedestrians.dataset import write_world
from crossreid.synthesis.pedestrians.world import Split
from crossreid.training.build import read_history, train_model
from crossreid.training.teacher_features import store_teacher_features

PROTOCOLS = ("source-excluded", "all")
_DECODERS = 2


@dataclass(frozen=True, slots=True)
class DemoData:
    """People of the site to learn from, to validate on, and to search for; nobody is in two of them.

    `searched` is the folder of the last.
    """

    train: Dataset
    validation: Dataset
    people: Dataset
    searched: Path


@dataclass(frozen=True, slots=True)
class DemoModels:
    """Model folders, and the validations of each training: (step, mean mAP in percent), from step 0 on."""

    teacher: Path
    closed_form: ClosedForm
    student_alone: Path
    student_distilled: Path
    validations: Mapping[str, list[tuple[int, float]]]


def draw(settings: DemoSettings, folder: Path, *, quiet: bool) -> DemoData:
    """Draw the people of the site into `folder`."""

    def people_of(name: str, split: Split, people: int, groups: int) -> Dataset:
        write_world(
            folder / name,
            seed=settings.seed,
            people={split: people},
            groups_per_person=groups,
            style=STYLE,
            progress=not quiet,
        )
        return load_dataset("pedestrians", folder / name, split)

    return DemoData(
        train=people_of("world", "train", settings.train_people, settings.train_groups),
        validation=people_of(
            "validation", "validation", settings.validation_people, settings.validation_groups
        ),
        people=people_of("people", "demo", settings.gallery_people, settings.gallery_groups),
        searched=folder / "people",
    )


def in_memory(people: Dataset) -> Dataset:
    """Decode all pictures at the size of the tiny models: every picture is looked at some twenty times."""
    with ThreadPoolExecutor(_DECODERS) as pool:
        return replace(people, samples=tuple(pool.map(_decoded, people.samples)))


def _decoded(sample: Sample) -> Sample:
    if sample.path is None:
        return sample
    picture = decode_image(sample.path, size_hint=(TINY_HEIGHT, TINY_WIDTH))
    return replace(sample, path=None, image=resize_image(picture, TINY_HEIGHT, TINY_WIDTH))


def adapt(settings: DemoSettings, data: DemoData, folder: Path, *, quiet: bool) -> Path:
    """Adapt the cloud model to the site. Returns its folder."""
    return train_model(
        teacher_config(settings), data.train, folder / "cloud", validation=data.validation, quiet=quiet
    )


def follow(settings: DemoSettings, data: DemoData, folder: Path, teacher: Path, *, quiet: bool) -> DemoModels:
    """Train the edge model with the adapted cloud model, in closed form and by distillation, and without it."""
    features = store_teacher_features(
        load_encoder(teacher), data.train, folder / "teacher_features.parquet", progress=not quiet
    )
    alone = student_config(settings)
    closed_form = set_heads(alone, data.train, data.validation, features, folder / "edge-closed-form")
    distilled = train_model(
        distillation_config(settings, start=closed_form.model),
        data.train,
        folder / "edge",
        teacher_features=features,
        validation=data.validation,
        quiet=quiet,
    )
    return DemoModels(
        teacher=teacher,
        closed_form=closed_form,
        student_distilled=distilled,
        student_alone=train_model(
            alone, data.train, folder / "edge-alone", validation=data.validation, quiet=quiet
        ),
        validations={
            name: read_history(folder / run / "history.jsonl", "validation_map")
            for name, run in _TRAININGS.items()
        },
    )


_TRAININGS = {
    "cloud model, adapted": "cloud",
    "edge model, distilled": "edge",
    "edge model, task only": "edge-alone",
}


@dataclass(frozen=True, slots=True)
class DemoEmbeddings:
    """The people searched for, as every model sees them."""

    untrained_cloud: Embeddings
    cloud: Embeddings
    untrained_edge: Embeddings
    closed_form: Embeddings
    edge_alone: Embeddings
    edge: Embeddings


def embed(models: DemoModels, people: Dataset, *, quiet: bool) -> DemoEmbeddings:
    """Embed all evidence of the people searched for by all six models."""

    def see(source: Path | str) -> Embeddings:
        return load_encoder(source).encode(people.samples, progress=not quiet)

    return DemoEmbeddings(
        untrained_cloud=see("tiny-cloud"),
        cloud=see(models.teacher),
        untrained_edge=see("tiny-edge"),
        closed_form=see(models.closed_form.model),
        edge_alone=see(models.student_alone),
        edge=see(models.student_distilled),
    )


def compare(embeddings: DemoEmbeddings) -> Report:
    """Measure every setting: the cloud model before and after, the edge model in each way, and both together."""
    cloud, edge = embeddings.cloud, embeddings.edge
    pairs = {
        UNTRAINED_CLOUD: (embeddings.untrained_cloud, embeddings.untrained_cloud),
        "C2C": (cloud, cloud),
        UNTRAINED_EDGE: (embeddings.untrained_edge, embeddings.untrained_edge),
        CLOSED_FORM: (embeddings.closed_form, embeddings.closed_form),
        TASK_ONLY: (embeddings.edge_alone, embeddings.edge_alone),
        "E2E": (edge, edge),
        "E2C": (edge, cloud),
        "C2E": (cloud, edge),
    }
    return Report.join(
        evaluate(query, gallery, protocol=PROTOCOLS, setting=setting)
        for setting, (query, gallery) in pairs.items()
    )


def mean_average_precision(report: Report, setting: str, protocol: str = "source-excluded") -> float:
    """Mean of the three tasks' mAP in a setting, percent."""
    rows = [row for row in report.rows if (row.setting, row.protocol) == (setting, protocol)]
    return float(np.mean([row.mean_ap for row in rows]))
