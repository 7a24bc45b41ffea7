"""Measure the edge model's inference beside the straightforward pipeline of transformers, and the loading of pictures.

- *straightforward*: CLIP's image processor and captions padded to 77 tokens with an attention mask, then transformers'
  own features of pictures and captions.
- *ours*: `ModelEncoder.encode`.

Weights and inputs are the same, both take turns within a round, and they must agree. The case "loading" compares how
photographs become a batch: *all pixels*, decoded in full and then resized, with *ours*, where the decoder leaves out
what the small size does not need; beside it stands what a training step takes. Run `python benchmarks/student.py`: it
measures what `benchmarks/results/student.json` does not hold yet.
"""

import io
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from harness.cases import measure_cases, read_arguments
from harness.measuring import compare
from PIL import Image
from torch.nn import functional
from transformers import CLIPConfig, CLIPModel, PreTrainedTokenizerFast
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.data.augmentation import Augmentation
from crossreid.data.dataset import Dataset
from crossreid.data.preprocessing import Preprocessing
from crossreid.models.encoder import ModelEncoder
from crossreid.models.full_size import vit_large_config
from crossreid.models.presets import PAPER, tiny_edge_config, tiny_preprocessing
from crossreid.models.student import Student
from crossreid.models.tokenizer import special_token_ids, train_tokenizer
from crossreid.synthesis.pedestrians.world import World
from crossreid.training.config import TaskWeights
from crossreid.training.group_batches import GroupBatches
from crossreid.training.tasks.student import StudentTask

RESULTS = Path(__file__).parent / "results" / "student.json"
PADDED = 77
CAPTIONS = 300
"""That the tokenizer is trained on."""
PICTURES = (Modality.RGB, Modality.IR, Modality.SKETCH)
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


@dataclass(frozen=True, slots=True)
class Size:
    """A random model of one size, and how much it is given.

    Args:
        pictures: input size.
        config: of the CLIP, from the ids of special tokens.
        dtype: of the weights.
        items: a run.
        rounds: that count.
        agreement: least cosine between the two ways, row by row.
        photographs: height and width of the files that are loaded, in pixels.
    """

    pictures: Preprocessing
    config: Callable[[dict[str, int]], CLIPConfig]
    dtype: torch.dtype
    items: int
    rounds: int
    agreement: float
    photographs: tuple[int, int] = (1000, 500)


SIZES = {
    "tiny": Size(tiny_preprocessing(), tiny_edge_config, torch.float32, items=32, rounds=7, agreement=0.9999),
    "ViT-L/14": Size(
        PAPER.student,
        vit_large_config,
        torch.bfloat16,
        items=64 if DEVICE == "cuda" else 8,
        rounds=15 if DEVICE == "cuda" else 5,
        agreement=0.98,
    ),
}


def build(size: Size) -> tuple[Any, Student]:
    """CLIP as transformers has it, and a student that shares its weights."""
    tokenizer = captions_tokenizer()
    torch.manual_seed(0)
    config = size.config(special_token_ids(tokenizer))
    clip: Any = CLIPModel(config).eval()
    clip.to(DEVICE, size.dtype)
    student = Student(clip, tokenizer, size.pictures, dim=int(config.projection_dim or 0))
    return clip, student.to(DEVICE, size.dtype).eval()


@cache
def captions_tokenizer() -> PreTrainedTokenizerFast:
    world = World(0)
    words = [world.group("train", person, 0).caption for person in range(CAPTIONS)]
    return train_tokenizer(words, vocabulary=2048)


def samples_of(size: Size, kind: str) -> list[Sample]:
    if kind == "captions":
        world = World(0)
        return [
            Sample(Modality.TEXT, caption=world.group("test", person, 0).caption)
            for person in range(size.items)
        ]
    rng, shape = np.random.default_rng(0), (size.pictures.height, size.pictures.width, 3)
    return [
        Sample(PICTURES[number % 3], image=rng.integers(0, 256, shape, np.uint8), item_id=str(number))
        for number in range(size.items)
    ]


def straightforward(clip: Any, student: Student, samples: Sequence[Sample]) -> torch.Tensor:
    """Unit features [n, dim], as they come from transformers' classes put together by the book."""
    size = student.preprocessing
    with torch.inference_mode():
        if samples[0].modality == Modality.TEXT:
            ids = student.tokenize([sample.caption or "" for sample in samples])
            end = clip.config.text_config.eos_token_id
            ids = functional.pad(ids, (0, PADDED - ids.shape[1]), value=end)
            lengths = (ids == end).int().argmax(dim=1) + 1
            mask = (torch.arange(PADDED) < lengths[:, None]).long()
            output = clip.get_text_features(input_ids=ids.to(DEVICE), attention_mask=mask.to(DEVICE))
        else:
            processor = CLIPImageProcessorPil(
                size={"height": size.height, "width": size.width}, do_center_crop=False
            )
            images: Any = [sample.image for sample in samples]
            seen = processor(images, return_tensors="pt")["pixel_values"]
            seen = seen.to(DEVICE, next(clip.parameters()).dtype)
            output = clip.get_image_features(pixel_values=seen, interpolate_pos_encoding=True)
    return functional.normalize(output.pooler_output.float(), dim=1).cpu()


def measure(size: Size, kind: str) -> Mapping[str, Any]:
    clip, student = build(size)
    samples, encoder = samples_of(size, kind), ModelEncoder(student, precision="fp32")

    def ours() -> np.ndarray:
        return encoder.encode(samples, batch_size=len(samples)).vectors

    def usual() -> torch.Tensor:
        return straightforward(clip, student, samples)

    cosines = (usual() * torch.from_numpy(ours())).sum(dim=1)
    if float(cosines.min()) < size.agreement:
        raise SystemExit(f"the two ways do not agree: cosines from {float(cosines.min())}")
    numbers = compare(
        {"straightforward": usual, "ours": ours},
        ours="ours",
        items=len(samples),
        rounds=size.rounds,
        dtype=size.dtype,
    )
    return numbers | {
        "least_cosine": float(cosines.min()), "precision": str(size.dtype).removeprefix("torch."),
    }  # fmt: skip


def load(size: Size) -> Mapping[str, Any]:
    """Photographs on disk -> a batch, beside the training step that waits for it."""
    _, student = build(size)
    student.float()
    with tempfile.TemporaryDirectory() as folder:
        people = photographs(Path(folder), size)
        batches = GroupBatches(
            people,
            size.pictures,
            people=size.items // 4,
            groups=1,
            augmentation=Augmentation(),
            seed=0,
            steps=1,
        )
        files = [sample.path for sample in people.samples if sample.path is not None]
        task = StudentTask(student, people=len(people.people), weights=TaskWeights()).train()
        optimiser, batch = torch.optim.AdamW(task.parameter_groups(1e-5)), batches[0].to(torch.device(DEVICE))

        def all_pixels() -> object:
            images = [size.pictures.resize(np.asarray(Image.open(file).convert("RGB"))) for file in files]
            return size.pictures.normalise(
                [Augmentation()(image, np.random.default_rng(0)) for image in images]
            )

        def step() -> None:
            task(batch, progress=1.0)["total"].backward()
            optimiser.step()
            optimiser.zero_grad()

        ways = {"all pixels": all_pixels, "ours": lambda: batches[0], "training step": step}
        numbers = compare(ways, ours="ours", items=len(files), rounds=size.rounds, dtype=torch.float32)
    height, width = size.photographs
    return numbers | {"files": f"JPEG, {height} x {width} px", "precision": "float32"}


def photographs(folder: Path, size: Size) -> Dataset:
    """A group of three pictures and a caption of each of some people, the pictures as large JPEG files."""
    world, samples, (height, width) = World(0), [], size.photographs
    for person in range(size.items // 4):
        group = world.group("train", person, 0)
        drawn = group.rgb(height=280, width=140)
        buffer = io.BytesIO()
        Image.fromarray(drawn).resize((width, height), Image.Resampling.BICUBIC).save(buffer, "JPEG")
        for kind in PICTURES:
            path = folder / f"{person}-{kind}.jpg"
            path.write_bytes(buffer.getvalue())
            samples.append(Sample(kind, person_id=person, path=path, source_id=str(person)))
        samples.append(Sample(Modality.TEXT, person_id=person, caption=group.caption, source_id=str(person)))
    return Dataset("photographs", "train", tuple(samples), tuple(map(str, range(size.items // 4))))


def main(
    sizes: Mapping[str, Size] = SIZES, *, results: Path = RESULTS, again: bool = False
) -> Mapping[str, Any]:
    if DEVICE == "cpu":
        torch.set_num_threads(1)
    cases: dict[str, Callable[[], Mapping[str, Any]]] = {}
    for name, size in sizes.items():
        for kind in ("pictures", "captions"):
            cases[f"{name}, {kind}, {DEVICE}"] = lambda size=size, kind=kind: measure(size, kind)
        cases[f"{name}, loading, {DEVICE}"] = lambda size=size: load(size)
    what = "inference of the edge model from decoded pictures or captions to features, and loading of batches"
    return measure_cases(results, what, cases, again=again)


if __name__ == "__main__":
    asked = read_arguments(__doc__)
    main({name: size for name, size in SIZES.items() if not asked.small or name == "tiny"}, again=asked.again)
