"""Sizes and schedules of the demonstration."""

from dataclasses import dataclass

from crossreid.training.config import (
    BatchConfig,
    DistillationConfig,
    DistillationWeights,
    LoopConfig,
    StudentConfig,
    StudentTaskWeights,
    TaskWeights,
    TeacherConfig,
)


@dataclass(frozen=True, slots=True)
class DemoSettings:
    """How large the demonstration is.

    Args:
        train_people: identities that the cloud model is adapted to.
        train_groups: encounters of each.
        gallery_people: unseen identities that are searched for.
        gallery_groups: encounters of each.
        validation_people: unseen identities behind the convergence curves.
        teacher_steps: of LoRA.
        student_steps: of each student.
        seed: of the world, the order and the adapters.
    """

    train_people: int = 600
    train_groups: int = 2
    gallery_people: int = 200
    gallery_groups: int = 4
    validation_people: int = 30
    teacher_steps: int = 140
    student_steps: int = 150
    seed: int = 0


_BATCH = BatchConfig(people=8, groups=2)
_STUDENT_WEIGHTS = StudentTaskWeights(triplet_warmup=0.5)


def teacher_config(settings: DemoSettings) -> TeacherConfig:
    """Adapting tiny-cloud."""
    loop = _loop(settings, steps=settings.teacher_steps, learning_rate=1e-3)
    return TeacherConfig(kind="teacher", loop=loop, batch=_BATCH, weights=TaskWeights(triplet_warmup=0.5))


def student_config(settings: DemoSettings) -> StudentConfig:
    """Training tiny-edge alone."""
    return StudentConfig(kind="student", loop=_student_loop(settings), batch=_BATCH, weights=_STUDENT_WEIGHTS)


def distillation_config(settings: DemoSettings) -> DistillationConfig:
    """Distilling the adapted cloud model into tiny-edge, with the weights of the paper."""
    return DistillationConfig(
        kind="distillation",
        loop=_student_loop(settings),
        batch=_BATCH,
        weights=_STUDENT_WEIGHTS,
        distillation=DistillationWeights(),
    )


def _student_loop(settings: DemoSettings) -> LoopConfig:
    return _loop(settings, steps=settings.student_steps, learning_rate=6e-4)


def _loop(settings: DemoSettings, *, steps: int, learning_rate: float) -> LoopConfig:
    return LoopConfig(
        steps=steps,
        learning_rate=learning_rate,
        final_learning_rate=learning_rate / 50,
        warmup_share=0.1,
        precision="bf16",
        seed=settings.seed,
        checkpoint_every=max(1, steps // 4),
        log_every=5,
        validate_every=max(1, steps // 6),
        tracker="tensorboard",
    )
