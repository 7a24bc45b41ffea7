"""Pooled pictures of mixed modalities through the head of each."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from crossreid.core.modality import Modality


def project_pictures(
    heads: nn.ModuleDict, pooled: Float[Tensor, "n pooled"], modalities: Sequence[Modality], *, dim: int
) -> Float[Tensor, "n dim"]:
    """One unit vector a picture, each through the head of its modality.

    Args:
        heads: by the name of the modality, pooled -> dim.
        pooled: what the heads read.
        modalities: of the n pictures.
        dim: width of the vectors.
    """
    features = pooled.new_zeros(len(pooled), dim)
    for modality in dict.fromkeys(modalities):
        rows = torch.tensor(
            [row for row, other in enumerate(modalities) if other == modality], device=pooled.device
        )
        seen = heads[modality.value](pooled[rows])
        features = features.index_copy(0, rows, seen.to(features.dtype))
    return functional.normalize(features, dim=-1)
