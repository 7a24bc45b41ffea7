"""Dry runs: what a training would do, on this machine or on another one."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crossreid.cli.options import TrainingData, is_file

if TYPE_CHECKING:
    from crossreid.data.dataset import Dataset
    from crossreid.models.loading import Precision
    from crossreid.training.config import (
        CaptioningConfig,
        ContrastiveConfig,
        DistillationConfig,
        DsmdConfig,
        LoopConfig,
        TrainingConfig,
    )
    from crossreid.training.machine import Machine
    from crossreid.training.plan import TrainingPlan
    from crossreid.training.widths import PlannedConfig

CardName = Annotated[
    str | None,
    typer.Option(
        "--card",
        metavar="NAME",
        help="With --dry-run: plan for this GPU model, such as RTX-3090, A100-80, H100 or T4.",
    ),
]
DeviceMemory = Annotated[
    float | None,
    typer.Option(
        min=0.0, metavar="GIB", help="With --dry-run: memory of each GPU in GiB. By default that of --card."
    ),
]
Processes = Annotated[
    int | None,
    typer.Option(min=1, help="With --dry-run: number of processes, one GPU each. By default 1."),
]
Rate = Annotated[
    float | None,
    typer.Option(
        min=1.0,
        metavar="FLOPS",
        help=(
            "With --dry-run: peak matrix throughput of each GPU in FLOP/s, such as 71e12. By "
            "default that of --card, else the rate measured on this machine."
        ),
    ),
]


@dataclass(frozen=True)
class PlannedMachine:
    """What the options say about the machine of a plan; None where they say nothing."""

    memory_gib: float | None = None
    processes: int | None = None
    rate: float | None = None
    card: str | None = None

    def resolve(self, loop: "LoopConfig") -> "Machine":
        """Return the machine that is planned for: this one where no option names another.

        Raises:
            ConfigurationError: the card is not known.
        """
        from crossreid.training.machine import (
            find_card,
            machine_by_options,
            planned_precision,
            this_machine,
        )

        if self == PlannedMachine():
            return this_machine(_precision_here(loop))
        card = None if self.card is None else find_card(self.card)
        return machine_by_options(
            precision=planned_precision(loop.precision, card),
            card=card,
            memory_gib=self.memory_gib,
            processes=self.processes or 1,
            rate=self.rate,
        )


def _precision_here(loop: "LoopConfig") -> "Precision":
    """The precision that a training of these settings has on this machine."""
    from crossreid.training.accelerating import training_precision

    return training_precision(loop)


def refuse_without_dry_run(*options: object) -> None:
    """Refuse options of a dry run for a training.

    Raises:
        ConfigurationError: one of them is given.
    """
    from crossreid.core.errors import ConfigurationError

    if any(option is not None for option in options):
        raise ConfigurationError(
            "--card, --device-memory, --processes or --rate for a training",
            expected="these with --dry-run alone",
            remedy="add --dry-run, or start several processes by accelerate launch",
        )


def show_plan_of(
    settings: "TrainingConfig", given: TrainingData, config: Path, asked: PlannedMachine
) -> None:
    """Print what a training of any kind would do.

    Args:
        settings: of the training.
        given: its data, if any are named.
        config: the file of the settings.
        asked: the machine that it is planned for.

    Raises:
        CheckpointError: the backbone is not there, or incomplete.
        ConfigurationError: something does not fit the settings.
        DataError: the data set does not suffice.
    """
    from crossreid.cli.plan import show_pretraining_plan, show_translator_plan
    from crossreid.training.config import CaptioningConfig, ContrastiveConfig, TranslatorConfig

    match settings:
        case CaptioningConfig() | ContrastiveConfig():
            from crossreid.training.pretraining_plan import plan_pretraining

            check_draws(settings, given.root)
            machine = _alone(asked, settings.loop)
            show_pretraining_plan(plan_pretraining(settings, machine=machine), machine)
        case TranslatorConfig():
            from crossreid.training.translator_plan import plan_translator

            machine = _alone(asked, settings.loop)
            people = None if given.root is None else given.people()
            show_translator_plan(plan_translator(settings, people, machine=machine), machine)
        case _:
            show_training_plan(settings, given, config, asked)


def check_draws(settings: "CaptioningConfig | ContrastiveConfig", data: object) -> None:
    """Refuse data for a pretraining.

    Raises:
        ConfigurationError: there are some.
    """
    from crossreid.core.errors import ConfigurationError

    if data is not None:
        raise ConfigurationError(
            f"data for a {settings.kind} pretraining, which draws its own", remedy="leave the data out"
        )


def _alone(asked: PlannedMachine, loop: "LoopConfig") -> "Machine":
    from crossreid.core.errors import ConfigurationError

    if (asked.processes or 1) > 1:
        raise ConfigurationError(
            f"--processes {asked.processes} for batches that cannot be divided",
            expected="one process",
            remedy="leave --processes out",
        )
    return asked.resolve(loop)


@dataclass(frozen=True)
class _Teacher:
    """What `plan_training` is to ask for the width, if anything, and how the plan names it."""

    source: str | None = None
    words: str = ""


def show_training_plan(
    settings: "PlannedConfig",
    given: TrainingData,
    config: Path,
    asked: PlannedMachine,
    *,
    teacher: str = "",
) -> None:
    """Print what a training on a data set would do.

    Args:
        settings: of the training.
        given: its data, if any are named.
        config: the file of the settings; beside it may be that of the teacher.
        asked: the machine that it is planned for.
        teacher: of a distillation, as `--teacher` names it; "" for none.

    Raises:
        CheckpointError: the backbone is not there, or incomplete.
        ConfigurationError: something does not fit the settings.
        DataError: the data set has fewer people than a batch needs.
    """
    from crossreid.cli.plan import show_plan
    from crossreid.training.config import DistillationConfig, DsmdConfig
    from crossreid.training.plan import check_backbone, plan_training
    from crossreid.training.remedies import find_remedies, fits

    people = _people(settings, given)
    check_backbone(settings)
    followed = _Teacher()
    if isinstance(settings, DistillationConfig | DsmdConfig):
        followed = _followed(settings, teacher, config, people)
    machine = asked.resolve(settings.loop)

    def plan(changed: "PlannedConfig") -> "TrainingPlan":
        return plan_training(changed, people, machine=machine, teacher=followed.source)

    first, remedies = plan(settings), ()
    if machine.memory_gib is not None and not fits(first.memory.total, machine):
        remedies = tuple(find_remedies(settings, first, machine, plan))
    show_plan(first, machine, teacher=followed.words, remedies=remedies)


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
