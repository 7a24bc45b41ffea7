"""Batches of a data set on disk."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from crossreid.core.errors import ConfigurationError
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
        joint: share of the groups of a batch that are asked with as one query too, by some of their pieces.
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
        joint: float = 0.0,
    ) -> None:
        self.dataset, self.preprocessing, self.augmentation = dataset, preprocessing, augmentation
        self.seed, self.steps, self.joint = seed, steps, joint
        self.sampler = IdentitySampler(dataset, people=people, groups=groups, seed=seed, items=items)
        self._labels = {person: label for label, person in enumerate(dataset.people)}

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, step: int) -> Batch:
        return self.part(step, number=0, of=1)

    def part(self, step: int, *, number: int, of: int) -> Batch:
        """Whole people: every `of`-th of the batch. All parts together are the batch of one process.

        Raises:
            ConfigurationError: a batch has fewer people than there are processes.
        """
        if self.sampler.people < of:
            raise ConfigurationError(
                f"batches of {self.sampler.people} people for {of} processes",
                expected="at least one person a process",
                remedy="raise batch.people",
            )
        rows, samples = self.sampler.rows(step), self.dataset.samples
        order = sorted(range(len(rows)), key=lambda place: samples[rows[place]].modality == Modality.TEXT)
        people = list(dict.fromkeys(samples[row].person_id for row in rows))
        own = {person for place, person in enumerate(people) if place % of == number}
        kept = [place for place in order if samples[rows[place]].person_id in own]
        chosen = [samples[rows[place]] for place in kept]
        images = self._pictures([samples[rows[place]] for place in order], own, step)
        moved = {place: new for new, place in enumerate(kept)}
        return Batch(
            pixel_values=torch.from_numpy(self.preprocessing.normalise(images)),
            captions=tuple(sample.caption or "" for sample in chosen[len(images) :]),
            modalities=tuple(sample.modality for sample in chosen),
            person_ids=torch.tensor([self._labels[sample.person_id] for sample in chosen]),
            rows=torch.tensor([rows[place] for place in kept]),
            together=tuple(
                tuple(moved[place] for place in sorted(pieces, key=lambda place: self._shown(rows[place])))
                for pieces in self._joint_queries(rows, step)
                if pieces[0] in moved
            ),
        )

    def _pictures(self, samples: Sequence[Sample], own: set[int], step: int) -> list[np.ndarray]:
        """Of the people in `own`, as they come out when all pictures of the batch are changed in turn."""
        rng = np.random.default_rng([self.seed, 0xA46, step])
        blank = np.zeros((self.preprocessing.height, self.preprocessing.width, 3), dtype=np.uint8)
        images = []
        for sample in samples:
            if sample.modality == Modality.TEXT:
                continue
            if sample.person_id in own:
                images.append(self.augmentation(self._picture(sample), rng))
            else:
                self.augmentation(blank, rng)
        return images

    def _picture(self, sample: Sample) -> np.ndarray:
        size = (self.preprocessing.height, self.preprocessing.width)
        image = sample.image if sample.path is None else decode_image(sample.path, size_hint=size)
        return self.preprocessing.resize(image)  # type: ignore[arg-type]

    def _joint_queries(self, rows: list[int], step: int) -> Iterator[tuple[int, ...]]:
        """Places in `rows` of the pieces of each: any two or more of a group, all such subsets equally often."""
        if not self.joint:
            return
        rng = np.random.default_rng([self.seed, 0x101A7, step])
        for group in self._groups(rows):
            if len(group) < 2 or rng.random() >= self.joint:
                continue
            while (kept := rng.random(len(group)) < 0.5).sum() < 2:
                pass
            yield tuple(place for place, stays in zip(group, kept, strict=True) if stays)

    def _shown(self, row: int) -> int:
        """Pieces of a query are shown by kind, as when an encoder is asked: words last."""
        return list(Modality).index(self.dataset.samples[row].modality)

    def _groups(self, rows: list[int]) -> list[list[int]]:
        """Places in `rows`, group by group; a group that comes twice in a row begins again with its first row."""
        groups: list[list[int]] = []
        for place, row in enumerate(rows):
            before = rows[place - 1] if place else None
            same = before is not None and before < row and self._group_of(before) == self._group_of(row)
            if same:
                groups[-1].append(place)
            else:
                groups.append([place])
        return groups

    def _group_of(self, row: int) -> tuple[int, str]:
        sample = self.dataset.samples[row]
        return sample.person_id, sample.source_id
