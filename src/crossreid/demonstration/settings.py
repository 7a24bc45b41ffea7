"""Sizes and schedules of the demonstration."""

from dataclasses import dataclass
from pathlib import Path

from crossreid.training.config import (
    AugmentationConfig,
    BatchConfig,
    DistillationConfig,
    DistillationWeights,
    LoopConfig,
    LoraConfiguration,
    StudentConfig,
    StudentTaskWeights,
    TaskWeights,
    TeacherBatchConfig,
    TeacherConfig,
)

STYLE = "site"
"""How its people are drawn: as the pretraining of the backbones has never seen them."""


@dataclass(frozen=True, slots=True)
class DemoSettings:
    """How large the demonstration is, and how it trains.

    Args:
        train_people: identities that the models learn from.
        train_groups: encounters of each.
        validation_people: unseen identities that learning rates and checkpoints are chosen by.
        validation_groups: encounters of each; two at least, since the photograph behind a query does not count.
        gallery_people: unseen identities that are searched for.
        gallery_groups: encounters of each.
        batch_people: identities a batch, an encounter of each.
        teacher_steps: of LoRA.
        teacher_learning_rate: peak of LoRA.
        lora_rank: of the adapters.
        lora_stride: every so many blocks below the dense ones are adapted.
        lora_dense: last blocks of each tower that are all adapted.
        student_steps: of each student.
        student_learning_rate: peak of each student.
        validations: of each training, after the one before its first step.
        seed: of the people, the order and the adapters.
    """

    train_people: int = 2000
    train_groups: int = 2
    validation_people: int = 100
    validation_groups: int = 2
    gallery_people: int = 200
    gallery_groups: int = 4
    batch_people: int = 48
    teacher_steps: int = 80
    teacher_learning_rate: float = 3e-3
    lora_rank: int = 64
    lora_stride: int = 1
    lora_dense: int = 1
    student_steps: int = 160
    student_learning_rate: float = 1e-3
    validations: int = 5
    seed: int = 0


_AUGMENTATION = AugmentationConfig(flip=0.0, padding=4, erase=0.15)  # as in the pretraining
# By the mean over rows: by their sum, a hundredth of the task outweighs the whole distillation at this batch size.
_STUDENT_WEIGHTS = StudentTaskWeights(triplet_warmup=0.5, sdm_reduction="mean")


def teacher_config(settings: DemoSettings) -> TeacherConfig:
    """Adapting tiny-cloud."""
    return TeacherConfig(
        kind="teacher",
        loop=_loop(settings, steps=settings.teacher_steps, learning_rate=settings.teacher_learning_rate),
        batch=TeacherBatchConfig(people=settings.batch_people, groups=1),
        lora=LoraConfiguration(
            rank=settings.lora_rank, stride=settings.lora_stride, dense=settings.lora_dense
        ),
        augmentation=_AUGMENTATION,
        weights=TaskWeights(triplet_warmup=0.5, temperature=0.025),
        keep="best",
    )


def student_config(settings: DemoSettings) -> StudentConfig:
    """Training tiny-edge alone."""
    return StudentConfig(
        kind="student",
        loop=_student_loop(settings),
        batch=BatchConfig(people=settings.batch_people, groups=1),
        augmentation=_AUGMENTATION,
        weights=_STUDENT_WEIGHTS,
        keep="best",
    )


def distillation_config(settings: DemoSettings, *, start: Path | None = None) -> DistillationConfig:
    """Distilling the adapted cloud model into tiny-edge, with the weights of the paper.

    Args:
        settings: sizes and schedules.
        start: folder of a tiny-edge whose heads have been brought to the cloud model; None: its heads are turned
            before the first step.
    """
    return DistillationConfig(
        kind="distillation",
        backbone="tiny-edge" if start is None else str(start.resolve()),
        loop=_student_loop(settings),
        batch=BatchConfig(people=settings.batch_people, groups=1),
        augmentation=_AUGMENTATION,
        weights=_STUDENT_WEIGHTS,
        distillation=DistillationWeights(head_start="rotation" if start is None else "clip"),
        keep="best",
    )


def _student_loop(settings: DemoSettings) -> LoopConfig:
    return _loop(settings, steps=settings.student_steps, learning_rate=settings.student_learning_rate)


def _loop(settings: DemoSettings, *, steps: int, learning_rate: float) -> LoopConfig:
    return LoopConfig(
        steps=steps,
        learning_rate=learning_rate,
        final_learning_rate=learning_rate / 50,
        warmup_share=0.1,
        seed=settings.seed,
        checkpoint_every=max(1, steps // 4),
        log_every=5,
        validate_every=max(1, steps // settings.validations),
        tracker="tensorboard",
    )
