"""Sizes and schedules of the demonstration."""

from dataclasses import dataclass

from crossreid.training.config import (
    AugmentationConfig,
    BatchConfig,
    DistillationConfig,
    DistillationWeights,
    LoopConfig,
    StudentConfig,
    StudentTaskWeights,
    TaskWeights,
    TeacherBatchConfig,
    TeacherConfig,
)


@dataclass(frozen=True, slots=True)
class DemoSettings:
    """How large the demonstration is.

    Args:
        train_people: identities that the cloud model is adapted to.
        train_groups: encounters of each.
        gallery_people: unseen identities that are searched for.
        gallery_groups: encounters of each, and of the next.
        validation_people: unseen identities behind the convergence curves.
        teacher_steps: of LoRA.
        student_steps: of each student.
        batch_people: identities a batch, an encounter of each.
        seed: of the world, the order and the adapters.
    """

    train_people: int = 2000
    train_groups: int = 1
    gallery_people: int = 200
    gallery_groups: int = 4
    validation_people: int = 30
    teacher_steps: int = 60
    student_steps: int = 160
    batch_people: int = 48
    seed: int = 0


_AUGMENTATION = AugmentationConfig(flip=0.0, padding=4, erase=0.15)  # as in the pretraining
# By the mean over rows: by their sum, a hundredth of the task outweighs the whole distillation at this batch size.
_STUDENT_WEIGHTS = StudentTaskWeights(triplet_warmup=0.5, sdm_reduction="mean")


def teacher_config(settings: DemoSettings) -> TeacherConfig:
    """Adapting tiny-cloud."""
    return TeacherConfig(
        kind="teacher",
        loop=_loop(settings, steps=settings.teacher_steps, learning_rate=4e-4),
        batch=TeacherBatchConfig(people=settings.batch_people, groups=1),
        augmentation=_AUGMENTATION,
        weights=TaskWeights(triplet_warmup=0.5, temperature=0.025),
    )


def student_config(settings: DemoSettings) -> StudentConfig:
    """Training tiny-edge alone."""
    return StudentConfig(
        kind="student",
        loop=_student_loop(settings),
        batch=BatchConfig(people=settings.batch_people, groups=1),
        augmentation=_AUGMENTATION,
        weights=_STUDENT_WEIGHTS,
    )


def distillation_config(settings: DemoSettings) -> DistillationConfig:
    """Distilling the adapted cloud model into tiny-edge, with the weights of the paper."""
    return DistillationConfig(
        kind="distillation",
        loop=_student_loop(settings),
        batch=BatchConfig(people=settings.batch_people, groups=1),
        augmentation=_AUGMENTATION,
        weights=_STUDENT_WEIGHTS,
        distillation=DistillationWeights(head_start="rotation"),
    )


def _student_loop(settings: DemoSettings) -> LoopConfig:
    return _loop(settings, steps=settings.student_steps, learning_rate=1e-3)


def _loop(settings: DemoSettings, *, steps: int, learning_rate: float) -> LoopConfig:
    return LoopConfig(
        steps=steps,
        learning_rate=learning_rate,
        final_learning_rate=learning_rate / 50,
        warmup_share=0.1,
        seed=settings.seed,
        checkpoint_every=max(1, steps // 4),
        log_every=5,
        validate_every=max(1, steps // 6),
        tracker="tensorboard",
    )
