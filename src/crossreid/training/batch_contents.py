"""What a batch holds before it is drawn."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

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
        groups: that they are of.
        kinds: of evidence, pictures first.
        per_epoch: batches until every person came up once; None without data.
    """

    pictures: int
    captions: int
    groups: int
    kinds: tuple[Modality, ...]
    per_epoch: int | None

    @property
    def items(self) -> int:
        """Pictures and captions."""
        return self.pictures + self.captions

    def of_process(self, people: int, processes: int) -> "BatchContents":
        """What the process with the most people has of a batch of `people`."""
        own = -(-people // processes)
        parts = (-(-count * own // people) for count in (self.pictures, self.captions, self.groups))
        return replace(self, **dict(zip(("pictures", "captions", "groups"), parts, strict=True)))


def contents_of_groups(batch: BatchConfig, modalities: frozenset[Modality]) -> BatchContents:
    """Without data: groups of one item of every kind."""
    groups, words = batch.people * batch.groups, Modality.TEXT in modalities
    pictures = groups * (len(modalities) - words)
    return BatchContents(pictures, groups * words, groups, _in_order(modalities), None)


def _in_order(kinds: Iterable[Modality]) -> tuple[Modality, ...]:
    return tuple(sorted(kinds, key=list(Modality).index))


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
        groups=batch.people * batch.groups,
        kinds=_in_order([*drawn, *([Modality.TEXT] if captions else [])]),
        per_epoch=sampler.batches_per_epoch,
    )
