"""Samples that belong together."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from crossreid.core.errors import DataError
from crossreid.core.modality import Modality
from crossreid.core.sample import UNKNOWN, Sample


@dataclass(frozen=True)
class Dataset:
    """The samples of one split of one data set.

    Args:
        name: of the data set.
        split: "" when the data set has none, or when all of its splits are here together.
        samples: images and captions, in the order of the files.
        labels: the names of the people; a sample's `person_id` is an index into them.
        times: when each sample was taken, as written at the source, "" where unknown; or () for none at all.
        splits: the split that each sample belongs to; or () where the source knows of none.

    Raises:
        DataError: a `person_id` has no label, or the times or splits are not one a sample.
    """

    name: str
    split: str
    samples: tuple[Sample, ...]
    labels: tuple[str, ...]
    times: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for sample in self.samples:
            if not UNKNOWN <= sample.person_id < len(self.labels):
                raise DataError(
                    f"person_id {sample.person_id} of {sample.item_id}",
                    expected=f"-1 to {len(self.labels) - 1}",
                )
        for name, column in (("times", self.times), ("splits", self.splits)):
            if column and len(column) != len(self.samples):
                raise DataError(
                    f"{len(column)} {name}", expected=f"{len(self.samples)}, one a sample, or none"
                )

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def people(self) -> tuple[int, ...]:
        """The person ids that occur, ascending, without the unknown."""
        return tuple(sorted({sample.person_id for sample in self.samples} - {UNKNOWN}))

    def of(self, *modalities: Modality | str) -> "Dataset":
        """The samples of the given modalities, in order; labels stay as they are."""
        wanted = {Modality(modality) for modality in modalities}
        return self._only([index for index, sample in enumerate(self.samples) if sample.modality in wanted])

    def of_people(self, people: Collection[int]) -> "Dataset":
        """The samples of the given people, in order; person ids and labels stay as they are."""
        wanted = set(people)
        return self._only([index for index, sample in enumerate(self.samples) if sample.person_id in wanted])

    def first_captions(self) -> "Dataset":
        """All but the second and later captions of each group, in order; captions without a group all stay."""
        kept, met = [], set()
        for index, sample in enumerate(self.samples):
            if sample.modality == Modality.TEXT and sample.source_id:
                if sample.source_id in met:
                    continue
                met.add(sample.source_id)
            kept.append(index)
        return self._only(kept)

    def _only(self, kept: list[int]) -> "Dataset":
        times = tuple(self.times[index] for index in kept) if self.times else ()
        splits = tuple(self.splits[index] for index in kept) if self.splits else ()
        samples = tuple(self.samples[index] for index in kept)
        return replace(self, samples=samples, times=times, splits=splits)

    def groups(self) -> dict[str, tuple[Sample, ...]]:
        """The samples made from the same RGB image, by `source_id`; samples without one are left out."""
        members: dict[str, list[Sample]] = {}
        for sample in self.samples:
            if sample.source_id:
                members.setdefault(sample.source_id, []).append(sample)
        return {source_id: tuple(samples) for source_id, samples in members.items()}
