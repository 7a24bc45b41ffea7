"""Rows of a public data set, and how they become samples."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from crossreid.core.errors import DataError
from crossreid.core.modality import Modality
from crossreid.core.sample import UNKNOWN, Sample
from crossreid.data.dataset import Dataset

Splits = Mapping[str, tuple[str, ...]]
"""What may be asked for -> the splits of the records that it consists of."""

_ONE_SIDE = frozenset({"query", "gallery"})


@dataclass(frozen=True, slots=True)
class Record:
    """One picture or caption, as a data set lists it.

    Args:
        split: that it belongs to.
        modality: of the evidence.
        person: name, unique in the data set; "" for nobody known.
        item: unique name, its path below the root for a picture.
        path: of a picture.
        caption: of a text.
        camera: integer camera.
        source: item of the picture that it was made from; its own for that picture; "" for none.
    """

    split: str
    modality: Modality
    person: str
    item: str
    path: Path | None = None
    caption: str | None = None
    camera: int = UNKNOWN
    source: str = ""


def plain(*names: str) -> Splits:
    """Splits that consist of themselves."""
    return {name: (name,) for name in names}


def find_split(name: str, split: str | None, splits: Splits) -> tuple[str, ...]:
    """The splits of records that `split` means; all when it is None.

    Raises:
        DataError: the data set has no such split.
    """
    if split is None:
        return tuple(dict.fromkeys(part for parts in splits.values() for part in parts))
    if split not in splits:
        raise DataError(f"the split {split!r} of {name}", expected=f"one of {', '.join(splits)}")
    return splits[split]


def to_dataset(name: str, records: Sequence[Record], split: str | None, splits: Splits) -> Dataset:
    """The samples of a split, in the order of the records.

    People are numbered in the order of their names, numbers by value. Queries and gallery share their numbers,
    whichever of the two is asked for; every other split has its own, from 0.

    Raises:
        DataError: the data set has no such split, or the split no records.
    """
    chosen = frozenset(find_split(name, split, splits))
    kept = [record for record in records if record.split in chosen]
    if not kept:
        raise DataError(f"{name} has nothing in its split {split!r}", expected="at least one picture")
    side = chosen | _ONE_SIDE if chosen <= _ONE_SIDE else chosen
    people = {record.person for record in records if record.split in side} - {""}
    labels = tuple(sorted(people, key=lambda person: (len(person), person)))
    person_ids = {label: person_id for person_id, label in enumerate(labels)} | {"": UNKNOWN}
    samples = tuple(
        Sample(
            modality=record.modality,
            person_id=person_ids[record.person],
            path=record.path,
            caption=record.caption,
            camera_id=record.camera,
            source_id=record.source,
            item_id=record.item,
        )
        for record in kept
    )
    return Dataset(
        name=name,
        split=split or "",
        samples=samples,
        labels=labels,
        splits=tuple(record.split for record in kept),
    )
