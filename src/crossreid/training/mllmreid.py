"""MLLMReID from its configuration: people, backbone and task."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from crossreid.core.errors import ConfigurationError
from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.data.augmentation import Augmentation
from crossreid.data.dataset import Dataset
from crossreid.data.loading import load_dataset
from crossreid.models.folder import load_model, save_model
from crossreid.models.loading import model_folder
from crossreid.models.lora import HierarchicalLora
from crossreid.models.mllmreid import Mllmreid
from crossreid.models.mllmreid_towers import as_llama, join, load_joined
from crossreid.models.student import Student
from crossreid.models.teacher import Teacher
from crossreid.models.training_record import RECORD
from crossreid.models.treatment import treat
from crossreid.synthesis.pedestrians.dataset import write_world
from crossreid.synthesis.pedestrians.world import Split
from crossreid.training.config import AlignmentConfig, DrawnPeopleConfig, MllmreidConfig
from crossreid.training.gathering import process_number, told_by_first
from crossreid.training.group_batches import GroupBatches
from crossreid.training.loop import train
from crossreid.training.record import write_record
from crossreid.training.tasks.mllmreid import MllmreidTask
from crossreid.training.tasks.mllmreid_alignment import AlignmentTask

TINY = "tiny"
_VISION, _LANGUAGE = "tiny-edge", "tiny-cloud"
"""What the backbone `tiny` sees through, and what speaks in it."""


def draw_people(
    drawn: DrawnPeopleConfig, folder: Path, split: Split, *, people: int, quiet: bool = False
) -> Dataset:
    """People of a split of the procedural world; those that are in the folder already are not drawn again."""
    if process_number() == 0:
        write_world(
            folder,
            seed=drawn.seed,
            people={split: people},
            groups_per_person=drawn.groups,
            style=drawn.style,
            workers=1,  # a few seconds a thousand people; starting others takes as long
            progress=not quiet,
        )
    told_by_first(0)  # the pictures are there for all processes
    return load_dataset("pedestrians", folder, split)


def people_to_draw(drawn: DrawnPeopleConfig) -> Dataset:
    """What `draw_people` would make, to be counted: nothing is there yet that the samples name."""
    samples = tuple(
        Sample(kind, person, caption="words", source_id=source, item_id=f"{source}/{kind}")
        if kind == Modality.TEXT
        else Sample(kind, person, path=Path(source) / kind, source_id=source)
        for person in range(drawn.people)
        for source in (f"{person}/{group}" for group in range(drawn.groups))
        for kind in Modality
    )
    return Dataset("drawn by the training", "train", samples, tuple(map(str, range(drawn.people))))


def evidence(config: MllmreidConfig, dataset: Dataset) -> Dataset:
    """What is learnt from: pictures to tell apart, and captions. A picture of no group is a group by itself."""
    chosen = dataset.of(*config.modalities, "text")
    samples = (
        sample if sample.source_id else replace(sample, source_id=sample.item_id) for sample in chosen.samples
    )
    return replace(chosen, samples=tuple(samples))


def with_backbone(config: MllmreidConfig, folder: Path, *, quiet: bool = False) -> MllmreidConfig:
    """The same configuration with a backbone that is there: `tiny` is made in `folder`/backbone, if it is not yet."""
    if config.alignment is None:
        return config
    place = folder / "backbone"
    if not (place / "model").exists():
        align(config.alignment, place, quiet=quiet)
    return config.model_copy(update={"backbone": str(place / "model"), "alignment": None})


def align(config: AlignmentConfig, folder: Path, *, quiet: bool = False) -> Path:
    """Make a small LLaVA whose language model looks at pictures, continuing where an earlier run stopped.

    Returns:
        The model folder, `folder`/model.
    """
    model = tiny_llava(seed=config.loop.seed)
    data = draw_people(
        config.drawn, folder / "people", "pretrain", people=config.drawn.people, quiet=quiet
    ).of("rgb", "text")
    settings = config.model_dump(mode="json")
    if process_number() == 0:
        write_record(folder / RECORD, settings, seed=config.loop.seed)
    batches = GroupBatches(
        data,
        model.preprocessing,
        people=config.people,
        groups=1,
        augmentation=Augmentation(flip=0.0, padding=0, erase=0.0),
        seed=config.loop.seed,
        steps=config.loop.steps * config.loop.accumulation,
    )
    train(
        AlignmentTask(model, contrast=config.contrast),
        batches,
        config.loop,
        folder,
        description="alignment",
        settings=settings,
        quiet=quiet,
    )
    if process_number() == 0:
        save_model(model, folder / "model")
    told_by_first(0)
    return folder / "model"


def tiny_llava(*, seed: int) -> Mllmreid:
    """tiny-edge's vision tower before tiny-cloud's language model; `seed` draws the projector between them."""
    student, _ = load_model(model_folder(_VISION))
    teacher, _ = load_model(model_folder(_LANGUAGE))
    assert isinstance(student, Student)
    assert isinstance(teacher, Teacher)
    return join(
        student.vision,
        as_llama(teacher.backbone.language_model),
        teacher.conversation.tokenizer,
        student.preprocessing,
        image_token_id=teacher.conversation.image_token_id,
        seed=seed,
    )


def make_task(config: MllmreidConfig, dataset: Dataset) -> MllmreidTask:
    """The task of a configuration whose backbone is there.

    Raises:
        ConfigurationError: the backbone is none, or the data have no captions to learn.
    """
    if config.mllmreid.shares[0] and not any(sample.modality == Modality.TEXT for sample in dataset.samples):
        raise ConfigurationError(
            f"{dataset.name} without captions, which L_LM learns",
            expected="pictures with captions",
            remedy="set mllmreid.lambda_value=0, which leaves L_LM out",
        )
    model = treat(load_backbone(config.backbone), **config.input.model_dump())
    model.feature = config.feature
    if config.checkpointing:
        model.checkpoint_activations()
    sources = [sample.source_id for sample in dataset.samples]
    depth = len(model.llava.model.language_model.layers)
    return MllmreidTask(
        model,
        HierarchicalLora(dense=depth, towers=("language",), **config.lora.model_dump()),
        torch.from_numpy(np.unique(sources, return_inverse=True)[1]),
        people=len(dataset.people),
        modalities=[Modality(name) for name in config.modalities],
        weights=config.mllmreid,
        reid_weights=config.weights,
        vision_rate=config.vision_rate,
        seed=config.loop.seed,
    )


def load_backbone(backbone: str) -> Mllmreid:
    """A LLaVA by folder or hub name; or, of two that are joined by +, a CLIP before a LLaMA."""
    if backbone.count("+") == 1:
        vision, language = map(model_folder, backbone.split("+"))
        student, _ = load_model(vision)
        if not isinstance(student, Student):
            raise ConfigurationError(f"the vision tower of {vision}", expected="a CLIP")
        return load_joined(student.vision, student.preprocessing, language)
    model, _ = load_model(model_folder(backbone))
    if not isinstance(model, Mllmreid):
        raise ConfigurationError(
            f"the backbone {backbone!r}, which is a {type(model).__name__}", expected="a LLaVA"
        )
    return model


def validation_tasks(config: MllmreidConfig) -> tuple[tuple[str, ...], str]:
    """What a validation searches for, and by which protocol: photographs by whatever identity was learnt of."""
    letters = {"rgb": "R", "ir": "IR", "sketch": "S", "text": "T"}
    latent = config.feature == "latent"
    others = [letters[name] for name in config.modalities if name != "rgb" and (latent or name != "text")]
    if not others:
        return ("R->R",), "market"
    return tuple(f"{letter}->R" for letter in others), "source-excluded"
