"""Contrast of pictures and captions: how a CLIP is pretrained."""

from typing import Any

from torch import Tensor, nn
from transformers import CLIPModel

from crossreid.models.student import Student
from crossreid.training.batches import CaptionedBatch
from crossreid.training.tasks.contrast import contrast_views, matched
from crossreid.training.tasks.parameter_groups import decayed_groups


class ContrastiveTask(nn.Module):
    """InfoNCE between all kinds of evidence through CLIP's own projections and learned temperature.

    Args:
        clip: is trained.
        student: wraps the same CLIP; its tokenizer is used.
    """

    def __init__(self, clip: CLIPModel, student: Student) -> None:
        super().__init__()
        self.clip = clip
        self._tokenize = student.tokenize

    def parameter_groups(self, learning_rate: float) -> list[dict[str, Any]]:
        """Weight decay on matrices only."""
        return decayed_groups(self, learning_rate)

    def forward(self, batch: CaptionedBatch, *, progress: float) -> dict[str, Tensor]:
        """`total`, and `accuracy`: share of photographs whose own caption is the nearest of the batch."""
        clip = self.clip
        ids = self._tokenize(batch.captions).to(batch.pixel_values.device)
        words = clip.text_projection(clip.text_model(ids).pooler_output)
        seen = clip.vision_model(batch.pixel_values, interpolate_pos_encoding=True).pooler_output
        views = [*clip.visual_projection(seen).float().split(len(words)), words.float()]
        return {"total": contrast_views(views, clip.logit_scale), "accuracy": matched(views[0], views[-1])}
