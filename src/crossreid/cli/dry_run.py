"""A dry run of a training on a data set; a teacher that it follows need not be trained yet."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from crossreid.cli.options import TrainingData, is_file

if TYPE_CHECKING:
    from crossreid.data.dataset import Dataset
    from crossreid.training.config import DistillationConfig, DsmdConfig
    from crossreid.training.widths import PlannedConfig


@dataclass(frozen=True)
class _Teacher:
    """What `plan_training` is to ask for the width, if anything, and how the plan names it."""

    source: str | None = None
    words: str = ""


def show_training_plan(
    settings: "PlannedConfig", given: TrainingData, config: Path, *, teacher: str = ""
) -> None:
    """Print what a training would do.

    Args:
        settings: of the training.
        given: its data, if any are named.
        config: the file of the settings; beside it may be that of the teacher.
        teacher: of a distillation, as `--teacher` names it; "" for none.

    Raises:
        CheckpointError: the backbone is not there, or incomplete.
        ConfigurationError: something does not fit the settings.
        DataError: the data set has fewer people than a batch needs.
    """
    from crossreid.cli.plan import show_plan
    from crossreid.training.accelerating import training_precision
    from crossreid.training.config import DistillationConfig, DsmdConfig
    from crossreid.training.plan import plan_training

    people = _people(settings, given)
    followed = _Teacher()
    if isinstance(settings, DistillationConfig | DsmdConfig):
        followed = _followed(settings, teacher, config, people)
    plan = plan_training(settings, people, teacher=followed.source)
    show_plan(plan, half=training_precision(settings.loop) != "fp32", teacher=followed.words)


def _people(settings: "PlannedConfig", given: TrainingData) -> "Dataset | None":
    from crossreid.training.config import MllmreidConfig
    from crossreid.training.mllmreid import people_to_draw

    if given.root is not None:
        people = given.people()
        return people.first_captions() if settings.batch.captions == "first" else people
    if isinstance(settings, MllmreidConfig) and settings.drawn is not None:
        return people_to_draw(settings.drawn)
    return None


def _followed(
    settings: "DistillationConfig | DsmdConfig", teacher: str, config: Path, people: "Dataset | None"
) -> _Teacher:
    """The teacher itself where it is there; else the settings by which it is going to be trained; else none."""
    from crossreid.core.errors import CheckpointError
    from crossreid.training.widths import backbone_outline, teacher_width

    beside = _teacher_s_settings(config)
    names, reasons = [name for name in (teacher, beside) if name], []
    work = f"; first it embeds {len(people):,} samples" if people is not None and not is_file(teacher) else ""
    for name in names:
        try:
            width = teacher_width(name)
        except CheckpointError as error:
            reasons.append(error.found)
            continue
        absent = f"{teacher}, not there yet: by " if teacher else "none named: by "
        told = name if name == teacher else f"{absent}{name}"
        return _Teacher(name, f"{told}, {width:,} dimensions{work}")
    own = backbone_outline(settings).dim
    reason = "; ".join(reasons) or "none named"
    return _Teacher(
        None,
        f"not counted ({reason}): heads of the backbone's own {own:,} dimensions, where the teacher's decide{work}",
    )


def _teacher_s_settings(config: Path) -> str:
    """Of `distillation.yaml` and `distill-tiny.yaml` `teacher.yaml` and `teacher-tiny.yaml`, or of the folder above."""
    own = "teacher" + config.stem.removeprefix(config.stem.partition("-")[0])
    places = (config.with_name(f"{own}.yaml"), config.parent.parent / "teacher.yaml")
    return next((str(place) for place in places if place.is_file()), "")
