"""The weights of a task's losses, fixed or balanced anew in every step."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from crossreid.losses.balancer import balanced_weights
from crossreid.training.config import BalancerConfig
from crossreid.training.gathering import mean_over_processes


class LossBalancer(nn.Module):
    """Remembers the losses of the step before. In the first step, and when nothing is trained, all weights are 1.

    Args:
        count: number of losses.
        config: see `balanced_weights`.
    """

    previous: Tensor
    steps: Tensor

    def __init__(self, count: int, config: BalancerConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("previous", torch.ones(count))
        self.register_buffer("steps", torch.zeros((), dtype=torch.long))

    @torch.no_grad()
    def forward(self, losses: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The weight of each loss, by the same names; always the same losses in the same order."""
        current = mean_over_processes(torch.stack(list(losses.values())).float())
        weights = torch.ones_like(current)
        if self.training:
            balanced = balanced_weights(current, self.previous, **self.config.model_dump())
            weights = torch.where(self.steps > 0, balanced, weights)
            self.previous.copy_(current)
            self.steps += 1
        return dict(zip(losses, weights, strict=True))
