"""Batches of pretraining people, every kind of evidence of a person from an encounter of its own."""

import numpy as np
import torch

from crossreid.data.augmentation import Augmentation
from crossreid.data.preprocessing import Preprocessing
from crossreid.training.batches import PICTURES, CaptionedBatch
from crossreid.training.loop import BatchSequence
from crossreid.training.picture_store import WITNESSES, PictureStore

_AUGMENTATION = Augmentation(flip=0.0, padding=4, erase=0.15)


class EncounterBatches(BatchSequence):
    """Every person once an epoch: a photograph, an infrared picture, a sketch and words of different encounters.

    Evidence of one encounter shares pose, view and scene, and a model that may learn those does not learn the person.

    Args:
        store: people, pictures and words.
        preprocessing: of the model.
        people: people a batch.
        talked: how many of them come with an answer about one of their pictures.
        steps: number of batches.
        seed: of order, choice and augmentation.

    Raises:
        ValueError: the store holds fewer people than a batch.
    """

    def __init__(
        self,
        store: PictureStore,
        preprocessing: Preprocessing,
        *,
        people: int,
        talked: int,
        steps: int,
        seed: int,
    ) -> None:
        if people > len(store.pixels):
            raise ValueError(f"a batch of {people} people out of {len(store.pixels)}")
        self.store, self.preprocessing = store, preprocessing
        self.people, self.talked, self.steps, self.seed = people, talked, steps, seed
        self._steps_an_epoch = len(store.pixels) // people

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, step: int) -> CaptionedBatch:
        epoch, place = divmod(step, self._steps_an_epoch)
        order = np.random.default_rng([self.seed, 0x0E90C, epoch]).permutation(len(self.store.pixels))
        chosen = order[place * self.people : (place + 1) * self.people]
        rng = np.random.default_rng([self.seed, 0xBA7C4, step])
        met = rng.integers(self.store.pixels.shape[1], size=(len(PICTURES) + 1, self.people))
        pictures = [
            _AUGMENTATION(self.store.pixels[person, encounter, kind], rng)
            for kind in range(len(PICTURES))
            for person, encounter in zip(chosen, met[kind], strict=True)
        ]
        shown = rng.integers(len(PICTURES), size=self.talked)
        return CaptionedBatch(
            pixel_values=torch.from_numpy(self.preprocessing.normalise(pictures)),
            captions=tuple(
                self._words(*whom, rng) for whom in zip(chosen.tolist(), met[-1].tolist(), strict=True)
            ),
            attributes=torch.from_numpy(self.store.attributes[chosen]),
            shown=tuple(PICTURES[kind] for kind in shown),
            answers=tuple(
                self._words(int(chosen[i]), int(met[kind, i]), rng) for i, kind in enumerate(shown)
            ),
        )

    def _words(self, person: int, encounter: int, rng: np.random.Generator) -> str:
        """What one of the witnesses of the encounter says."""
        return self.store.captions[person][encounter][rng.integers(WITNESSES)]
