"""Configuration -> objects -> a trained model folder: the only place where the two meet."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import torch

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import ConfigurationError
from crossreid.data.augmentation import Augmentation
from crossreid.data.dataset import Dataset
from crossreid.data.preprocessing import Preprocessing
from crossreid.evaluation.evaluate import evaluate
from crossreid.models.encoder import ModelEncoder
from crossreid.models.folder import load_model, save_model
from crossreid.models.loading import model_folder
from crossreid.models.lora import HierarchicalLora
from crossreid.models.student import Student
from crossreid.models.teacher import Teacher
from crossreid.training.config import DistillationConfig, StudentConfig, TeacherConfig
from crossreid.training.group_batches import GroupBatches
from crossreid.training.head_start import fit_heads
from crossreid.training.loop import train
from crossreid.training.record import write_record
from crossreid.training.tasks.distillation import DistillationTask
from crossreid.training.tasks.student import StudentTask
from crossreid.training.tasks.teacher import TeacherTask
from crossreid.training.teacher_features import check_rows

Model = TypeVar("Model", Teacher, Student)
ModelConfig = TeacherConfig | StudentConfig | DistillationConfig


def train_model(
    config: ModelConfig,
    dataset: Dataset,
    folder: Path,
    *,
    teacher_features: Embeddings | None = None,
    validation: Dataset | None = None,
    quiet: bool = False,
) -> Path:
    """Train as configured, continuing where an earlier run of the same configuration stopped.

    Args:
        config: of a teacher, a student or a distillation.
        dataset: the training split, with groups.
        folder: receives checkpoints, `history.jsonl`, `run.json` and the model.
        teacher_features: row i belongs to sample i; for a distillation.
        validation: when given, its mean mAP goes into the history every `loop.validate_every` steps.
        quiet: no progress bars.

    Returns:
        The model folder, `folder/model`.

    Raises:
        ConfigurationError: the backbone is of the wrong kind, or features are missing.
    """
    task = _task(config, dataset, teacher_features)
    model = task.teacher if isinstance(task, TeacherTask) else task.student
    settings = config.model_dump(mode="json") | {"data": _signature(dataset)}
    space = teacher_features.fingerprint.partition("@")[2] if teacher_features is not None else ""
    write_record(folder / "run.json", settings, seed=config.loop.seed)
    train(
        task,
        _batches(config, dataset, model.preprocessing),
        config.loop,
        folder,
        description=config.kind,
        settings=settings,
        validate=None if validation is None else lambda: _mean_average_precision(model, validation, config),
        validate_every=config.loop.validate_every,
        quiet=quiet,
    )
    if isinstance(task, TeacherTask):
        task.adapters.save_pretrained(str(folder / "adapter"))
        model = task.merge()
    return save_model(model, folder / "model", space=space)


def _signature(dataset: Dataset) -> str:
    """Tells data sets apart, so that a training is never continued on other samples."""
    items = (f"{sample.item_id}\t{sample.person_id}\n" for sample in dataset.samples)
    return hashlib.sha256("".join(items).encode()).hexdigest()[:16]


def _task(
    config: ModelConfig, dataset: Dataset, features: Embeddings | None
) -> TeacherTask | StudentTask | DistillationTask:
    people, seed = len(dataset.people), config.loop.seed
    torch.manual_seed(seed)
    match config:
        case TeacherConfig():
            plan = HierarchicalLora(**config.lora.model_dump())
            teacher = _load(config.backbone, Teacher)
            return TeacherTask(teacher, plan, people=people, weights=config.weights, seed=seed)
        case StudentConfig():
            student = _load(config.backbone, Student, dim=config.dim)
            return StudentTask(student, people=people, weights=config.weights, seed=seed)
        case DistillationConfig():
            if features is None:
                raise ConfigurationError(
                    "a distillation without teacher features", expected="the stored features"
                )
            vectors = torch.from_numpy(check_rows(features, dataset).unit().vectors)
            student = _load(config.backbone, Student, dim=features.dim)
            if config.distillation.head_start == "least_squares":
                fit_heads(student, dataset, vectors)
            return DistillationTask(
                student,
                vectors,
                people=people,
                task_weights=config.weights,
                weights=config.distillation,
                seed=seed,
            )


def _load(backbone: str, kind: type[Model], *, dim: int | None = None) -> Model:
    model, _ = load_model(model_folder(backbone), dim=dim)
    if not isinstance(model, kind):
        raise ConfigurationError(
            f"the backbone {backbone!r}, which is a {type(model).__name__.lower()}",
            expected=f"a {kind.__name__.lower()}",
        )
    return model


def _batches(config: ModelConfig, dataset: Dataset, preprocessing: Preprocessing) -> GroupBatches:
    return GroupBatches(
        dataset,
        preprocessing,
        people=config.batch.people,
        groups=config.batch.groups,
        augmentation=Augmentation(**config.augmentation.model_dump()),
        seed=config.loop.seed,
        steps=config.loop.steps * config.loop.accumulation,
    )


def _mean_average_precision(
    model: Teacher | Student, dataset: Dataset, config: ModelConfig
) -> Mapping[str, float]:
    """Mean mAP of the three tasks, in percent."""
    precision = "bf16" if config.loop.precision == "bf16" else "fp32"
    embeddings = ModelEncoder(model, precision=precision).encode(dataset.samples)
    model.train()
    rows = evaluate(embeddings).rows
    return {"validation_map": sum(row.mean_ap for row in rows) / len(rows)}


def read_history(path: Path, name: str) -> list[tuple[int, float]]:
    """The steps and values of one logged quantity."""
    lines = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return [(line["step"], line[name]) for line in lines if name in line]
