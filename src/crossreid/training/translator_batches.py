"""Pairs of a photograph and the picture of another modality that belongs to it, pixel by pixel."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from crossreid.core.errors import DataError
from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.data.dataset import Dataset
from crossreid.data.images import decode_image, resize_image
from crossreid.synthesis.translators import to_pixels
from crossreid.training.loop import BatchSequence

_FLIP = 0.5


@dataclass(frozen=True, slots=True)
class PairBatch:
    """Pictures from -1 to 1.

    Args:
        photographs: float32 [n, 3, height, width].
        targets: float32 [n, 1, height, width].
    """

    photographs: Tensor
    targets: Tensor

    def to(self, device: torch.device) -> "PairBatch":
        """The same on a device."""
        return PairBatch(self.photographs.to(device), self.targets.to(device))


class PairBatches(BatchSequence):
    """Every pair once an epoch, mirrored or not.

    Args:
        dataset: whose groups hold photographs and pictures of the modality.
        modality: of the targets.
        height: of all pictures, in pixels.
        width: likewise.
        size: pairs a batch; all where there are fewer.
        seed: of order and mirroring.
        steps: number of batches.

    Raises:
        DataError: there is no pair.
    """

    def __init__(
        self,
        dataset: Dataset,
        modality: Modality,
        *,
        height: int,
        width: int,
        size: int,
        seed: int,
        steps: int,
    ) -> None:
        self.pairs = find_pairs(dataset, modality)
        self.height, self.width, self.seed, self.steps = height, width, seed, steps
        self.size = min(size, len(self.pairs))

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, step: int) -> PairBatch:
        epoch, place = divmod(step, len(self.pairs) // self.size)
        order = np.random.default_rng([self.seed, 0x9A1C, epoch]).permutation(len(self.pairs))
        mirrored = np.random.default_rng([self.seed, 0x3172, step]).random(self.size) < _FLIP
        chosen = order[place * self.size : (place + 1) * self.size]
        return self.batch(chosen.tolist(), mirrored.tolist())

    def batch(self, rows: list[int], mirrored: list[bool]) -> PairBatch:
        """Chosen pairs, some of them mirrored."""
        photographs, targets = [], []
        for row, turned in zip(rows, mirrored, strict=True):
            way = slice(None, None, -1 if turned else 1)
            photograph, target = (self._open(sample)[:, way] for sample in self.pairs[row])
            photographs.append(photograph)
            targets.append(target.mean(axis=2, keepdims=True).round().astype(np.uint8))
        return PairBatch(to_pixels(np.stack(photographs)), to_pixels(np.stack(targets)))

    def _open(self, sample: Sample) -> np.ndarray:
        hint = (self.height, self.width)
        image = sample.image if sample.path is None else decode_image(sample.path, size_hint=hint)
        assert image is not None, "a sample that is no caption has an image or a path"
        return resize_image(image, self.height, self.width)


def find_pairs(dataset: Dataset, modality: Modality) -> list[tuple[Sample, Sample]]:
    """Every photograph with every picture of the modality in its group.

    Raises:
        DataError: there is no pair.
    """
    pairs = [
        (photograph, target)
        for group in dataset.groups().values()
        for photograph in group
        if photograph.modality == Modality.RGB
        for target in group
        if target.modality == modality
    ]
    if not pairs:
        raise DataError(
            f"{dataset.name} without pairs of a photograph and a {modality} picture",
            expected="groups that hold both, of the same view",
        )
    return pairs
