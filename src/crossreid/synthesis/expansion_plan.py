"""What is to be made of which photograph, and where it goes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.data.dataset import Dataset


@dataclass(frozen=True, slots=True)
class Work:
    """A picture of the data set.

    Args:
        row: of its sample.
        item_id: of the picture.
        path: its file; None where `image` holds it.
        image: decoded, where it is in no file of its own.
        copy: where a copy goes, relative to the folder of the expansion; "" for none.
        made: where the picture of each missing modality goes, likewise. Empty for what is no photograph.
    """

    row: int
    item_id: str
    path: Path | None
    image: np.ndarray | None
    copy: str
    made: dict[Modality, str]

    @property
    def outputs(self) -> tuple[str, ...]:
        """All files that it becomes."""
        return (*self.made.values(), *([self.copy] if self.copy else []))


def source_of(sample: Sample) -> str:
    """Key of the group of a photograph; a group of its own where the data set knows of none."""
    return sample.source_id or sample.item_id


def plan_expansion(
    dataset: Dataset, made: Sequence[Modality], *, replace: bool = False, copy: bool = False
) -> tuple[Work, ...]:
    """Work for every picture that stays, in the order of the data set; only photographs become anything new.

    Args:
        dataset: what is expanded.
        made: modalities that every photograph is to have.
        replace: make them also where the photograph's group has them already.
        copy: copy all pictures, too. Pictures without a file are written in any case.
    """
    leaving = set(made) if replace else set()
    there = {
        (sample.source_id, sample.modality)
        for sample in dataset.samples
        if sample.source_id and sample.modality not in leaving
    }
    names = _Names()
    plan = []
    for row, sample in enumerate(dataset.samples):
        if sample.modality == Modality.TEXT or sample.modality in leaving:
            continue
        wanted = made if sample.modality == Modality.RGB else ()
        name = _name(sample)
        plan.append(
            Work(
                row=row,
                item_id=sample.item_id,
                path=sample.path,
                image=sample.image,
                copy=_copy(sample, names, name) if copy or sample.path is None else "",
                made={
                    modality: names.take(f"{modality}/{name.with_suffix('.jpg')}")
                    for modality in wanted
                    if (sample.source_id, modality) not in there
                },
            )
        )
    return tuple(plan)


def _copy(sample: Sample, names: "_Names", name: PurePosixPath) -> str:
    own = name if sample.path is not None else name.with_suffix(".png")
    return names.take(f"{sample.modality}/{own}")


def _name(sample: Sample) -> PurePosixPath:
    """A path without a root and without steps upwards."""
    parts = [part for part in sample.item_id.split("/") if part not in ("", ".", "..")]
    return PurePosixPath(*[part.lstrip(".") or "_" for part in parts] or ["_"])


class _Names:
    """Gives every file a name of its own, the same whenever the same data set is planned."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, wanted: str) -> str:
        path, number = PurePosixPath(wanted), 1
        name = wanted
        while name.casefold() in self._taken:  # some file systems do not tell a from A
            number += 1
            name = str(path.with_stem(f"{path.stem}~{number}"))
        self._taken.add(name.casefold())
        return name
