"""Contrast of several views of the same people."""

import math
from collections.abc import Sequence
from itertools import combinations

import torch
from torch import Tensor
from torch.nn import functional

from crossreid.losses.contrastive import clip_loss

FIRST_SCALE, LARGEST_SCALE = math.log(1 / 0.07), math.log(100)
"""Natural logarithms of CLIP's inverse temperature at the start and at most."""


def contrast_views(views: Sequence[Tensor], log_scale: Tensor, *, photographs: float = 1.0) -> Tensor:
    """Weighted mean of InfoNCE over all pairs of views; row i of every view [n, dim] is of the same person.

    The first view are the photographs, which everything is searched among: their pairs weigh `photographs`, others 1.

    Taken twice, of the features as they are and of features standardised over the batch: at the start all features
    point the same way, and plain cosines give no direction to learn in.
    """
    scale = log_scale.clamp(max=LARGEST_SCALE).exp()
    standardised = [functional.batch_norm(view, None, None, training=True) for view in views]
    pairs = list(combinations(range(len(views)), 2))
    losses = [
        torch.stack([clip_loss(kind[first], kind[second], logit_scale=scale) for first, second in pairs])
        for kind in (views, standardised)
    ]
    weights = torch.tensor([1.0 if first else photographs for first, _ in pairs], device=log_scale.device)
    return (torch.stack(losses).mean(dim=0) * weights).sum() / weights.sum()


@torch.no_grad()
def matched(queries: Tensor, gallery: Tensor) -> Tensor:
    """Share of rows whose own partner is the nearest of the batch."""
    cosines = functional.normalize(queries, dim=-1) @ functional.normalize(gallery, dim=-1).T
    return (cosines.argmax(dim=1) == torch.arange(len(cosines), device=cosines.device)).float().mean()
