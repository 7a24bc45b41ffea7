"""What sits on the embedding in training only."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class IdentityHead(nn.Module):
    """BNNeck and a bias-free classifier over the train identities.

    Source: Luo et al., Bag of Tricks (arXiv 1903.07071), section 3.5; MLLMEmbed-ReID, eq. 2.
    """

    def __init__(self, dim: int, people: int, *, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.neck = nn.BatchNorm1d(dim)
        self.neck.bias.requires_grad_(False)
        self.classifier = nn.Linear(dim, people, bias=False)
        with torch.no_grad():
            self.classifier.weight.normal_(std=0.001, generator=generator)

    def forward(self, features: Float[Tensor, "n dim"]) -> Float[Tensor, "n people"]:
        """Logits over identities."""
        return self.classifier(self.neck(features))
