"""What a task reads in a step."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from crossreid.core.modality import Modality

PICTURES = (Modality.RGB, Modality.IR, Modality.SKETCH)
"""The kinds of pictures."""


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
    """Captioned pictures, for pretraining.

    Args:
        pixel_values: float32 [n, 3, height, width]: photographs of people, then drawings of things.
        captions: of the n pictures.
        modalities: what the question about each picture calls it.
        attributes: int64 [people, attributes]: which choice each attribute of the photographed people is.
        answered: rows of pictures whose question is answered.
        answers: to them.
    """

    pixel_values: Tensor
    captions: tuple[str, ...]
    modalities: tuple[Modality, ...]
    attributes: Tensor
    answered: tuple[int, ...]
    answers: tuple[str, ...]

    def to(self, device: torch.device) -> "CaptionedBatch":
        """The same with its tensors on a device."""
        return replace(
            self,
            pixel_values=self.pixel_values.to(device, non_blocking=True),
            attributes=self.attributes.to(device),
        )
