"""Measure the cloud model's inference beside the straightforward pipeline of transformers.

- *straightforward*: image processor, chats padded to 165 tokens with an attention mask, the vision tower as
  transformers runs it, all logits over the vocabulary, and of the hidden states the one of the last valid token.
- *ours*: `ModelEncoder.encode`.

Weights and inputs are the same: decoded pictures of the input size, or captions. Both take turns within a round, and
must agree. Run `python benchmarks/teacher.py`: it measures what `benchmarks/results/teacher.json` does not hold yet.
The case of 2 B parameters needs 16 GiB of memory; `--small` leaves it out.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from harness.cases import measure_cases, read_arguments
from harness.measuring import compare
from transformers import PreTrainedTokenizerFast, Qwen2VLConfig, Qwen2VLForConditionalGeneration
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.data.preprocessing import Preprocessing
from crossreid.models.encoder import ModelEncoder
from crossreid.models.full_size import qwen_2b_config
from crossreid.models.presets import PAPER, tiny_cloud_config, tiny_preprocessing
from crossreid.models.prompts import PAPER_PROMPTS, TINY_PROMPTS, Prompts
from crossreid.models.teacher import Teacher
from crossreid.models.tokenizer import special_token_ids, train_tokenizer
from crossreid.synthesis.pedestrians.world import World

RESULTS = Path(__file__).parent / "results" / "teacher.json"
PADDED = 165
CAPTIONS = 300
"""That tokenizers are trained on."""
PICTURES = (Modality.RGB, Modality.IR, Modality.SKETCH)
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


@dataclass(frozen=True, slots=True)
class Size:
    """A random model of one size, and how much it is given.

    Args:
        prompts: around the evidence.
        pictures: input size.
        config: of the backbone, from the ids of special tokens.
        dtype: of the weights.
        items: a run.
        rounds: that count.
        agreement: least cosine between the two ways, row by row.
    """

    prompts: Prompts
    pictures: Preprocessing
    config: Callable[[dict[str, int]], Qwen2VLConfig]
    dtype: torch.dtype
    items: int
    rounds: int
    agreement: float


SIZES = {
    "tiny": Size(
        TINY_PROMPTS,
        tiny_preprocessing(),
        tiny_cloud_config,
        torch.float32,
        items=32,
        rounds=7,
        agreement=0.9999,
    ),
    "tiny, prompts of the paper": Size(
        PAPER_PROMPTS,
        tiny_preprocessing(),
        tiny_cloud_config,
        torch.float32,
        items=32,
        rounds=7,
        agreement=0.9999,
    ),
    "2B": Size(
        PAPER_PROMPTS,
        PAPER.teacher,
        qwen_2b_config,
        torch.bfloat16,
        items=64 if DEVICE == "cuda" else 4,
        rounds=15 if DEVICE == "cuda" else 5,
        agreement=0.98,
    ),
}


def build(size: Size) -> tuple[Any, Teacher]:
    """The captioner of transformers, and a teacher that shares its weights."""
    tokenizer = tokenizer_for(size.prompts)
    torch.manual_seed(0)
    torch.set_default_dtype(size.dtype)
    try:
        config = size.config(special_token_ids(tokenizer))
        captioner: Any = Qwen2VLForConditionalGeneration(config).eval()
        captioner.to(DEVICE)
    finally:
        torch.set_default_dtype(torch.float32)
    return captioner, Teacher(captioner.model, tokenizer, size.prompts, size.pictures, text_budget=160).eval()


@cache
def tokenizer_for(prompts: Prompts) -> PreTrainedTokenizerFast:
    """Most words are tokens, as for Qwen's own."""
    world = World(0)
    words = [world.group("train", person, 0).caption for person in range(CAPTIONS)]
    templates = [prompts.opening(pictures=True), prompts.text, prompts.ask_about_image(Modality.RGB)]
    return train_tokenizer([*words, *templates * 40], vocabulary=2048)


def samples_of(size: Size, kind: str) -> list[Sample]:
    rng = np.random.default_rng(0)
    if kind == "captions":
        world = World(0)
        return [
            Sample(Modality.TEXT, caption=world.group("test", person, 0).caption)
            for person in range(size.items)
        ]
    shape = (size.pictures.height, size.pictures.width, 3)
    return [
        Sample(PICTURES[number % 3], image=rng.integers(0, 256, shape, np.uint8), item_id=str(number))
        for number in range(size.items)
    ]


def straightforward(captioner: Any, teacher: Teacher, samples: Sequence[Sample]) -> torch.Tensor:
    """Features [n, dim], as they come from transformers' classes put together by the book."""
    chats, size = teacher.conversation, teacher.preprocessing
    tokenizer, prompts = chats.tokenizer, chats.prompts
    extra: dict[str, Any] = {}
    if samples[0].modality == Modality.TEXT:
        texts = chats.for_captions([sample.caption or "" for sample in samples])
    else:
        area = size.height * size.width
        processor = Qwen2VLImageProcessorPil(size={"shortest_edge": area, "longest_edge": area})
        images: Any = [sample.image for sample in samples]
        seen = processor(images, return_tensors="pt")
        head = prompts.head(images=1, tokens_per_image=chats.tokens_per_image)
        texts = tokenizer([head + prompts.ask_about_image(s.modality) + prompts.tail for s in samples])[
            "input_ids"
        ]
        dtype = next(captioner.parameters()).dtype
        extra["pixel_values"] = seen["pixel_values"].to(DEVICE, dtype)
        extra["image_grid_thw"] = seen["image_grid_thw"].to(DEVICE)
    encoded = tokenizer.pad(
        {"input_ids": texts}, padding="max_length", max_length=PADDED, return_tensors="pt"
    )
    encoded = encoded.to(DEVICE)
    ids, mask = encoded["input_ids"], encoded["attention_mask"]
    captioner.model.rope_deltas = None
    with torch.inference_mode():
        output = captioner(
            input_ids=ids,
            attention_mask=mask,
            mm_token_type_ids=(ids == chats.image_token_id).int(),
            output_hidden_states=True,
            use_cache=False,
            **extra,
        )
        hidden = output.hidden_states[-1]
        return hidden[torch.arange(len(ids), device=DEVICE), mask.sum(dim=1) - 1].float().cpu()


def measure(size: Size, kind: str) -> Mapping[str, Any]:
    captioner, teacher = build(size)
    samples, encoder = samples_of(size, kind), ModelEncoder(teacher, precision="fp32")

    def ours() -> np.ndarray:
        return encoder.encode(samples, batch_size=len(samples)).vectors

    def usual() -> torch.Tensor:
        return straightforward(captioner, teacher, samples)

    cosines = (torch.nn.functional.normalize(usual(), dim=1) * torch.from_numpy(ours())).sum(dim=1)
    if float(cosines.min()) < size.agreement:
        raise SystemExit(f"the two ways do not agree: cosines from {float(cosines.min())}")
    numbers = compare(
        {"straightforward": usual, "ours": ours},
        ours="ours",
        items=len(samples),
        rounds=size.rounds,
        dtype=size.dtype,
    )
    tokens = [len(chat) for chat in _chats(teacher, samples)]
    return numbers | {
        "least_cosine": float(cosines.min()),
        "precision": str(size.dtype).removeprefix("torch."),
        "tokens": {"mean": float(np.mean(tokens)), "longest": max(tokens), "padded": PADDED},
    }


def _chats(teacher: Teacher, samples: Sequence[Sample]) -> list[list[int]]:
    if samples[0].modality == Modality.TEXT:
        return teacher.conversation.for_captions([sample.caption or "" for sample in samples])
    return teacher.conversation.for_images([sample.modality for sample in samples])


def main(
    sizes: Mapping[str, Size] = SIZES, *, results: Path = RESULTS, again: bool = False
) -> Mapping[str, Any]:
    if DEVICE == "cpu":
        torch.set_num_threads(1)
    cases = {
        f"{name}, {kind}, {DEVICE}": lambda size=size, kind=kind: measure(size, kind)
        for name, size in sizes.items()
        for kind in ("pictures", "captions")
    }
    what = "inference of the cloud model, from decoded pictures or captions to features"
    return measure_cases(results, what, cases, again=again)


if __name__ == "__main__":
    asked = read_arguments(__doc__)
    main({name: size for name, size in SIZES.items() if not asked.small or name != "2B"}, again=asked.again)
