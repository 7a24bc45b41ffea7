"""Features of earlier items, as negatives for later ones."""

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize


class FeatureQueue(nn.Module):
    """A ring of unit vectors and the people that they are of; it starts with random directions of nobody.

    All of it are buffers: a training that is continued finds the queue as it was.

    Args:
        size: number of entries.
        dim: their width.
        generator: draws the first entries.

    Source: MoCo (He et al., CVPR 2020), section 3.2.
    """

    features: Tensor
    people: Tensor
    position: Tensor

    def __init__(self, size: int, dim: int, *, generator: torch.Generator) -> None:
        super().__init__()
        self.register_buffer("features", normalize(torch.randn(size, dim, generator=generator), dim=1))
        self.register_buffer("people", torch.full((size,), -1))
        self.register_buffer("position", torch.zeros((), dtype=torch.long))

    @torch.no_grad()
    def push(self, features: Tensor, people: Tensor) -> None:
        """Put rows [n, dim] in the place of the oldest ones; of more rows than there are places, the last stay."""
        size = len(self.features)
        places = (self.position + torch.arange(len(features), device=features.device))[-size:] % size
        self.features[places] = features[-size:].to(self.features.dtype)
        self.people[places] = people[-size:]
        self.position.copy_((self.position + len(features)) % size)
