"""Contrast of pictures and captions: how a CLIP is pretrained."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn
from transformers import CLIPModel

from crossreid.models.student import Student
from crossreid.training.batches import CaptionedBatch
from crossreid.training.tasks.attributes import AttributeRecognition
from crossreid.training.tasks.contrast import contrast_views, matched
from crossreid.training.tasks.parameter_groups import decayed_groups


class ContrastiveTask(nn.Module):
    """InfoNCE between all kinds of evidence through CLIP's own projections and learned temperature.

    Args:
        clip: is trained.
        student: wraps the same CLIP; its tokenizer is used.
        attributes: weight of attribute recognition.
        photographs: see `contrast_views`.
        attribute_sizes: number of values of each attribute.
    """

    def __init__(
        self,
        clip: CLIPModel,
        student: Student,
        *,
        attributes: float,
        photographs: float,
        attribute_sizes: Sequence[int],
    ) -> None:
        super().__init__()
        self.clip, self.attributes, self.photographs = clip, attributes, photographs
        self.recognise = AttributeRecognition(student.dim, attribute_sizes)
        self._tokenize = student.tokenize

    def parameter_groups(self, learning_rate: float) -> list[dict[str, Any]]:
        """Weight decay on matrices only."""
        return decayed_groups(self, learning_rate)

    def forward(self, batch: CaptionedBatch, *, progress: float) -> dict[str, Tensor]:
        """`contrast` and `attributes` in nats, `accuracy` of words to photographs, and `total`."""
        clip = self.clip
        ids = self._tokenize(batch.captions).to(batch.pixel_values.device)
        words = clip.text_projection(clip.text_model(ids).pooler_output)
        seen = clip.vision_model(batch.pixel_values, interpolate_pos_encoding=True).pooler_output
        views = [*clip.visual_projection(seen).float().split(len(words)), words.float()]
        contrast = contrast_views(views, clip.logit_scale, photographs=self.photographs)
        attributes = self.recognise(views, batch.attributes)
        return {
            "contrast": contrast,
            "attributes": attributes,
            "accuracy": matched(views[-1], views[0]),
            "total": contrast + self.attributes * attributes,
        }
