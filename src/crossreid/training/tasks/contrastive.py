"""Contrast of pictures and captions: how a CLIP is pretrained."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn
from transformers import CLIPModel

from crossreid.models.student import Student
from crossreid.training.batches import CaptionedBatch
from crossreid.training.tasks.attributes import AttributeRecognition
from crossreid.training.tasks.contrast import contrast, matched
from crossreid.training.tasks.parameter_groups import decayed_groups


class ContrastiveTask(nn.Module):
    """InfoNCE between pictures and captions through CLIP's own projections and learned temperature.

    Args:
        clip: is trained.
        student: wraps the same CLIP; its tokenizer is used.
        attributes: weight of attribute recognition.
        tagging_share: of the training, at its start, in which the vision tower alone learns, from attributes.
        attribute_sizes: number of values of each attribute.
    """

    def __init__(
        self,
        clip: CLIPModel,
        student: Student,
        *,
        attributes: float,
        tagging_share: float,
        attribute_sizes: Sequence[int],
    ) -> None:
        super().__init__()
        self.clip, self.attributes, self.tagging_share = clip, attributes, tagging_share
        self.recognise = AttributeRecognition(student.dim, attribute_sizes)
        self._tokenize = student.tokenize

    def parameter_groups(self, learning_rate: float) -> list[dict[str, Any]]:
        """Weight decay on matrices only."""
        return decayed_groups(self, learning_rate)

    def forward(self, batch: CaptionedBatch, *, progress: float) -> dict[str, Tensor]:
        """`contrast` and `attributes` in nats, `accuracy` of captions to pictures, and `total`.

        While the tower learns alone, `attributes` of the pictures and `total`.
        """
        clip, people = self.clip, len(batch.attributes)
        if progress < self.tagging_share:
            attributes = self.recognise([self._see(batch.pixel_values[:people])], batch.attributes)
            return {"attributes": attributes, "total": self.attributes * attributes}
        ids = self._tokenize(batch.captions).to(batch.pixel_values.device)
        words = clip.text_projection(clip.text_model(ids).pooler_output).float()
        pictures = self._see(batch.pixel_values)
        contrasts = contrast(pictures, words, clip.logit_scale)
        attributes = self.recognise([pictures[:people], words[:people]], batch.attributes)
        return {
            "contrast": contrasts,
            "attributes": attributes,
            "accuracy": matched(words, pictures),
            "total": contrasts + self.attributes * attributes,
        }

    def _see(self, pixel_values: Tensor) -> Tensor:
        seen = self.clip.vision_model(pixel_values, interpolate_pos_encoding=True).pooler_output
        return self.clip.visual_projection(seen).float()
