"""Samples that belong together."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from crossreid.core.errors import DataError
from crossreid.core.frames import data_frame
from crossreid.core.html import html_table
from crossreid.core.modality import Modality
from crossreid.core.sample import UNKNOWN, Sample
from crossreid.core.wording import several
from crossreid.data.inline import inline_picture

if TYPE_CHECKING:
    from pandas import DataFrame

_SHOWN = 12
"""Samples that a notebook shows."""


@dataclass(frozen=True, repr=False)
class Dataset:
    """The samples of one split of one data set.

    A sequence of samples: `len`, indexing, slicing (which gives a data set) and iteration. A `DataLoader` of torch
    takes it with `collate_fn=list`, and `encode` takes the batches.

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

    def __repr__(self) -> str:
        counts = Counter(sample.modality.value for sample in self.samples)
        kinds = (
            ", ".join(f"{counts[kind]} {kind.value}" for kind in Modality if kind in counts) or "no samples"
        )
        people = several(len(self.people), "person", "people")
        return f"Dataset({' '.join(filter(None, (self.name, self.split)))!r}, {people}, {kinds})"

    def _repr_html_(self) -> str:
        header = ("sample", "", "modality", "person", "camera")
        notes = [repr(self)] + ([f"The first {_SHOWN} are shown."] if len(self) > _SHOWN else [])
        return html_table(header, map(self._html_row, self.samples[:_SHOWN]), notes=notes)

    def _html_row(self, sample: Sample) -> tuple[str, ...]:
        picture = sample.path if sample.image is None else sample.image
        return (
            sample.item_id,
            sample.caption or "" if picture is None else inline_picture(picture),
            sample.modality.value,
            self._label(sample) or "-",
            "-" if sample.camera_id == UNKNOWN else str(sample.camera_id),
        )

    def _label(self, sample: Sample) -> str:
        return "" if sample.person_id == UNKNOWN else self.labels[sample.person_id]

    @overload
    def __getitem__(self, index: int | np.integer) -> Sample: ...

    @overload
    def __getitem__(self, index: slice) -> "Dataset": ...

    def __getitem__(self, index: int | np.integer | slice) -> "Sample | Dataset":
        if isinstance(index, slice):
            return self._only(list(range(len(self))[index]))
        return self.samples[index]

    def __iter__(self) -> Iterator[Sample]:
        return iter(self.samples)

    def to_pandas(self) -> "DataFrame":
        """Return a table with one row a sample; what is unknown is "" or -1, and so is the other kind of content.

        Raises:
            MissingDependencyError: pandas is not installed.
        """
        columns: dict[str, Sequence[Any]] = {
            "item_id": [sample.item_id for sample in self],
            "modality": [sample.modality.value for sample in self],
            "person": list(map(self._label, self)),
            "person_id": [sample.person_id for sample in self],
            "camera_id": [sample.camera_id for sample in self],
            "source_id": [sample.source_id for sample in self],
            "path": [str(sample.path or "") for sample in self],
            "caption": [sample.caption or "" for sample in self],
        }
        if self.times:
            columns["time"] = self.times
        if self.splits:
            columns["split"] = self.splits
        return data_frame(columns, attributes={"name": self.name, "split": self.split})

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
