"""Configuration -> a trained translator."""

import os
from collections.abc import Mapping
from pathlib import Path

import torch

from crossreid.core.modality import Modality
from crossreid.data.dataset import Dataset
from crossreid.data.loading import load_dataset
from crossreid.models.training_record import RECORD
from crossreid.synthesis.pedestrians.dataset import write_world
from crossreid.synthesis.translator_discriminators import PatchDiscriminator, PixelDiscriminator
from crossreid.synthesis.translators import TranslatorOutline, save_translator
from crossreid.training.accelerating import training_precision
from crossreid.training.checkpoint import CHECKPOINT, check_checkpoint
from crossreid.training.config import TranslatorConfig
from crossreid.training.loop import train
from crossreid.training.record import write_record
from crossreid.training.tasks.translators import TranslatorTask
from crossreid.training.translator_batches import PairBatches


def draw_pairs(
    config: TranslatorConfig, folder: Path, *, quiet: bool = False
) -> tuple[Dataset, Dataset | None]:
    """Pairs of the procedural world, and others to validate on; those in the folder already are not drawn again."""
    people: dict[str, int] = {"pretrain": config.drawn_people, "validation": config.validation_people}
    write_world(
        folder,
        seed=config.world_seed,
        people=people,
        groups_per_person=config.encounters,
        workers=os.cpu_count() or 1,
        progress=not quiet,
    )
    pairs = load_dataset("pedestrians", folder, "pretrain")
    return pairs, load_dataset("pedestrians", folder, "validation") if config.validation_people else None


def train_translator(
    config: TranslatorConfig,
    dataset: Dataset,
    folder: Path,
    *,
    validation: Dataset | None = None,
    quiet: bool = False,
) -> Path:
    """Train as configured, continuing where an earlier run of the same configuration stopped.

    Args:
        config: of the translator.
        dataset: whose groups hold photographs and pictures of the modality, of the same view.
        folder: receives checkpoints, `history.jsonl`, `run.json` and the model.
        validation: other pairs; their peak signal-to-noise ratio goes into the history as `validation_psnr`, in dB.
        quiet: no progress bars.

    Returns:
        The folder of the translator, `folder/model`.

    Raises:
        DataError: there are no pairs.
        ConfigurationError: the sizes of the network do not go together.
    """
    settings = config.model_dump(mode="json")
    torch.manual_seed(config.loop.seed)
    modality, task = Modality(config.modality), build_task(config)
    steps = config.loop.steps * config.loop.accumulation
    batches = _batches(config, dataset, modality, steps)
    held = None if validation is None else _batches(config, validation, modality, 1)
    check_checkpoint(folder / CHECKPOINT, config=settings, precision=training_precision(config.loop))
    write_record(folder / RECORD, settings, seed=config.loop.seed)
    train(
        task,
        batches,
        config.loop,
        folder,
        description=f"{config.modality} translator",
        settings=settings,
        validate=None if held is None else lambda: _validate(task, held),
        validate_every=config.loop.validate_every,
        quiet=quiet,
    )
    save_translator(task.generator, _outline(config), folder / "model")
    return folder / "model"


def build_task(config: TranslatorConfig) -> TranslatorTask:
    """Both players, with weights drawn anew; channels lie innermost, where convolutions are faster.

    Raises:
        ConfigurationError: the sizes of the network do not go together.
    """
    generator = _outline(config).network(dropout=config.network.dropout)
    task = TranslatorTask(generator, _discriminator(config), config.weights)
    task.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    return task


def _outline(config: TranslatorConfig) -> TranslatorOutline:
    sizes = config.network.model_dump(exclude={"dropout"})
    return TranslatorOutline(Modality(config.modality), **sizes)


def _discriminator(config: TranslatorConfig) -> PatchDiscriminator | PixelDiscriminator | None:
    match config.discriminator:
        case "patches":
            return PatchDiscriminator(channels=config.network.channels)
        case "pixels":
            return PixelDiscriminator(
                channels=config.network.channels, halvings=max(2, config.network.halvings - 2)
            )
        case "none":
            return None


def _batches(config: TranslatorConfig, dataset: Dataset, modality: Modality, steps: int) -> PairBatches:
    return PairBatches(
        dataset,
        modality,
        height=config.network.height,
        width=config.network.width,
        size=config.batch,
        seed=config.loop.seed,
        steps=steps,
    )


def _validate(task: TranslatorTask, pairs: PairBatches) -> Mapping[str, float]:
    """Peak signal-to-noise ratio over all pairs, in dB."""
    squares, count = 0.0, 0
    device = next(task.parameters()).device
    for start in range(0, len(pairs.pairs), pairs.size):
        rows = list(range(start, min(start + pairs.size, len(pairs.pairs))))
        batch = pairs.batch(rows, [False] * len(rows)).to(device)
        with torch.inference_mode():
            error = (task.generator(batch.photographs) - batch.targets) / 2
        squares, count = squares + float(error.square().sum()), count + error.numel()
    return {"validation_psnr": float(-10 * torch.log10(torch.tensor(max(squares / count, 1e-12))))}
