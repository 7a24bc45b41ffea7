"""A configuration out of a YAML file; what is wrong with it is said by name."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, Field, ValidationError

from crossreid.core.errors import ConfigurationError
from crossreid.training.config.distillation import DistillationConfig
from crossreid.training.config.dsmd import DsmdConfig
from crossreid.training.config.mllmreid import MllmreidConfig
from crossreid.training.config.pretraining import CaptioningConfig, ContrastiveConfig
from crossreid.training.config.student import StudentConfig
from crossreid.training.config.teacher import TeacherConfig
from crossreid.training.config.translators import TranslatorConfig
from crossreid.training.overrides import apply_overrides, nearest_setting
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


def _describe(problem: Any) -> str:
    """One problem of a validation: where, what, and for an unknown key which one may be meant."""
    place = [str(part) for part in problem["loc"][1:]]
    text = f"{'.'.join(place)}: {problem['msg']}"
    if problem["type"] != "extra_forbidden":
        return text
    kinds = {kind.model_fields["kind"].annotation: kind for kind in get_args(get_args(TrainingConfig)[0])}
    nearest = nearest_setting(kinds[Literal[place[0]]], ".".join(place[1:]))
    return f"{text}, did you mean {nearest}?" if nearest else text
