"""Batches of captioned pictures: photographs first, then drawings."""

from dataclasses import dataclass

import cv2
import numpy as np
import torch

from crossreid.core.modality import Modality
from crossreid.data.augmentation import Augmentation
from crossreid.data.preprocessing import Preprocessing
from crossreid.training.batches import PICTURES, CaptionedBatch
from crossreid.training.corpus import Corpus
from crossreid.training.loop import BatchSequence

_CROP = Augmentation(flip=0.0, padding=3, erase=0.0)
_OTHER_KIND = 0.25
"""Share of the pictures whose question names a random kind, so that features do not hang on that word."""


@dataclass(frozen=True, slots=True)
class Development:
    """How a photograph of the corpus may turn out.

    Args:
        black_and_white: share of photographs without colour.
        light: largest change of gain and contrast, as a share.
        tint: largest change of a colour channel, as a share.
    """

    black_and_white: float = 0.1
    light: float = 0.1
    tint: float = 0.04

    def __call__(self, image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """uint8 [height, width, 3] -> the same shape."""
        gain, contrast = 1.0 + rng.uniform(-self.light, self.light, size=2)
        channels = gain * (1.0 + rng.uniform(-self.tint, self.tint, size=3))
        if rng.random() < self.black_and_white:
            image = np.repeat(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
            channels = np.full(3, gain)
        pixels = (image.astype(np.float32) - 110.0) * contrast + 110.0
        return np.clip(pixels * channels.astype(np.float32), 0, 255).astype(np.uint8)


_DEVELOPMENT = Development()


class CorpusBatches(BatchSequence):
    """Every photograph once an epoch with one of its captions, and some random drawings with theirs.

    Args:
        corpus: pictures and captions.
        preprocessing: of the model.
        photographs: a batch.
        drawings: a batch.
        answered: of the pictures, whose caption is to be the answer to a question about them.
        steps: number of batches.
        seed: of order, choice and augmentation.

    Raises:
        ValueError: the corpus has fewer pictures than a batch.
    """

    def __init__(
        self,
        corpus: Corpus,
        preprocessing: Preprocessing,
        *,
        photographs: int,
        drawings: int,
        answered: int,
        steps: int,
        seed: int,
    ) -> None:
        if photographs > len(corpus.photographs) or drawings > len(corpus.drawings):
            raise ValueError(
                f"a batch of {photographs} photographs and {drawings} drawings out of "
                f"{len(corpus.photographs)} and {len(corpus.drawings)}"
            )
        self.corpus, self.preprocessing = corpus, preprocessing
        self.photographs, self.drawings, self.answered = photographs, drawings, answered
        self.steps, self.seed = steps, seed
        self._steps_per_epoch = len(corpus.photographs) // photographs

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, step: int) -> CaptionedBatch:
        corpus = self.corpus
        epoch, place = divmod(step, self._steps_per_epoch)
        order = np.random.default_rng([self.seed, 0x0E90C, epoch]).permutation(len(corpus.photographs))
        people = order[place * self.photographs : (place + 1) * self.photographs].tolist()
        rng = np.random.default_rng([self.seed, 0xBA7C4, step])
        things = rng.choice(len(corpus.drawings), size=self.drawings, replace=False).tolist()
        pictures = [_CROP(_DEVELOPMENT(corpus.photographs[person], rng), rng) for person in people]
        pictures += [_CROP(corpus.drawings[thing], rng) for thing in things]
        captions = [self._caption(person, rng) for person in people] + [corpus.titles[one] for one in things]
        rows = sorted(rng.choice(len(captions), size=self.answered, replace=False).tolist())
        return CaptionedBatch(
            pixel_values=torch.from_numpy(self.preprocessing.normalise(pictures)),
            captions=tuple(captions),
            modalities=tuple(self._kind(row, rng) for row in range(len(captions))),
            attributes=torch.from_numpy(corpus.attributes[people]),
            answered=tuple(rows),
            answers=tuple(
                self._caption(people[row], rng) if row < len(people) else captions[row] for row in rows
            ),
        )

    def _caption(self, person: int, rng: np.random.Generator) -> str:
        """The shorter of two: captions of the web are short."""
        captions = self.corpus.captions[person]
        return min((captions[place] for place in rng.integers(len(captions), size=2)), key=len)

    def _kind(self, row: int, rng: np.random.Generator) -> Modality:
        if rng.random() < _OTHER_KIND:
            return PICTURES[int(rng.integers(len(PICTURES)))]
        return Modality.RGB if row < self.photographs else Modality.SKETCH
