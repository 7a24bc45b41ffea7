"""Training and distillation as one call each, from the name of a configuration file: `cr.train` and `cr.distill`."""

from collections.abc import Sequence
from pathlib import Path

from crossreid.core.embeddings import Embeddings
from crossreid.core.encoder import Encoder
from crossreid.core.errors import ConfigurationError
from crossreid.data.dataset import Dataset
from crossreid.models.loading import load_encoder
from crossreid.training.build import check_training, train_model
from crossreid.training.config import (
    CaptioningConfig,
    ContrastiveConfig,
    DistillationConfig,
    DrawnPeopleConfig,
    DsmdConfig,
    MllmreidConfig,
    StudentConfig,
    TeacherConfig,
    TrainingConfig,
    TranslatorConfig,
    load_config,
)
from crossreid.training.mllmreid import draw_people
from crossreid.training.plan import check_backbone
from crossreid.training.pretraining import pretrain
from crossreid.training.teacher_features import features_of_part, store_teacher_features
from crossreid.training.translation import draw_pairs, train_translator


def train(
    config: str | Path | TrainingConfig,
    dataset: Dataset | None,
    folder: str | Path,
    *,
    validation: Dataset | None = None,
    overrides: Sequence[str] = (),
    quiet: bool = False,
) -> Path:
    """Train what a configuration describes, or go on where an earlier call with the same arguments stopped.

    Args:
        config: a YAML file such as `configs/teacher-tiny.yaml`, or what `load_config` read from one.
        dataset: the training split. None for a pretraining, which draws its own people, and for a translator or an
            MLLMReID that is to draw them into `folder`.
        folder: of the run: receives checkpoints, `history.jsonl`, `run.json` and the model.
        validation: other people; their figures go into the history.
        overrides: settings that replace those of the file, such as "loop.steps=100".
        quiet: no progress bars.

    Returns:
        The model folder, `folder/model`, for `load_encoder`.

    Raises:
        CheckpointError: `folder` holds another training.
        ConfigurationError: it is a distillation, the configuration is wrong, or does not go with the data.
        DataError: the data set has fewer people than a batch needs, or lacks the evidence of the validation.
        TrainingInterrupted: SIGINT or SIGTERM came; the same call goes on.
    """
    settings, folder = _read(config, overrides), Path(folder)
    match settings:
        case DistillationConfig() | DsmdConfig():
            raise ConfigurationError(
                f"a configuration of kind {settings.kind}",
                expected="a teacher, a student or a pretraining",
                remedy="crossreid.distill takes it, with the teacher",
            )
        case CaptioningConfig() | ContrastiveConfig():
            if dataset is not None or validation is not None:
                raise ConfigurationError(
                    f"data for a {settings.kind} pretraining, which draws its own",
                    remedy="leave the data out",
                )
            return pretrain(settings, folder, quiet=quiet)
        case TranslatorConfig():
            if dataset is None:
                dataset, validation = draw_pairs(settings, folder / "pairs", quiet=quiet)
            return train_translator(settings, dataset, folder, validation=validation, quiet=quiet)
        case TeacherConfig() | StudentConfig() | MllmreidConfig():
            if isinstance(settings, MllmreidConfig) and settings.drawn is not None and dataset is None:
                dataset, validation = _draw(settings.drawn, folder, quiet=quiet)
            if dataset is None:
                raise ConfigurationError(
                    f"no data to train a {settings.kind}",
                    expected="a data set",
                    remedy="crossreid data draw FOLDER makes one",
                )
            return train_model(settings, dataset, folder, validation=validation, quiet=quiet)


def distill(
    config: str | Path | TrainingConfig,
    teacher: Encoder | Embeddings | str | Path,
    dataset: Dataset,
    folder: str | Path,
    *,
    validation: Dataset | None = None,
    overrides: Sequence[str] = (),
    features: Path | None = None,
    batch_size: int = 64,
    quiet: bool = False,
) -> Path:
    """Train an edge model to follow a teacher, or go on where an earlier call with the same arguments stopped.

    Args:
        config: a YAML file such as `configs/distill-tiny.yaml`, or what `load_config` read from one.
        teacher: an encoder, what `load_encoder` takes, or the stored features of the data, one row a sample.
        dataset: the training split.
        folder: of the run: receives checkpoints, `history.jsonl`, `run.json` and the model.
        validation: other people; their figures go into the history.
        overrides: settings that replace those of the file, such as "loop.steps=100".
        features: file for the teacher's features, to share them between distillations; by default
            `teacher_features.parquet` in `folder`.
        batch_size: items a step of the teacher.
        quiet: no progress bars.

    Returns:
        The model folder, `folder/model`, for `load_encoder`.

    Raises:
        CheckpointError: `folder` holds another training, or nothing usable is at `teacher`.
        ConfigurationError: it is no distillation, or the configuration is wrong.
        DataError: stored features are of other samples, or the data set has fewer people than a batch needs.
        TrainingInterrupted: SIGINT or SIGTERM came; the same call goes on.
    """
    settings, folder = _read(config, overrides), Path(folder)
    if not isinstance(settings, DistillationConfig | DsmdConfig):
        raise ConfigurationError(
            f"a configuration of kind {settings.kind}",
            expected="kind distillation or dsmd",
            remedy="crossreid.train takes it",
        )
    people = dataset.first_captions() if settings.batch.captions == "first" else dataset
    # The teacher may have hours to embed: what would be refused after that is refused now.
    check_training(settings, people, validation)
    check_backbone(settings)
    if isinstance(teacher, Embeddings):
        stored = features_of_part(teacher, dataset, people)
    else:
        stored = store_teacher_features(
            load_encoder(teacher) if isinstance(teacher, str | Path) else teacher,
            people,
            features or folder / "teacher_features.parquet",
            batch_size=batch_size,
            progress=not quiet,
        )
    return train_model(settings, people, folder, teacher_features=stored, validation=validation, quiet=quiet)


def _read(config: str | Path | TrainingConfig, overrides: Sequence[str]) -> TrainingConfig:
    if isinstance(config, str | Path):
        return load_config(config, overrides)
    if overrides:
        raise ConfigurationError(
            f"overrides {list(overrides)} of a configuration that is read already",
            expected="the name of a YAML file",
            remedy="pass the overrides to load_config",
        )
    return config


def _draw(drawn: DrawnPeopleConfig, folder: Path, *, quiet: bool) -> tuple[Dataset, Dataset | None]:
    """People to train on, and to validate on where they are wanted, drawn into the folder of the run."""
    world = folder / "people"
    people = draw_people(drawn, world / "train", "train", people=drawn.people, quiet=quiet)
    if not drawn.validation:
        return people, None
    place = world / "validation"
    return people, draw_people(drawn, place, "validation", people=drawn.validation, quiet=quiet)
