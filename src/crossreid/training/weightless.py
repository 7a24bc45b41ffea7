"""A training's task and batch without weights, pictures or data, for a dry run."""

from typing import Any, cast

import torch
from torch import nn
from transformers import CLIPConfig, CLIPModel

from crossreid.core.errors import ConfigurationError
from crossreid.core.modality import Modality
from crossreid.data.dataset import Dataset
from crossreid.data.preprocessing import Preprocessing
from crossreid.models.lora import HierarchicalLora
from crossreid.models.mllmreid import Mllmreid
from crossreid.models.outline import Outline
from crossreid.models.presets import PAPER
from crossreid.models.prompts import Prompts
from crossreid.models.student import Student
from crossreid.models.teacher import Teacher
from crossreid.models.treatment import treat
from crossreid.models.vision_text import TEXT_TOKENS, EdgeModel, VisionTextStudent
from crossreid.training.batch_contents import BatchContents
from crossreid.training.batches import Batch
from crossreid.training.config import (
    DistillationConfig,
    DsmdConfig,
    MllmreidConfig,
    StudentConfig,
    TeacherConfig,
)
from crossreid.training.tasks.distillation import DistillationTask
from crossreid.training.tasks.dsmd import DsmdTask
from crossreid.training.tasks.mllmreid import MllmreidTask
from crossreid.training.tasks.student import StudentTask
from crossreid.training.tasks.teacher import TeacherTask
from crossreid.training.widths import PlannedConfig

LONGEST = 256
"""Words of a caption that every model cuts."""


def weightless_task(
    config: PlannedConfig, drawn: Outline, contents: BatchContents, *, dim: int, people: int, rows: int
) -> nn.Module:
    """The task that `train_model` would train, on the meta device.

    Args:
        config: of the training.
        drawn: its backbone, which is changed.
        contents: of the batch of one process.
        dim: width of a student's features.
        people: train identities.
        rows: samples of the training set.
    """
    seed, places = config.loop.seed, batch_groups(contents)
    with torch.device("meta"):
        features = torch.empty(max(rows, contents.items, _components(config)), dim)
        match config:
            case TeacherConfig():
                return TeacherTask(
                    _teacher(config, drawn),
                    HierarchicalLora(**config.lora.model_dump()),
                    people=people,
                    weights=config.weights,
                    seed=seed,
                    checkpointing=config.checkpointing,
                )
            case StudentConfig():
                student = _student(config, drawn, dim)
                return StudentTask(student, people=people, weights=config.weights, seed=seed)
            case DistillationConfig():
                return DistillationTask(
                    _student(config, drawn, dim),
                    features,
                    people=people,
                    task_weights=config.weights,
                    weights=config.distillation,
                    seed=seed,
                )
            case DsmdConfig():
                return DsmdTask(
                    _student(config, drawn, dim),
                    features,
                    _as_long(places, len(features)),
                    modalities=contents.kinds,
                    people=people,
                    task_weights=config.weights,
                    weights=config.dsmd,
                    seed=seed,
                )
            case MllmreidConfig():
                return _mllmreid_task(config, drawn, places, people)


def weightless_batch(
    config: PlannedConfig, contents: BatchContents, size: Preprocessing, dataset: Dataset | None
) -> Batch:
    """The batch of one process: the longest caption of the data, or one that the model cuts, for every caption."""
    seen = [kind for kind in contents.kinds if kind != Modality.TEXT]
    visual = tuple(seen[place % len(seen)] for place in range(contents.pictures))
    places = batch_groups(contents)
    return Batch(
        pixel_values=torch.empty(contents.pictures, 3, size.height, size.width),
        captions=(longest_caption(dataset),) * contents.captions,
        modalities=(*visual, *(Modality.TEXT,) * contents.captions),
        person_ids=places // config.batch.groups,
        rows=torch.arange(contents.items),
        together=_together(config, places),
    )


def longest_caption(dataset: Dataset | None) -> str:
    """By its letters; without data more words than any model reads."""
    captions = [sample.caption or "" for sample in dataset.samples] if dataset else []
    return max(captions, key=len, default="") or " ".join(["word"] * LONGEST)


def batch_groups(contents: BatchContents) -> torch.Tensor:
    """int64 [items], the group of each: one of each kind, as far as there are some."""
    kinds = max(1, len(contents.kinds) - (Modality.TEXT in contents.kinds))
    pictures = [place // kinds % contents.groups for place in range(contents.pictures)]
    return torch.tensor(pictures + [place % contents.groups for place in range(contents.captions)])


def _components(config: PlannedConfig) -> int:
    return config.distillation.components if isinstance(config, DistillationConfig) else 0


def _as_long(places: torch.Tensor, count: int) -> torch.Tensor:
    return torch.cat([places, torch.zeros(count - len(places), dtype=torch.long, device="cpu")])


def _together(config: PlannedConfig, places: torch.Tensor) -> tuple[tuple[int, ...], ...]:
    """Of `joint` of the groups all pieces, the most that a batch can have."""
    joint = config.batch.joint if isinstance(config, TeacherConfig) else 0.0
    groups = range(round(joint * (int(places.max()) + 1)))
    return tuple(tuple((places == group).nonzero()[:, 0].tolist()) for group in groups)


def _teacher(config: TeacherConfig, drawn: Outline) -> Teacher:
    card = drawn.card
    teacher = Teacher(
        cast("Any", drawn.backbone),
        drawn.tokenizer(),
        Prompts(**card["prompts"]) if "prompts" in card else PAPER.prompts,
        drawn.preprocessing,
        text_budget=card.get("text_budget", PAPER.text_budget),
    )
    return treat(teacher, **config.input.model_dump())


def _student(config: StudentConfig | DistillationConfig | DsmdConfig, drawn: Outline, dim: int) -> EdgeModel:
    vision, text = cast("Any", drawn.backbone)
    if drawn.is_vision_text:
        if config.checkpointing:
            raise ConfigurationError(
                "`checkpointing` for a ViT and a BERT",
                expected="a CLIP",
                remedy="--set checkpointing=false",
            )
        tokens = min(drawn.card.get("text_tokens", TEXT_TOKENS), text.config.max_position_embeddings)
        student: EdgeModel = VisionTextStudent(
            vision, text, drawn.tokenizer(), drawn.preprocessing, dim=dim, text_tokens=tokens
        )
    else:
        sizes = {"text_config": text.config.to_dict(), "vision_config": vision.config.to_dict()}
        clip = CLIPModel(CLIPConfig(**sizes, projection_dim=dim))
        clip.vision_model, clip.text_model = vision, text
        student = Student(
            clip,
            drawn.tokenizer(),
            drawn.preprocessing,
            dim=dim,
            head_bias=drawn.head_bias,
            grid=tuple(drawn.card["grid"]) if "grid" in drawn.card else None,
        )
        if config.checkpointing:
            student.checkpoint_activations()
    return treat(student, **config.input.model_dump())


def _mllmreid_task(config: MllmreidConfig, drawn: Outline, places: torch.Tensor, people: int) -> MllmreidTask:
    llava = cast("Any", drawn.backbone)
    model = Mllmreid(
        llava,
        drawn.tokenizer(),
        drawn.preprocessing,
        feature=config.feature,
        text_budget=drawn.card.get("text_budget", 128),
    )
    model = treat(model, **config.input.model_dump())
    if config.checkpointing:
        model.checkpoint_activations()
    depth = len(llava.model.language_model.layers)
    return MllmreidTask(
        model,
        HierarchicalLora(dense=depth, towers=("language",), **config.lora.model_dump()),
        places,
        people=people,
        modalities=[Modality(name) for name in config.modalities],
        weights=config.mllmreid,
        reid_weights=config.weights,
        vision_rate=config.vision_rate,
        seed=config.loop.seed,
    )
