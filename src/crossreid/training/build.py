"""Configuration -> objects -> a trained model folder: the only place where the two meet."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import ConfigurationError
from crossreid.core.modality import Modality
from crossreid.data.augmentation import Augmentation
from crossreid.data.dataset import Dataset
from crossreid.data.preprocessing import Preprocessing
from crossreid.models.adapter import save_adapter
from crossreid.models.folder import Model, load_model, save_model
from crossreid.models.hub import write_surroundings
from crossreid.models.loading import model_folder
from crossreid.models.lora import HierarchicalLora
from crossreid.models.mllmreid import Mllmreid
from crossreid.models.student import Student
from crossreid.models.teacher import Teacher
from crossreid.models.training_record import BEST, RECORD, read_training_record
from crossreid.models.treatment import treat
from crossreid.models.vision_text import EdgeModel
from crossreid.models.vision_text_folder import load_towers
from crossreid.training.accelerating import training_precision
from crossreid.training.batch_contents import contents_of_data
from crossreid.training.best import KeepBest
from crossreid.training.checkpoint import CHECKPOINT, check_checkpoint, load_weights, save_weights
from crossreid.training.config import (
    DistillationConfig,
    DsmdConfig,
    MllmreidConfig,
    StudentConfig,
    TeacherConfig,
)
from crossreid.training.continuations import Continuations, described_pictures
from crossreid.training.gathering import join_processes, process_number, told_by_first
from crossreid.training.group_batches import GroupBatches
from crossreid.training.head_start import fit_heads, turn_heads
from crossreid.training.loop import train
from crossreid.training.mllmreid import evidence, make_task, with_backbone
from crossreid.training.record import write_record
from crossreid.training.tasks.distillation import DistillationTask
from crossreid.training.tasks.dsmd import DsmdTask
from crossreid.training.tasks.mllmreid import MllmreidTask
from crossreid.training.tasks.student import StudentTask
from crossreid.training.tasks.teacher import TeacherTask
from crossreid.training.teacher_features import check_rows
from crossreid.training.validating import validation_figures, validation_searches
from crossreid.training.widths import PlannedConfig

_BEST = "best"

ModelTask = TeacherTask | StudentTask | DistillationTask | DsmdTask | MllmreidTask


def train_model(
    config: PlannedConfig,
    dataset: Dataset,
    folder: Path,
    *,
    teacher_features: Embeddings | None = None,
    validation: Dataset | None = None,
    quiet: bool = False,
) -> Path:
    """Train as configured, continuing where an earlier run of the same configuration stopped.

    Args:
        config: of a teacher, a student, a distillation (DSMD among them) or MLLMReID.
        dataset: the training split, with groups.
        folder: receives checkpoints, `history.jsonl`, `run.json` and the model.
        teacher_features: row i belongs to sample i; for a distillation.
        validation: when given, its mean mAP over the tasks that it has evidence for (for DSMD rSum) goes into the
            history every `loop.validate_every` steps.
        quiet: no progress bars.

    Returns:
        The model folder, `folder/model`.

    Raises:
        CheckpointError: `folder` holds another training.
        ConfigurationError: the backbone is of the wrong kind, or features or the validation of the best are missing.
        DataError: the data set has fewer people than a batch needs, or the validation's evidence for no task.
        TrainingInterrupted: SIGINT or SIGTERM came; the same call goes on.
    """
    if config.batch.captions == "first":
        dataset = dataset.first_captions()
    join_processes()
    settings = config.model_dump(mode="json") | {"data": _signature(dataset)}
    if isinstance(config, MllmreidConfig):
        dataset = evidence(config, dataset)
    check_training(config, dataset, validation)
    check_checkpoint(folder / CHECKPOINT, config=settings, precision=training_precision(config.loop))
    if isinstance(config, MllmreidConfig):
        config = with_backbone(config, folder, quiet=quiet)
    task = _task(config, dataset, teacher_features)
    model = _model(task)
    space = _space(config, teacher_features)
    best = _best(task, folder, space=space) if _keeps_best(config, validation) else None
    if process_number() == 0:
        write_record(
            folder / RECORD,
            settings,
            seed=config.loop.seed,
            trained_on=_described(dataset),
            validated_on=None if validation is None else _searched(config, validation),
        )
    said = _continuations(task, config, dataset if validation is None else validation, folder)
    batches = _batches(config, dataset, model.preprocessing)
    epoch = 0 if said is None else batches.sampler.batches_per_epoch
    train(
        task,
        batches,
        config.loop,
        folder,
        description=config.kind,
        settings=settings,
        validate=_validation(task, config, validation, said, best),
        validate_every=config.loop.validate_every or epoch,
        quiet=quiet,
    )
    if process_number() == 0:
        _save(task, config, folder, space=space)
    told_by_first(0)  # the model is there for all processes
    return folder / "model"


def check_training(config: PlannedConfig, dataset: Dataset, validation: Dataset | None) -> None:
    """Refuse what would fail later, before a model is made or loaded.

    Raises:
        ConfigurationError: the best is to be kept, and nothing to validate on.
        DataError: the data set has fewer people than a batch needs, or the validation's evidence for no task.
    """
    contents_of_data(config.batch, dataset)
    _keeps_best(config, validation)
    if validation is not None:
        validation_searches(config, validation)


def _space(config: PlannedConfig, teacher_features: Embeddings | None) -> str:
    """The space of the vectors, where it is that of a teacher."""
    if teacher_features is None or not isinstance(config, DistillationConfig | DsmdConfig):
        return ""
    return teacher_features.fingerprint.partition("@")[2]


def _validation(
    task: ModelTask,
    config: PlannedConfig,
    people: Dataset | None,
    said: Continuations | None,
    best: KeepBest | None,
) -> Callable[[], Mapping[str, float]] | None:
    """What the loop calls now and then, where there are people to search for or pictures to describe."""
    if people is None and said is None:
        return None

    def validate() -> Mapping[str, float]:
        figures = {} if people is None else validation_figures(_model(task), people, config)
        if said is not None and isinstance(task, MllmreidTask):
            step = int(task.batches) // config.loop.accumulation
            figures = {**figures, "said_words": said.write(step)}
        return figures if best is None else best.see(figures)

    return validate


def _save(task: ModelTask, config: PlannedConfig, folder: Path, *, space: str) -> None:
    """Write the model, and the adapter where there is one; a student that validation kept is there already."""
    if isinstance(task, TeacherTask):
        if config.keep == "best":
            load_weights(folder / _BEST, task)
        save_adapter(task.adapters, folder / "adapter", base=config.backbone)
        teacher = task.merge()
        adapter = folder / "adapter"
        training = read_training_record(adapter)
        write_surroundings(teacher, adapter, base=config.backbone, training=training)
        save_model(teacher, folder / "model", space=space)
    elif isinstance(task, MllmreidTask):
        if config.keep == "best":
            load_weights(folder / _BEST, task)
        save_model(task.merge(), folder / "model")
    elif config.keep == "last":
        save_model(task.student, folder / "model", space=space)


def _best(task: ModelTask, folder: Path, *, space: str) -> KeepBest:
    """Where there are adapters, what is trained is kept: the model can only be written when they are merged."""
    if isinstance(task, TeacherTask | MllmreidTask):
        place = folder / _BEST
        return KeepBest(folder / BEST, lambda: save_weights(place, task), kept=place)
    place = folder / "model"
    return KeepBest(folder / BEST, lambda: save_model(task.student, place, space=space), kept=place)


def _model(task: ModelTask) -> Model:
    match task:
        case TeacherTask():
            return task.teacher
        case MllmreidTask():
            return task.model
        case _:
            return task.student


def _continuations(
    task: ModelTask, config: PlannedConfig, dataset: Dataset, folder: Path
) -> Continuations | None:
    """What MLLMReID says about the first people of a data set."""
    if not isinstance(task, MllmreidTask) or not isinstance(config, MllmreidConfig):
        return None
    described = described_pictures(dataset, config.samples)
    if not described:
        return None
    return Continuations(folder / "samples.jsonl", task.model, described, prefix=config.mllmreid.prefix)


def _keeps_best(config: PlannedConfig, validation: Dataset | None) -> bool:
    if config.keep == "last":
        return False
    if validation is None:
        raise ConfigurationError(
            "`keep: best` without a validation set",
            expected="other people to validate on",
            remedy="name them, or use `keep: last`",
        )
    return True


def _described(dataset: Dataset) -> dict[str, Any]:
    """Who and what is in a data set, for the record."""
    samples = Counter(str(sample.modality) for sample in dataset.samples)
    return {
        "name": dataset.name,
        "split": dataset.split,
        "people": len(dataset.people),
        "samples": dict(samples),
    }


def _searched(config: PlannedConfig, people: Dataset) -> dict[str, Any]:
    tasks, protocol = validation_searches(config, people)
    return _described(people) | {"tasks": list(tasks), "protocol": protocol}


def _signature(dataset: Dataset) -> str:
    """Tells data sets apart, so that a training is never continued on other samples."""
    items = (f"{sample.item_id}\t{sample.person_id}\n" for sample in dataset.samples)
    return hashlib.sha256("".join(items).encode()).hexdigest()[:16]


def _task(config: PlannedConfig, dataset: Dataset, features: Embeddings | None) -> ModelTask:
    people, seed = len(dataset.people), config.loop.seed
    torch.manual_seed(seed)
    match config:
        case TeacherConfig():
            plan = HierarchicalLora(**config.lora.model_dump())
            teacher = treat(_load_teacher(config.backbone), **config.input.model_dump())
            return TeacherTask(
                teacher,
                plan,
                people=people,
                weights=config.weights,
                seed=seed,
                checkpointing=config.checkpointing,
            )
        case StudentConfig():
            student = _prepared(_load_student(config.backbone, dim=config.dim), config)
            return StudentTask(student, people=people, weights=config.weights, seed=seed)
        case DistillationConfig():
            student, vectors = _followers(config, dataset, features, config.distillation.head_start)
            return DistillationTask(
                student,
                vectors,
                people=people,
                task_weights=config.weights,
                weights=config.distillation,
                seed=seed,
            )
        case DsmdConfig():
            student, vectors = _followers(config, dataset, features, config.dsmd.head_start)
            sources = [sample.source_id for sample in dataset.samples]
            return DsmdTask(
                student,
                vectors,
                torch.from_numpy(np.unique(sources, return_inverse=True)[1]),
                modalities=[kind for kind in Modality if any(s.modality == kind for s in dataset.samples)],
                people=people,
                task_weights=config.weights,
                weights=config.dsmd,
                seed=seed,
            )
        case MllmreidConfig():
            return make_task(config, dataset)


def _followers(
    config: DistillationConfig | DsmdConfig, dataset: Dataset, features: Embeddings | None, head_start: str
) -> tuple[EdgeModel, torch.Tensor]:
    """A student of the teacher's width and the teacher's unit rows."""
    if features is None:
        raise ConfigurationError("a distillation without teacher features", expected="the stored features")
    vectors = torch.from_numpy(check_rows(features, dataset).unit().vectors)
    student = _prepared(_load_student(config.backbone, dim=features.dim), config)
    if head_start == "least_squares":
        fit_heads(student, dataset, vectors)
    elif head_start == "rotation":
        turn_heads(student, dataset, vectors)
    return student, vectors


def _prepared(student: EdgeModel, config: StudentConfig | DistillationConfig | DsmdConfig) -> EdgeModel:
    """With the input treatment and the checkpointing that are configured."""
    if config.checkpointing:
        if not isinstance(student, Student):
            raise ConfigurationError(
                "`checkpointing` for a ViT and a BERT", expected="a CLIP", remedy="leave it out"
            )
        student.checkpoint_activations()
    return treat(student, **config.input.model_dump())


def _load_teacher(backbone: str) -> Teacher:
    model, _ = load_model(model_folder(backbone))
    if not isinstance(model, Teacher):
        raise _wrong_kind(backbone, model, "teacher")
    return model


def _load_student(backbone: str, *, dim: int | None) -> EdgeModel:
    """A model folder or hub name; two of them joined by + are a ViT and a BERT."""
    if backbone.count("+") == 1:
        vision, text = map(model_folder, backbone.split("+"))
        return load_towers(vision, text, dim=dim)
    model, _ = load_model(model_folder(backbone), dim=dim)
    if isinstance(model, Teacher | Mllmreid):
        raise _wrong_kind(backbone, model, "student")
    return model


def _wrong_kind(backbone: str, model: Model, expected: str) -> ConfigurationError:
    kind = {Teacher: "teacher", Mllmreid: "LLaVA"}.get(type(model), "student")
    return ConfigurationError(f"the backbone {backbone!r}, which is a {kind}", expected=f"a {expected}")


def _batches(config: PlannedConfig, dataset: Dataset, preprocessing: Preprocessing) -> GroupBatches:
    return GroupBatches(
        dataset,
        preprocessing,
        people=config.batch.people,
        groups=config.batch.groups,
        augmentation=Augmentation(**config.augmentation.model_dump()),
        seed=config.loop.seed,
        steps=config.loop.steps * config.loop.accumulation,
        items=config.batch.items,
        joint=config.batch.joint if isinstance(config, TeacherConfig) else 0.0,
    )


def read_history(path: Path, name: str) -> list[tuple[int, float]]:
    """The steps and values of one logged quantity."""
    lines = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return [(line["step"], line[name]) for line in lines if name in line]
