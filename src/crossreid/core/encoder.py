"""Everything that can look at a person."""

from typing import Protocol, runtime_checkable

from crossreid.core.embeddings import Embeddings
from crossreid.core.items import Items
from crossreid.core.modality import Modality


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
        items: Items,
        *,
        modality: Modality | str | None = None,
        batch_size: int = 64,
        progress: bool = False,
    ) -> Embeddings:
        """Embed samples, image paths, pictures or captions: one of them, or several, also of different kinds.

        Args:
            items: samples (which know their modality), paths, PIL images, uint8 arrays [height, width, 3], or
                strings. A string that names an existing picture file is that picture, any other is a caption. An
                encoder that reads several pieces of evidence as one query takes a list of tuples of samples too; such
                a row has the keys of its first piece.
            modality: kind of evidence of bare items, `rgb` for pictures when left out: with "text" all strings are
                captions, with another they are paths. Refused when it contradicts a sample's own.
            batch_size: items a step.
            progress: draw a progress bar on standard error.

        Returns:
            One unit-length row an item, in order.

        Raises:
            DataError: an item cannot be read, may be a caption or a path, or is of a kind that the encoder lacks.
        """
        ...


def describe_encoder(encoder: Encoder, source: str) -> str:
    """Return the line that an encoder is printed as."""
    kinds = ", ".join(kind.value for kind in Modality if kind in encoder.modalities)
    kind = type(encoder).__name__
    return f"{kind}({source!r}, {kinds}, {encoder.dim} dimensions, {encoder.fingerprint!r})"
