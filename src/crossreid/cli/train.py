"""`crossreid train`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crossreid.cli.dry_run import (
    CardName,
    DeviceMemory,
    PlannedMachine,
    Processes,
    Rate,
    check_draws,
    refuse_without_dry_run,
    show_plan_of,
)
from crossreid.cli.options import (
    PHOTOGRAPHS,
    DatasetName,
    OptionalData,
    Overrides,
    Split,
    TrainingData,
    ValidationSplit,
    command_line,
    data_words,
    task_words,
)

if TYPE_CHECKING:
    from crossreid.data.dataset import Dataset
    from crossreid.training.config import MllmreidConfig, StudentConfig, TeacherConfig, TrainingConfig


def train(
    config: Annotated[Path, typer.Argument(help="Configuration file, such as configs/teacher-tiny.yaml.")],
    *,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Run folder for the model, the history and the checkpoint."),
    ] = None,
    overrides: Overrides = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help=(
                "Print the training plan with its memory and time, and train nothing. Plans "
                "distillations too."
            ),
        ),
    ] = False,
    data: OptionalData = None,
    dataset: DatasetName = "pedestrians",
    split: Split = "train",
    validation_split: ValidationSplit = None,
    card: CardName = None,
    device_memory: DeviceMemory = None,
    processes: Processes = None,
    rate: Rate = None,
) -> None:
    """Train the cloud model, the edge model alone, MLLMReID or a translator, or pretrain, as the configuration says.

    Resumes from the last checkpoint. Pretraining draws its own people and takes no data; MLLMReID and translators draw
    people unless --data is given. To train an edge model with the cloud model, use `crossreid distill`.
    """
    from crossreid.cli.extras import require_extras
    from crossreid.cli.outputs import check_output_folder, report_run
    from crossreid.core.errors import ConfigurationError
    from crossreid.training.calls import train as crossreid_train
    from crossreid.training.config import (
        CaptioningConfig,
        ContrastiveConfig,
        DistillationConfig,
        DsmdConfig,
        MllmreidConfig,
        StudentConfig,
        TeacherConfig,
        TranslatorConfig,
        load_config,
    )
    from crossreid.training.gathering import process_number

    settings = load_config(config, overrides or ())
    given = TrainingData(dataset, data, split, validation_split)
    if dry_run:
        show_plan_of(settings, given, config, PlannedMachine(device_memory, processes, rate, card))
        return
    refuse_without_dry_run(device_memory, processes, rate, card)
    if out is None:
        raise ConfigurationError("no --out", expected="a folder for the run", remedy="or --dry-run")
    match settings:
        case DistillationConfig() | DsmdConfig():
            raise ConfigurationError(
                f"{config}, which is of a distillation",
                expected="a teacher, a student or a pretraining",
                remedy=command_line("distill", config, "--teacher", "ENCODER", *given.training_words()),
            )
        case CaptioningConfig() | ContrastiveConfig():
            check_draws(settings, given.root or given.validation_split)
        case TeacherConfig() | StudentConfig() | MllmreidConfig(drawn=None):
            _check_data_named(settings, given)
        case MllmreidConfig() | TranslatorConfig():
            pass  # they draw people where no data are named
    if given.root is None:
        require_extras("training that draws people", "synthetic")
    check_output_folder(out)
    people = None if given.root is None else given.people()
    quiet = not sys.stderr.isatty()
    model = crossreid_train(settings, people, out, validation=given.validation(), quiet=quiet)
    if process_number():
        raise typer.Exit  # the first one says what came of it
    report_run(out)
    print("Next: " + _next_step(settings, model, given, config, people))


def _check_data_named(
    settings: "TeacherConfig | StudentConfig | MllmreidConfig", given: TrainingData
) -> None:
    from crossreid.core.errors import ConfigurationError

    if given.root is None:
        raise ConfigurationError(
            f"no data to train a {settings.kind}",
            expected="--data with a data set",
            remedy="crossreid data draw FOLDER makes one",
        )


def _next_step(
    settings: "TrainingConfig", model: Path, given: TrainingData, config: Path, people: "Dataset | None"
) -> str:
    match settings.kind:
        case "captioning" | "contrastive":
            kind = "teacher" if settings.kind == "captioning" else "student"
            then = command_line(
                "train", f"configs/{kind}-tiny.yaml", "--data", "DATA", "--out", f"runs/{kind}"
            )
            return f"with `backbone: {model}` in configs/{kind}-tiny.yaml, {then}"
        case "translator":
            option = "--sketch" if settings.modality == "sketch" else "--infrared"
            return command_line("expand", "PHOTOS", option, model.parent, "--out", "four")
        case "teacher":
            words = ["distill", _distillation_of(config), "--teacher", model, *given.training_words()]
            words += ["--set", "keep=best"] if settings.keep == "best" else []
            return command_line(*words, "--out", "runs/edge")
        case _ if people is not None:
            tasks = PHOTOGRAPHS if settings.kind == "mllmreid" else task_words(people)
            return command_line("evaluate", model, *given.test_words(), *tasks)
        case _:
            return _search_among_drawn(model)


def _search_among_drawn(model: Path) -> str:
    """An evaluation on the validation people that the run drew, where it did."""
    drawn = model.parent / "people" / "validation"
    words = (
        data_words("pedestrians", drawn, "validation") if drawn.is_dir() else data_words("pedestrians", None)
    )
    return command_line("evaluate", model, *words, *PHOTOGRAPHS)


def _distillation_of(config: Path) -> "Path | str":
    """Return the distillation beside the settings of a teacher, else the tiny one."""
    beside = config.with_name("distillation.yaml")
    return beside if beside.is_file() else "configs/distill-tiny.yaml"
