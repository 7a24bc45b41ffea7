"""A configuration out of a YAML file; what is wrong with it is said by name."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, Field, ValidationError
from pydantic_core import ErrorDetails

from crossreid.core.errors import ConfigurationError
from crossreid.training.config.distillation import DistillationConfig
from crossreid.training.config.dsmd import DsmdConfig
from crossreid.training.config.mllmreid import MllmreidConfig
from crossreid.training.config.pretraining import CaptioningConfig, ContrastiveConfig
from crossreid.training.config.problems import describe_problem
from crossreid.training.config.student import StudentConfig
from crossreid.training.config.teacher import TeacherConfig
from crossreid.training.config.translators import TranslatorConfig
from crossreid.training.overrides import apply_overrides
from crossreid.training.run_files import read_run_file

TrainingConfig = Annotated[
    CaptioningConfig
    | ContrastiveConfig
    | TeacherConfig
    | StudentConfig
    | DistillationConfig
    | DsmdConfig
    | MllmreidConfig
    | TranslatorConfig,
    Field(discriminator="kind"),
]


class _Root(BaseModel):
    training: TrainingConfig


def load_config(path: Path | str, overrides: Sequence[str] = ()) -> TrainingConfig:
    """Read a YAML file, which may say in what it differs from another: `base: other.yaml`.

    Args:
        path: of the file.
        overrides: "loop.steps=10" and the like take the place of what the file says.

    Raises:
        ConfigurationError: the file is missing, not YAML, or has unknown or impossible settings; each is named.
    """
    values = read_run_file(Path(path))
    try:
        return _Root.model_validate({"training": apply_overrides(values, overrides)}).training
    except ValidationError as error:
        problems = "; ".join(map(_describe, error.errors()))
        raise ConfigurationError(
            f"{path}: {problems}", remedy="see docs/training.md for every setting"
        ) from error


def _describe(problem: ErrorDetails) -> str:
    kind, *place = problem["loc"][1:] or ("",)
    if problem["type"].startswith("union_tag"):
        place = ["kind"]
    return describe_problem(problem, place, _settings_of(kind))


def _settings_of(kind: str | int) -> type[BaseModel]:
    """The model that a kind is validated by; of no kind the root, which has no settings."""
    members = get_args(get_args(TrainingConfig)[0])
    return next((one for one in members if one.model_fields["kind"].annotation == Literal[kind]), _Root)
