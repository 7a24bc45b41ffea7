"""What a batch holds before it is drawn."""

from collections import Counter
from dataclasses import dataclass

from crossreid.core.modality import Modality
from crossreid.data.dataset import Dataset
from crossreid.data.sampling import IdentitySampler
from crossreid.training.config import BatchConfig


@dataclass(frozen=True, slots=True)
class BatchContents:
    """Sizes of a batch.

    Args:
        pictures: in it; on average, where groups differ.
        captions: likewise.
        modalities: kinds of evidence.
        per_epoch: batches until every person came up once; None without data.
    """

    pictures: int
    captions: int
    modalities: int
    per_epoch: int | None

    @property
    def items(self) -> int:
        """Pictures and captions."""
        return self.pictures + self.captions


def contents_of_groups(batch: BatchConfig, modalities: frozenset[Modality]) -> BatchContents:
    """Without data: groups of one item of every kind."""
    groups, words = batch.people * batch.groups, Modality.TEXT in modalities
    return BatchContents(groups * (len(modalities) - words), groups * words, len(modalities), None)


def contents_of_data(batch: BatchConfig, dataset: Dataset) -> BatchContents:
    """By the groups of a training split.

    Raises:
        DataError: the data set has fewer people than a batch needs.
    """
    sampler = IdentitySampler(dataset, people=batch.people, groups=batch.groups, seed=0, items=batch.items)
    kinds = Counter(
        (sample.person_id, sample.source_id, sample.modality)
        for sample in dataset.samples
        if sample.person_id >= 0 and sample.source_id
    )
    groups = len({(person, source) for person, source, _ in kinds})
    drawn: Counter[Modality] = Counter()
    for (*_, kind), count in kinds.items():
        drawn[kind] += count if batch.items is None else min(count, batch.items)
    share = batch.people * batch.groups / groups
    captions = drawn.pop(Modality.TEXT, 0)
    return BatchContents(
        pictures=round(share * drawn.total()),
        captions=round(share * captions),
        modalities=len(drawn) + bool(captions),
        per_epoch=sampler.batches_per_epoch,
    )
