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
    from crossreid.training.config import (
        CaptioningConfig,
        ContrastiveConfig,
        MllmreidConfig,
        StudentConfig,
        TeacherConfig,
        TranslatorConfig,
    )


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
    from crossreid.core.errors import ConfigurationError
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
            _pretrain(settings, out, given)
        case TranslatorConfig():
            _train_translator(settings, out, given)
        case MllmreidConfig(drawn=drawn) if drawn is not None and data is None:
            _train_on_drawn(settings, out)
        case TeacherConfig() | StudentConfig() | MllmreidConfig():
            _train(settings, out, given, config)


def _pretrain(settings: "CaptioningConfig | ContrastiveConfig", out: Path, given: TrainingData) -> None:
    from crossreid.cli.extras import require_extras
    from crossreid.cli.outputs import check_output_folder, report_run
    from crossreid.training.pretraining import pretrain

    require_extras("a pretraining", "synthetic")
    check_draws(settings, given.root or given.validation_split)
    check_output_folder(out)
    model = pretrain(settings, out, quiet=not sys.stderr.isatty())
    report_run(out)
    kind = "teacher" if settings.kind == "captioning" else "student"
    then = command_line("train", f"configs/{kind}-tiny.yaml", "--data", "DATA", "--out", f"runs/{kind}")
    print(f"Next: with `backbone: {model}` in configs/{kind}-tiny.yaml, {then}")


def _train_translator(settings: "TranslatorConfig", out: Path, given: TrainingData) -> None:
    """Without data, pairs are drawn into the folder of the run."""
    from crossreid.cli.extras import require_extras
    from crossreid.cli.outputs import check_output_folder, report_run
    from crossreid.training.translation import draw_pairs, train_translator

    if given.root is None:
        require_extras("training a translator without --data", "synthetic")
    check_output_folder(out)
    quiet = not sys.stderr.isatty()
    if given.root is None:
        pairs, validation = draw_pairs(settings, out / "pairs", quiet=quiet)
    else:
        pairs, validation = given.people(), given.validation()
    train_translator(settings, pairs, out, validation=validation, quiet=quiet)
    report_run(out)
    option = "--sketch" if settings.modality == "sketch" else "--infrared"
    print("Next: " + command_line("expand", "PHOTOS", option, out, "--out", "four"))


def _train_on_drawn(settings: "MllmreidConfig", out: Path) -> None:
    """People are drawn into the folder of the run."""
    from crossreid.cli.extras import require_extras
    from crossreid.cli.outputs import check_output_folder
    from crossreid.training.mllmreid import draw_people

    require_extras("training MLLMReID without --data", "synthetic")
    check_output_folder(out)
    drawn, quiet, world = settings.drawn, not sys.stderr.isatty(), out / "people"
    assert drawn is not None
    people = draw_people(drawn, world / "train", "train", people=drawn.people, quiet=quiet)
    place, validation = world / "validation", None
    if drawn.validation:
        validation = draw_people(drawn, place, "validation", people=drawn.validation, quiet=quiet)
    model = _run(settings, out, people, validation)
    searched = (
        data_words("pedestrians", place, "validation") if validation else data_words("pedestrians", None)
    )
    print("Next: " + command_line("evaluate", model, *searched, *PHOTOGRAPHS))


def _train(
    settings: "TeacherConfig | StudentConfig | MllmreidConfig", out: Path, given: TrainingData, config: Path
) -> None:
    from crossreid.cli.outputs import check_output_folder
    from crossreid.core.errors import ConfigurationError

    if given.root is None:
        raise ConfigurationError(
            f"no data to train a {settings.kind}",
            expected="--data with a data set",
            remedy="crossreid data draw FOLDER makes one",
        )
    check_output_folder(out)
    people = given.people()
    model = _run(settings, out, people, given.validation())
    if settings.kind == "teacher":
        words = ["distill", _distillation_of(config), "--teacher", model, *given.training_words()]
        words += ["--set", "keep=best"] if settings.keep == "best" else []
        print("Next: " + command_line(*words, "--out", "runs/edge"))
        return
    tasks = PHOTOGRAPHS if settings.kind == "mllmreid" else task_words(people)
    print("Next: " + command_line("evaluate", model, *given.test_words(), *tasks))


def _distillation_of(config: Path) -> "Path | str":
    """Return the distillation beside the settings of a teacher, else the tiny one."""
    beside = config.with_name("distillation.yaml")
    return beside if beside.is_file() else "configs/distill-tiny.yaml"


def _run(
    settings: "TeacherConfig | StudentConfig | MllmreidConfig",
    out: Path,
    people: "Dataset",
    validation: "Dataset | None",
) -> Path:
    from crossreid.cli.outputs import report_run
    from crossreid.training.build import train_model
    from crossreid.training.gathering import process_number

    model = train_model(settings, people, out, validation=validation, quiet=not sys.stderr.isatty())
    if process_number():
        raise typer.Exit  # the first one says what came of it
    report_run(out)
    return model
