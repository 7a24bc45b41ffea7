"""What a task reads in a step."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from crossreid.core.modality import Modality

PICTURES = (Modality.RGB, Modality.IR, Modality.SKETCH)
"""The kinds of pictures, in the order of a pretraining batch."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Pictures first, then captions; every column over all items runs in that order.

    Args:
        pixel_values: float32 [n pictures, 3, height, width].
        captions: of the text items.
        modalities: of all items.
        person_ids: int64 [n], index of the identity among the train identities.
        rows: int64 [n], position of each item in its data set, which finds its stored teacher feature.
        together: queries of several pieces of evidence of one encounter: the places of their items.
    """

    pixel_values: Tensor
    captions: tuple[str, ...]
    modalities: tuple[Modality, ...]
    person_ids: Tensor
    rows: Tensor
    together: tuple[tuple[int, ...], ...] = ()

    @property
    def visual_modalities(self) -> Sequence[Modality]:
        """Modalities of the pictures."""
        return self.modalities[: len(self.pixel_values)]

    def to(self, device: torch.device) -> "Batch":
        """The same with its tensors on a device."""
        return replace(
            self,
            pixel_values=self.pixel_values.to(device, non_blocking=True),
            person_ids=self.person_ids.to(device),
            rows=self.rows.to(device),
        )


@dataclass(frozen=True, slots=True)
class CaptionedBatch:
    """People in several kinds of evidence, for pretraining.

    Args:
        pixel_values: float32 [3 n, 3, height, width]: the photographs of n people, then their infrared pictures, then
            their sketches, each kind in the order of the people.
        captions: of the n people.
        attributes: int64 [n, attributes], which choice each attribute of the procedural world is.
        shown: for each of the first people, as many as are talked about, the kind of picture that is meant.
        answers: what is to be said of it.
    """

    pixel_values: Tensor
    captions: tuple[str, ...]
    attributes: Tensor
    shown: tuple[Modality, ...]
    answers: tuple[str, ...]

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """Of all pictures."""
        return tuple(modality for modality in PICTURES for _ in self.captions)

    def to(self, device: torch.device) -> "CaptionedBatch":
        """The same with its tensors on a device."""
        return replace(
            self,
            pixel_values=self.pixel_values.to(device, non_blocking=True),
            attributes=self.attributes.to(device),
        )
