"""Batches of a data set on disk."""

import numpy as np
import torch

from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.data.augmentation import Augmentation
from crossreid.data.dataset import Dataset
from crossreid.data.images import decode_image
from crossreid.data.preprocessing import Preprocessing
from crossreid.data.sampling import IdentitySampler
from crossreid.training.batches import Batch
from crossreid.training.loop import BatchSequence


class GroupBatches(BatchSequence):
    """Batches of identities x groups x modalities.

    Args:
        dataset: the training split.
        preprocessing: of the model.
        people: identities a batch.
        groups: groups an identity.
        augmentation: of pictures.
        seed: of order and augmentation.
        steps: number of batches.
        items: of each modality of a group at most; None for all.
    """

    def __init__(
        self,
        dataset: Dataset,
        preprocessing: Preprocessing,
        *,
        people: int,
        groups: int,
        augmentation: Augmentation,
        seed: int,
        steps: int,
        items: int | None = None,
    ) -> None:
        self.dataset, self.preprocessing, self.augmentation = dataset, preprocessing, augmentation
        self.seed, self.steps = seed, steps
        self.sampler = IdentitySampler(dataset, people=people, groups=groups, seed=seed, items=items)
        self._labels = {person: label for label, person in enumerate(dataset.people)}

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, step: int) -> Batch:
        rows = self.sampler.rows(step)
        samples = self.dataset.samples
        rows.sort(key=lambda row: samples[row].modality == Modality.TEXT)
        rng = np.random.default_rng([self.seed, 0xA46, step])
        visual = [samples[row] for row in rows if samples[row].modality != Modality.TEXT]
        images = [self.augmentation(self._picture(sample), rng) for sample in visual]
        return Batch(
            pixel_values=torch.from_numpy(self.preprocessing.normalise(images)),
            captions=tuple(samples[row].caption or "" for row in rows[len(visual) :]),
            modalities=tuple(samples[row].modality for row in rows),
            person_ids=torch.tensor([self._labels[samples[row].person_id] for row in rows]),
            rows=torch.tensor(rows),
        )

    def _picture(self, sample: Sample) -> np.ndarray:
        size = (self.preprocessing.height, self.preprocessing.width)
        image = sample.image if sample.path is None else decode_image(sample.path, size_hint=size)
        return self.preprocessing.resize(image)  # type: ignore[arg-type]
