"""Backbones from nothing: what makes the tiny weights that travel with the package."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import nn
from transformers import CLIPModel, PreTrainedTokenizerFast, Qwen2VLModel, set_seed

from crossreid.data.preprocessing import Preprocessing
from crossreid.models.folder import save_model
from crossreid.models.presets import (
    TINY_DIM,
    TINY_VOCABULARY,
    tiny_cloud_config,
    tiny_edge_config,
    tiny_preprocessing,
)
from crossreid.models.prompts import TINY_PROMPTS
from crossreid.models.student import Student
from crossreid.models.teacher import Teacher
from crossreid.models.tokenizer import special_token_ids, train_tokenizer
from crossreid.models.training_record import RECORD
from crossreid.synthesis.pedestrians.attributes import attribute_sizes
from crossreid.synthesis.pedestrians.world import World
from crossreid.synthesis.things import draw_thing
from crossreid.training.accelerating import training_precision
from crossreid.training.batches import PICTURES
from crossreid.training.checkpoint import CHECKPOINT, check_checkpoint, load_weights
from crossreid.training.config import CaptioningConfig, ContrastiveConfig, PretrainingConfig
from crossreid.training.corpus import open_corpus
from crossreid.training.corpus_batches import CorpusBatches
from crossreid.training.loop import train
from crossreid.training.record import write_record
from crossreid.training.tasks.captioning import CaptioningTask
from crossreid.training.tasks.contrastive import ContrastiveTask

_TOKENIZER_CAPTIONS = 20_000
_POSITION_GAIN = 25.0


def pretrain(config: CaptioningConfig | ContrastiveConfig, folder: Path, *, quiet: bool = False) -> Path:
    """Pretrain the tiny cloud or edge model on photographs of people and drawings of things, with captions.

    The corpus is drawn into `folder`/../corpus, where other pretrainings find it.

    Returns:
        The model folder, weights in half precision.

    Raises:
        CheckpointError: `folder` holds another training.
    """
    settings = config.model_dump(mode="json")
    check_checkpoint(folder / CHECKPOINT, config=settings, precision=training_precision(config.loop))
    write_record(
        folder / RECORD,
        settings,
        seed=config.loop.seed,
        trained_on={
            "name": f"procedural world {config.world_seed}",
            "split": "pretrain",
            "people": config.photographs,
        },
    )
    world = World(config.world_seed)
    tokenizer = _tokenizer(config, world)
    batches = _batches(config, world, tiny_preprocessing(), folder.parent / "corpus", quiet=quiet)
    set_seed(config.loop.seed)
    match config:
        case CaptioningConfig():
            model: Teacher | Student = _pretrain_cloud(config, batches, tokenizer, folder, quiet=quiet)
        case ContrastiveConfig():
            model = _pretrain_edge(config, batches, tokenizer, folder, quiet=quiet)
    return save_model(model, folder / "model", dtype=torch.float16)


def answered_pictures(config: CaptioningConfig | ContrastiveConfig) -> int:
    """Number of the pictures of a batch whose caption is learnt as an answer."""
    if isinstance(config, ContrastiveConfig):
        return 0
    return max(1, round(config.answered_share * (config.batch_photographs + config.batch_drawings)))


def _tokenizer(config: PretrainingConfig, world: World) -> PreTrainedTokenizerFast:
    if config.start is None:
        return train_tokenizer(_texts(world), vocabulary=TINY_VOCABULARY)
    return PreTrainedTokenizerFast.from_pretrained(config.start / "model", local_files_only=True)


def _go_on(task: nn.Module, config: PretrainingConfig) -> None:
    """Give the task the weights that an earlier pretraining ended with, where there was one."""
    if config.start is not None:
        load_weights(config.start / "checkpoint", task)


def _batches(
    config: CaptioningConfig | ContrastiveConfig,
    world: World,
    preprocessing: Preprocessing,
    corpus: Path,
    *,
    quiet: bool,
) -> CorpusBatches:
    return CorpusBatches(
        open_corpus(
            corpus,
            world,
            preprocessing,
            photographs=config.photographs,
            drawings=config.drawings,
            workers=os.cpu_count() or 1,
            quiet=quiet,
        ),
        preprocessing,
        photographs=config.batch_photographs,
        drawings=config.batch_drawings,
        answered=answered_pictures(config),
        steps=config.loop.steps * config.loop.accumulation,
        seed=config.loop.seed,
    )


def _pretrain_cloud(
    config: CaptioningConfig,
    batches: CorpusBatches,
    tokenizer: PreTrainedTokenizerFast,
    folder: Path,
    *,
    quiet: bool,
) -> Teacher:
    backbone = Qwen2VLModel(tiny_cloud_config(special_token_ids(tokenizer)))
    teacher = Teacher(backbone, tokenizer, TINY_PROMPTS, batches.preprocessing)
    if config.compiled:
        teacher.compile_towers()
    task = CaptioningTask(
        teacher,
        contrast=config.contrast,
        attributes=config.attributes,
        tagging_share=config.tagging_share,
        attribute_sizes=attribute_sizes(),
    )
    _go_on(task, config)
    settings = config.model_dump(mode="json")
    train(task, batches, config.loop, folder, description="captioning", settings=settings, quiet=quiet)
    return teacher


def _pretrain_edge(
    config: ContrastiveConfig,
    batches: CorpusBatches,
    tokenizer: PreTrainedTokenizerFast,
    folder: Path,
    *,
    quiet: bool,
) -> Student:
    clip = CLIPModel(tiny_edge_config(special_token_ids(tokenizer)))
    with (
        torch.no_grad()
    ):  # as large as what a patch adds: else it takes hundreds of steps to tell head from feet
        clip.vision_model.embeddings.position_embedding.weight.mul_(_POSITION_GAIN)
    student = Student(clip, tokenizer, batches.preprocessing, dim=TINY_DIM)
    if config.compiled:
        clip.vision_model.compile()
        clip.text_model.compile(dynamic=True)
    task = ContrastiveTask(
        clip,
        student,
        attributes=config.attributes,
        tagging_share=config.tagging_share,
        attribute_sizes=attribute_sizes(),
    )
    _go_on(task, config)
    settings = config.model_dump(mode="json")
    train(task, batches, config.loop, folder, description="contrast", settings=settings, quiet=quiet)
    # A new one, whose heads are copied from the trained projections.
    return Student(clip, tokenizer, student.preprocessing, dim=TINY_DIM)


def _texts(world: World) -> Iterator[str]:
    """Captions of the corpus, and the prompts often enough that their words become tokens."""
    for index in range(_TOKENIZER_CAPTIONS):
        yield world.group("pretrain", index, 0).caption
        if index % 10 == 0:
            yield draw_thing(np.random.default_rng([world.seed, index]), height=8, width=8).caption
        if index % 100 == 0:
            yield from (TINY_PROMPTS.ask_about_image(modality) for modality in PICTURES)
            yield from (TINY_PROMPTS.text, "system\nuser\nassistant\n")
