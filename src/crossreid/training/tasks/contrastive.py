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
        attribute_sizes: number of values of each attribute.
    """

    def __init__(
        self,
        clip: CLIPModel,
        student: Student,
        *,
        attributes: float,
        attribute_sizes: Sequence[int],
    ) -> None:
        super().__init__()
        self.clip, self.attributes = clip, attributes
        self.recognise = AttributeRecognition(student.dim, attribute_sizes)
        self._tokenize = student.tokenize

    def parameter_groups(self, learning_rate: float) -> list[dict[str, Any]]:
        """Weight decay on matrices only."""
        return decayed_groups(self, learning_rate)

    def forward(self, batch: CaptionedBatch, *, progress: float) -> dict[str, Tensor]:
        """`contrast` and `attributes` in nats, `accuracy` of captions to pictures, and `total`."""
        clip = self.clip
        ids = self._tokenize(batch.captions).to(batch.pixel_values.device)
        words = clip.text_projection(clip.text_model(ids).pooler_output).float()
        seen = clip.vision_model(batch.pixel_values, interpolate_pos_encoding=True).pooler_output
        pictures = clip.visual_projection(seen).float()
        people = len(batch.attributes)
        contrasts = contrast(pictures, words, clip.logit_scale)
        attributes = self.recognise([pictures[:people], words[:people]], batch.attributes)
        return {
            "contrast": contrasts,
            "attributes": attributes,
            "accuracy": matched(words, pictures),
            "total": contrasts + self.attributes * attributes,
        }
