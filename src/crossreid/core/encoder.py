"""Everything that can look at a person."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable

import numpy as np

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import DataError
from crossreid.core.modality import Modality
from crossreid.core.sample import UNKNOWN, Sample

if TYPE_CHECKING:
    from PIL.Image import Image

Item: TypeAlias = "Sample | Path | str | np.ndarray | Image | tuple[Sample, ...]"


@runtime_checkable
class Encoder(Protocol):
    """A model, an edge pack or a remote service that turns evidence into vectors of one space."""

    @property
    def fingerprint(self) -> str:
        """Names the exact function computed: equal fingerprints give comparable vectors."""
        ...

    @property
    def dim(self) -> int:
        """Width of the vectors."""
        ...

    @property
    def modalities(self) -> frozenset[Modality]:
        """The kinds of evidence that it takes."""
        ...

    def encode(
        self,
        items: Sequence[Item],
        *,
        modality: Modality | str | None = None,
        batch_size: int = 64,
        progress: bool = False,
    ) -> Embeddings:
        """Embed samples, image paths, pictures or captions.

        Args:
            items: samples (which know their modality), or paths, PIL images and arrays (`rgb` unless
                `modality` says otherwise), or captions (`modality="text"`). An encoder that reads several pieces of
                evidence as one query takes tuples of samples too; such a row has the keys of its first piece.
            modality: kind of evidence of bare items; refused when it contradicts a sample's own.
            batch_size: items a step.
            progress: draw a progress bar on standard error.

        Returns:
            One unit-length row an item, in order.
        """
        ...


def as_samples(items: Sequence[Item], *, modality: Modality | str | None = None) -> list[Sample]:
    """Wrap bare paths, pictures and captions as samples; check that samples agree with `modality`.

    Raises:
        DataError: an item is of no known type, or is a sample of another modality.
    """
    if isinstance(items, str | Path):
        raise DataError(
            f"a single item {items!r}", expected="a sequence of items", remedy="wrap it in a list"
        )
    wanted = None if modality is None else Modality(modality)
    return [_as_sample(item, wanted) for item in items]


def check_modalities(samples: Sequence[Sample], taken: frozenset[Modality]) -> None:
    """Make sure that an encoder takes all kinds of evidence among the samples.

    Raises:
        DataError: it does not.
    """
    unknown = {sample.modality for sample in samples} - taken
    if unknown:
        raise DataError(
            f"{', '.join(sorted(unknown))} for an encoder of pictures",
            expected=", ".join(sorted(taken)),
            remedy="leave them out, or take an encoder of words",
        )


def as_queries(items: Sequence[Item], *, modality: Modality | str | None = None) -> list[tuple[Sample, ...]]:
    """As `as_samples`, where an item may be a tuple: pieces of evidence that are asked with together.

    Raises:
        DataError: a tuple is empty, or its pieces are known to be of several people.
    """
    queries = [
        tuple(as_samples(item if isinstance(item, tuple) else [item], modality=modality)) for item in items
    ]
    for number, pieces in enumerate(queries):
        people = {piece.person_id for piece in pieces} - {UNKNOWN}
        if not pieces or len(people) > 1:
            raise DataError(
                f"query {number} with {len(pieces)} pieces of {len(people)} people",
                expected="one or more pieces of one person",
            )
    return queries


def _as_sample(item: Item, modality: Modality | None) -> Sample:
    if isinstance(item, Sample):
        if modality is not None and item.modality != modality:
            raise DataError(
                f"a {item.modality} sample among {modality} items", expected=f"{modality} samples"
            )
        return item
    if modality == Modality.TEXT:
        if not isinstance(item, str):
            raise DataError(f"a {type(item).__name__} as text", expected="a caption (str)")
        return Sample(Modality.TEXT, caption=item)
    visual = modality or Modality.RGB
    if isinstance(item, str | Path):
        return Sample(visual, path=Path(item))
    if isinstance(item, np.ndarray):
        return Sample(visual, image=item)
    if not isinstance(item, tuple) and hasattr(item, "convert"):
        return Sample(visual, image=np.asarray(item.convert("RGB"), dtype=np.uint8))
    raise DataError(
        f"an item of type {type(item).__name__}",
        expected="a Sample, path, picture or caption",
        remedy="several pieces as one query need a Qwen2-VL; fuse() joins vectors"
        if isinstance(item, tuple)
        else "",
    )
