"""`crossreid distill`."""

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
    refuse_without_dry_run,
    show_training_plan,
)
from crossreid.cli.options import (
    BatchSize,
    DatasetName,
    Device,
    OptionalData,
    Overrides,
    Precision,
    Split,
    TrainingData,
    ValidationSplit,
    command_line,
    is_file,
    task_words,
)

if TYPE_CHECKING:
    from crossreid.core.embeddings import Embeddings
    from crossreid.data.dataset import Dataset


def distill(
    config: Annotated[Path, typer.Argument(help="Configuration file, such as configs/distill-tiny.yaml.")],
    *,
    teacher: Annotated[
        str,
        typer.Option(
            metavar="ENCODER|FILE",
            help=(
                "Cloud model: a model folder, tiny-cloud or a hub id. Also a .parquet of "
                "`crossreid embed` with any encoder's features of exactly this data, and with "
                "--dry-run the configuration (.yaml) of its training."
            ),
        ),
    ],
    data: OptionalData = None,
    dataset: DatasetName = "pedestrians",
    split: Split = "train",
    validation_split: ValidationSplit = None,
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
                "Print the training plan with its memory and time, and train nothing. The "
                "teacher need not exist yet."
            ),
        ),
    ] = False,
    features: Annotated[
        Path | None,
        typer.Option(
            help=(
                "File for the teacher's features, to share them between distillations. By "
                "default teacher_features.parquet in the run folder."
            )
        ),
    ] = None,
    batch_size: BatchSize = 64,
    device: Device = None,
    precision: Precision = None,
    card: CardName = None,
    device_memory: DeviceMemory = None,
    processes: Processes = None,
    rate: Rate = None,
) -> None:
    """Distil the cloud model into the edge model, by the paper's method or by DSMD.

    Computes the cloud model's features of the data once and stores them for later calls. Resumes from the last
    checkpoint.
    """
    from crossreid.cli.outputs import check_output_file, check_output_folder, report_run
    from crossreid.core.errors import ConfigurationError
    from crossreid.training.build import check_training, train_model
    from crossreid.training.config import DistillationConfig, DsmdConfig, load_config
    from crossreid.training.gathering import process_number
    from crossreid.training.plan import check_backbone

    settings = load_config(config, overrides or ())
    if not isinstance(settings, DistillationConfig | DsmdConfig):
        raise ConfigurationError(
            f"{config}, which is of kind {settings.kind}",
            expected="kind distillation or dsmd",
            remedy=command_line("train", config, "--out", out or "RUN"),
        )
    given = TrainingData(dataset, data, split, validation_split)
    if dry_run:
        asked = PlannedMachine(device_memory, processes, rate, card)
        show_training_plan(settings, given, config, asked, teacher=teacher)
        return
    refuse_without_dry_run(device_memory, processes, rate, card)
    if out is None or data is None:
        missing = "--out" if out is None else "--data"
        raise ConfigurationError(
            f"no {missing}", expected="a data set and a folder for the run", remedy="or --dry-run"
        )
    if is_file(teacher) and features is not None:
        raise ConfigurationError(
            f"--features {features} for the stored features {teacher}",
            remedy="leave it out: nothing is computed",
        )
    check_output_folder(out)
    file = Path(teacher) if is_file(teacher) else features or out / "teacher_features.parquet"
    check_output_file(file, ".parquet", option="--features")
    whole = given.people()
    people = whole.first_captions() if settings.batch.captions == "first" else whole
    validation = given.validation()
    # The teacher may have hours to embed: what would be refused after that is refused now.
    check_training(settings, people, validation)
    check_backbone(settings)
    stored = _store(teacher, whole, people, file, batch_size=batch_size, device=device, precision=precision)
    model = train_model(
        settings,
        people,
        out,
        teacher_features=stored,
        validation=validation,
        quiet=not sys.stderr.isatty(),
    )
    if process_number():
        raise typer.Exit  # the first one says what came of it
    report_run(out)
    print(f"Teacher's features: {file}")
    print("Next: " + _next_step(model, teacher, given, people))


def _store(
    teacher: str,
    whole: "Dataset",
    people: "Dataset",
    file: Path,
    *,
    batch_size: int,
    device: str | None,
    precision: str | None,
) -> "Embeddings":
    """The features of the people; stored ones may be of the whole data set. The teacher itself is let go before the
    training begins.
    """
    from crossreid.core.embeddings import Embeddings
    from crossreid.models.loading import load_encoder
    from crossreid.training.teacher_features import features_of_part, store_teacher_features

    if is_file(teacher):
        return features_of_part(Embeddings.load(file), whole, people)
    encoder = load_encoder(teacher, device=device, precision=precision)
    progress = sys.stderr.isatty()
    return store_teacher_features(encoder, people, file, batch_size=batch_size, progress=progress)


def _next_step(model: Path, teacher: str, given: TrainingData, people: "Dataset") -> str:
    gallery = [] if is_file(teacher) else ["--gallery", teacher, "--setting", "E2C"]
    captioned = {sample.modality.value for sample in people.samples} == {"rgb", "text"}
    tasks = ["--protocol", "image-text"] if captioned else task_words(people)
    return command_line("evaluate", model, *gallery, *given.test_words(), *tasks)
