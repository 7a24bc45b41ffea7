"""Contrast of pictures and captions."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from crossreid.losses.contrastive import clip_loss

FIRST_SCALE, LARGEST_SCALE = math.log(1 / 0.07), math.log(100)
"""Natural logarithms of CLIP's inverse temperature at the start and at most."""


def contrast(pictures: Tensor, captions: Tensor, log_scale: Tensor) -> Tensor:
    """InfoNCE in nats between pictures [n, dim] and their captions [n, dim], row by row.

    The mean of two: of the features as they are and of features standardised over the batch. At the start all features
    point the same way, and plain cosines give no direction to learn in.
    """
    scale = log_scale.clamp(max=LARGEST_SCALE).exp()
    standardised = [functional.batch_norm(view, None, None, training=True) for view in (pictures, captions)]
    plain = clip_loss(pictures, captions, logit_scale=scale)
    return (plain + clip_loss(*standardised, logit_scale=scale)) / 2


@torch.no_grad()
def matched(queries: Tensor, gallery: Tensor) -> Tensor:
    """Share of rows whose own partner is the nearest of the batch."""
    cosines = functional.normalize(queries, dim=-1) @ functional.normalize(gallery, dim=-1).T
    return (cosines.argmax(dim=1) == torch.arange(len(cosines), device=cosines.device)).float().mean()
