"""What a LLaVA says while it learns, for people to read."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from crossreid.core.modality import VISUAL, Modality
from crossreid.core.sample import Sample
from crossreid.data.dataset import Dataset
from crossreid.data.images import decode_image
from crossreid.models.mllmreid import Mllmreid
from crossreid.models.mllmreid_prompts import COMMON, split_caption


class Continuations:
    """Writes what the model says about some pictures, and after the beginnings of their captions.

    Args:
        file: JSON lines, one a picture and step.
        model: is asked as it is.
        described: pictures with their captions, at least one.
        prefix: share of a caption's words that are its beginning.
        new_tokens: at most so many are said.
    """

    def __init__(
        self,
        file: Path,
        model: Mllmreid,
        described: Sequence[tuple[Sample, str]],
        *,
        prefix: float,
        new_tokens: int = 64,
    ) -> None:
        self._file, self._model, self._prefix, self._new_tokens = file, model, prefix, new_tokens
        self._described = described

    def write(self, step: int) -> float:
        """Add the lines of a step; those of this and later steps, of a run that was stopped, are replaced.

        Returns:
            Percent of the expected words that were said about the pictures.
        """
        model = self._model
        pixels = model.preprocessing.normalise([self._picture(sample) for sample, _ in self._described])
        said = model.continue_pictures(torch.from_numpy(pixels).to(model.device), new_tokens=self._new_tokens)
        common = model.instruction == COMMON.words
        lines, recalls = self._earlier(step), []
        for (sample, caption), words in zip(self._described, said, strict=True):
            beginning, rest = split_caption(caption, self._prefix) if common else ("", caption)
            line = {
                "step": step,
                "item": sample.item_id,
                "instruction": model.instruction,
                "beginning": beginning,
                "expected": rest,
                "from_picture": words,
            }
            if common:
                line["from_words"] = model.continue_words(beginning, new_tokens=self._new_tokens)
            lines.append(json.dumps(line, ensure_ascii=False))
            recalls.append(_recall(words, rest))
        self._file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return 100 * float(np.mean(recalls))

    def _earlier(self, step: int) -> list[str]:
        if not self._file.exists():
            return []
        lines = self._file.read_text(encoding="utf-8").splitlines()
        return [line for line in lines if json.loads(line)["step"] < step]

    def _picture(self, sample: Sample) -> np.ndarray:
        image = sample.image if sample.image is not None else decode_image(sample.path or "")
        return self._model.preprocessing.resize(image)


def described_pictures(dataset: Dataset, count: int) -> list[tuple[Sample, str]]:
    """The first pictures that have a caption, with it, one of each person; at most `count`."""
    chosen: dict[int, tuple[Sample, str]] = {}
    for group in dataset.groups().values():
        picture = next((sample for sample in group if sample.modality in VISUAL), None)
        caption = next((sample.caption for sample in group if sample.modality == Modality.TEXT), None)
        if len(chosen) < count and picture and caption:
            chosen.setdefault(picture.person_id, (picture, caption))
    return list(chosen.values())


def _recall(said: str, expected: str) -> float:
    """Share of the different words of `expected` that are among those said."""
    wanted = set(_words(expected))
    return len(wanted & set(_words(said))) / max(1, len(wanted))


def _words(text: str) -> Sequence[str]:
    return "".join(letter if letter.isalnum() else " " for letter in text.lower()).split()
