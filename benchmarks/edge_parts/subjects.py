"""The models that are measured, and their packs."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from transformers import CLIPConfig, CLIPModel, CLIPTextConfig, CLIPVisionConfig

from crossreid.core.errors import CheckpointError
from crossreid.data.dataset import Dataset
from crossreid.data.loading import load_dataset
from crossreid.data.preprocessing import Preprocessing
from crossreid.models.encoder import ModelEncoder
from crossreid.models.loading import load_encoder
from crossreid.models.student import Student
from crossreid.models.tokenizer import train_tokenizer
from crossreid.packing import Original, prepare, write_pack
from crossreid.packing.drawn import drawn_samples
from crossreid.runtime.pack import Pack, is_pack, read_pack
from crossreid.synthesis.pedestrians.dataset import write_world
from crossreid.synthesis.pedestrians.world import World
from edge_parts.plan import CAPTION, KINDS, Plan

_CAPTIONS = 200
"""That the tokenizer of random models learns from."""

_PEOPLE = 100
"""On whom retrieval is compared."""


@dataclass(slots=True)
class Subject:
    """A model in all ways.

    Args:
        original: the model, traced.
        folder: of its packs.
        refused: packs that do not agree with it, and why.
        packs: the others.
    """

    original: Original
    folder: Path
    refused: dict[str, str] = field(default_factory=dict)
    packs: dict[str, Pack] = field(default_factory=dict)


@contextmanager
def subject_of(name: str, plan: Plan, folder: Path) -> Iterator[Subject]:
    """Trace a model and write its packs; those that are there from an earlier run of the same model stay."""
    encoder, dataset = SUBJECTS[name](plan), _evaluation(name, plan, folder / "world")
    with prepare(encoder, dataset=dataset) as original:
        subject = Subject(original, folder)
        for runtime, precision in KINDS:
            kind, pack = f"{runtime} {precision}", folder / f"{runtime}-{precision}"
            try:
                if not is_pack(pack) or read_pack(pack).made_from != original.made_from:
                    calibration = _calibration(name, plan) if precision == "int8" else None
                    write_pack(original, pack, runtime=runtime, precision=precision, calibration=calibration)
                subject.packs[kind] = read_pack(pack)
                print(f"{name}, {kind}: {_worst(subject.packs[kind])}", flush=True)
            except CheckpointError as refusal:
                subject.refused[kind] = str(refusal)
                print(f"{name}, {kind}: refused, {refusal}", flush=True)
        yield subject


def random_clip(
    plan: Plan, *, layers: int, width: int, heads: int, text_layers: int, text_width: int
) -> ModelEncoder:
    """A student of the given sizes with CLIP's patches of 14 pixels, at 280 x 140."""
    captions = [World(plan.seed).group("train", person, 0).caption for person in range(_CAPTIONS)]
    tokenizer = train_tokenizer([CAPTION, *captions], vocabulary=2048)
    end: Any = tokenizer.eos_token_id
    special = {"eos_token_id": end, "bos_token_id": end, "pad_token_id": end}
    text = CLIPTextConfig(
        vocab_size=49408,
        hidden_size=text_width,
        intermediate_size=4 * text_width,
        num_hidden_layers=text_layers,
        num_attention_heads=text_width // 64,
        **special,
    )
    vision = CLIPVisionConfig(
        image_size=224,
        patch_size=14,
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
    )
    config = CLIPConfig(text_config=text.to_dict(), vision_config=vision.to_dict(), projection_dim=text_width)
    with torch.random.fork_rng():
        torch.manual_seed(plan.seed)
        student = Student(CLIPModel(config), tokenizer, Preprocessing(280, 140), dim=1536)
    return ModelEncoder(student.eval(), precision="fp32")


SUBJECTS: Mapping[str, Callable[[Plan], ModelEncoder]] = {
    "vit-l-14": lambda plan: random_clip(
        plan, layers=24, width=1024, heads=16, text_layers=12, text_width=768
    ),
    "tiny-edge": lambda plan: _shipped(),
    "miniature": lambda plan: random_clip(plan, layers=1, width=64, heads=1, text_layers=1, text_width=64),
}


def _shipped() -> ModelEncoder:
    encoder = load_encoder("tiny-edge", device="cpu", precision="fp32")
    assert isinstance(encoder, ModelEncoder)
    return encoder


def _evaluation(name: str, plan: Plan, folder: Path) -> Dataset | None:
    """Unseen people for the model that has learnt something, each met twice."""
    if name != "tiny-edge":
        return None
    write_world(folder, seed=plan.seed, people={"test": _PEOPLE}, groups_per_person=2, progress=False)
    return load_dataset("pedestrians", folder, "test")


def _calibration(name: str, plan: Plan) -> Dataset | None:
    """Few people for large models; for the shipped one what `export` takes by itself."""
    if name == "tiny-edge":
        return None
    samples = drawn_samples("train", people=plan.calibration_people)
    people = tuple(map(str, range(plan.calibration_people)))
    return Dataset("drawn people", "train", tuple(samples), people)


def _worst(pack: Pack) -> dict[str, float]:
    found = pack.parity.modalities.values()
    return {"mean": min(item.mean for item in found), "lowest": min(item.lowest for item in found)}
