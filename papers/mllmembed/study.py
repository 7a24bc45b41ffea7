"""One preset: what is trained on whom, and how it is looked at."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError

from crossreid.core.errors import ConfigurationError
from crossreid.data.dataset import Dataset
from crossreid.demonstration.settings import (
    STYLE,
    DemoSettings,
    distillation_config,
    student_config,
    teacher_config,
)
from crossreid.demonstration.stages import draw
from crossreid.models.loading import PrecisionSetting
from crossreid.training.config import DistillationConfig, StudentConfig, TeacherConfig
from crossreid.training.config.problems import describe_problem
from crossreid.training.overrides import apply_overrides
from papers.mllmembed.arms import TUNED, ArmSettings, arm_settings

WORLD = "site"
"""Name of the drawn test set."""


@dataclass(frozen=True, slots=True)
class StudyData:
    """Who is learnt from and who is searched for.

    Args:
        train: with groups.
        validation: behind the convergence curves; None for none.
        tests: by name.
        world: folder of the tests, where the program has drawn them; else None.
        spectra: other data sets by name, of whatever evidence, for figure 7 alone.
    """

    train: Dataset
    validation: Dataset | None
    tests: Mapping[str, Dataset]
    world: Path | None = None
    spectra: Mapping[str, Dataset] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Study:
    """Everything that two reproductions can differ in.

    Args:
        preset: its name.
        teacher: of the cloud model.
        student: of the edge model alone.
        distillation: of the edge model after the cloud model.
        world: where the data come from, as JSON holds it.
        read: seed, folder to draw into, quiet -> the data.
        precision: in which features are computed.
        zero_shot: whether the models are measured before any step; needs validation people.
        timing_seconds: of each measurement of table 5.
        arms: what the arms are tuned and varied by.
    """

    preset: Literal["tiny", "paper"]
    teacher: TeacherConfig
    student: StudentConfig
    distillation: DistillationConfig
    world: Mapping[str, Any]
    read: Callable[[int, Path, bool], StudyData]
    precision: PrecisionSetting = "auto"
    zero_shot: bool = False
    timing_seconds: float = 5.0
    arms: ArmSettings = field(default_factory=ArmSettings)

    def settings(self) -> dict[str, Any]:
        """As JSON holds them."""
        return {
            "preset": self.preset,
            "world": dict(self.world),
            "arms": self.arms.to_json(),
            **{kind: getattr(self, kind).model_dump(mode="json") for kind in _KINDS},
        }


_KINDS = ("teacher", "student", "distillation")


def tiny_study(overrides: Sequence[str] = ()) -> Study:
    """The demonstration's trainings on people drawn by the program at the site: each seed has its own people.

    Args:
        overrides: "teacher.loop.steps=10", "world.train_people=100", "arms.scarce_people=100" and the like; `world` has
            the fields of `DemoSettings`, `arms` those of `ArmSettings`.

    Raises:
        ConfigurationError: a setting is unknown or impossible.
    """
    sizes = _sizes(apply_overrides({"world": asdict(DemoSettings())}, _of(overrides, "world")))
    arms = arm_settings(apply_overrides({"arms": TUNED.to_json()}, _of(overrides, "arms"))["arms"])
    teacher, student, distillation = configured(
        {
            "teacher": teacher_config(sizes),
            "student": student_config(sizes),
            "distillation": distillation_config(sizes),
        },
        _of(overrides, *_KINDS),
    )
    check_groups(overrides, ("world", "arms", *_KINDS))
    world = {name: value for name, value in asdict(sizes).items() if name not in ("seed", *_SCHEDULE)}

    def read(seed: int, folder: Path, quiet: bool) -> StudyData:
        drawn = draw(replace(sizes, seed=seed), folder, quiet=quiet)
        return StudyData(drawn.train, drawn.validation, {WORLD: drawn.people}, drawn.searched)

    world |= {"style": STYLE}
    return Study("tiny", teacher, student, distillation, world, read, zero_shot=True, arms=arms)


_SCHEDULE = (
    "batch_people", "teacher_steps", "teacher_learning_rate", "lora_rank", "lora_stride", "lora_dense",
    "student_steps", "student_learning_rate", "validations",
)  # fmt: skip
"""Fields of `DemoSettings` that the configurations repeat."""


def configured(
    configs: Mapping[str, Any], overrides: Sequence[str]
) -> tuple[TeacherConfig, StudentConfig, DistillationConfig]:
    """The three configurations with some settings replaced, `KIND.path=value`.

    Raises:
        ConfigurationError: a setting is unknown or impossible.
    """
    written = {kind: config.model_dump(mode="json") for kind, config in configs.items()}
    changed = apply_overrides(written, overrides)
    return (
        _validated(TeacherConfig, changed, "teacher"),
        _validated(StudentConfig, changed, "student"),
        _validated(DistillationConfig, changed, "distillation"),
    )


_Settings = TypeVar("_Settings", bound=BaseModel)


def _validated(settings: type[_Settings], values: Mapping[str, Any], group: str) -> _Settings:
    try:
        return settings.model_validate(values[group])
    except ValidationError as error:
        told = (describe_problem(one, one["loc"], settings, group=group) for one in error.errors())
        raise ConfigurationError(
            f"--set: {'; '.join(told)}", remedy="see docs/training.md for every setting"
        ) from error


def check_groups(overrides: Sequence[str], groups: Sequence[str]) -> None:
    """Refuse a setting that belongs to none of the groups.

    Raises:
        ConfigurationError: there is one.
    """
    for assignment in overrides:
        if assignment.partition(".")[0] not in groups:
            raise ConfigurationError(f"--set {assignment}", expected=f"a setting of {', '.join(groups)}")


def _of(overrides: Sequence[str], *groups: str) -> list[str]:
    return [one for one in overrides if one.partition(".")[0] in groups]


def _sizes(values: Mapping[str, Any]) -> DemoSettings:
    known = {one.name for one in fields(DemoSettings)}
    unknown = sorted(set(values["world"]) - known)
    if unknown:
        raise ConfigurationError(f"--set world.{unknown[0]}", expected=f"one of {', '.join(sorted(known))}")
    return DemoSettings(**values["world"])
