"""Backbones from nothing: what makes the tiny weights that travel with the package."""

from collections.abc import Iterator
from pathlib import Path

import torch
from transformers import CLIPModel, PreTrainedTokenizerFast, Qwen2VLModel, set_seed

from crossreid.models.folder import save_model
from crossreid.models.presets import (
    TINY_DIM,
    TINY_VOCABULARY,
    tiny_cloud_config,
    tiny_edge_config,
    tiny_preprocessing,
)
from crossreid.models.prompts import TINY_LISTING_PROMPTS, TINY_PROMPTS
from crossreid.models.student import Student
from crossreid.models.teacher import Teacher
from crossreid.models.tokenizer import special_token_ids, train_tokenizer
from crossreid.synthesis.pedestrians.listing import list_attributes
from crossreid.synthesis.pedestrians.world import World
from crossreid.training.config import CaptioningConfig, ContrastiveConfig, LoopConfig
from crossreid.training.loop import train
from crossreid.training.record import write_record
from crossreid.training.tasks.captioning import CaptioningTask
from crossreid.training.tasks.contrastive import ContrastiveTask
from crossreid.training.world_batches import WorldBatches

_TOKENIZER_CAPTIONS = 20_000


def pretrain(config: CaptioningConfig | ContrastiveConfig, folder: Path, *, quiet: bool = False) -> Path:
    """Pretrain the tiny cloud or edge model on the pretraining split of a procedural world.

    Returns:
        The model folder, weights in half precision.
    """
    write_record(folder / "run.json", config.model_dump(mode="json"), seed=config.loop.seed)
    world = World(config.world_seed)
    tokenizer = train_tokenizer(_texts(world), vocabulary=TINY_VOCABULARY)
    set_seed(config.loop.seed)
    match config:
        case CaptioningConfig():
            model: Teacher | Student = _pretrain_cloud(config, world, tokenizer, folder, quiet=quiet)
        case ContrastiveConfig():
            model = _pretrain_edge(config, world, tokenizer, folder, quiet=quiet)
    return save_model(model, folder / "model", dtype=torch.float16)


def _pretrain_cloud(
    config: CaptioningConfig, world: World, tokenizer: PreTrainedTokenizerFast, folder: Path, *, quiet: bool
) -> Teacher:
    backbone = Qwen2VLModel(tiny_cloud_config(special_token_ids(tokenizer)))
    teacher = Teacher(backbone, tokenizer, TINY_PROMPTS, tiny_preprocessing())
    batches = WorldBatches(
        world,
        teacher.preprocessing,
        people=config.people,
        listing_share=config.listing_share,
        steps=_micro_steps(config.loop),
    )
    task = CaptioningTask(teacher, TINY_LISTING_PROMPTS, contrast=config.contrast)
    settings = config.model_dump(mode="json")
    train(task, batches, config.loop, folder, description="captioning", settings=settings, quiet=quiet)
    return teacher


def _pretrain_edge(
    config: ContrastiveConfig, world: World, tokenizer: PreTrainedTokenizerFast, folder: Path, *, quiet: bool
) -> Student:
    clip = CLIPModel(tiny_edge_config(special_token_ids(tokenizer)))
    student = Student(clip, tokenizer, tiny_preprocessing(), dim=TINY_DIM)
    train(
        ContrastiveTask(clip, student),
        WorldBatches(world, student.preprocessing, people=config.people, steps=_micro_steps(config.loop)),
        config.loop,
        folder,
        description="contrast",
        settings=config.model_dump(mode="json"),
        quiet=quiet,
    )
    # A new one, whose heads are copied from the trained projections.
    return Student(clip, tokenizer, student.preprocessing, dim=TINY_DIM)


def _micro_steps(loop: LoopConfig) -> int:
    return loop.steps * loop.accumulation


def _texts(world: World) -> Iterator[str]:
    """Captions of pretraining people, and the prompts often enough that their words become tokens."""
    for index in range(_TOKENIZER_CAPTIONS):
        group = world.group("pretrain", index, 0)
        yield group.caption
        yield list_attributes(group.person, group.shot.view)
        if index % 100 == 0:
            for prompts in (TINY_PROMPTS, TINY_LISTING_PROMPTS):
                yield from (prompts.system, prompts.visual, prompts.text, "system\nuser\nassistant\n")
