"""Muon in single precision: the one in torch multiplies in bfloat16, which many processors only emulate."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable

import torch
from torch import Tensor

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
_ROUNDS = 5


def orthogonalised(matrices: Tensor) -> Tensor:
    """Replace the singular values of matrices by values near 1: between 0.7 and 1.2 for all but tiny ones.

    Five rounds of a quintic Newton-Schulz iteration. Source: Muon (Jordan et al., 2024,
    https://kellerjordan.github.io/posts/muon/).

    Args:
        matrices: float [n, rows, columns].
    """
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=1e-7)
    a, b, c = _COEFFICIENTS
    for _ in range(_ROUNDS):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.mT if tall else x


class Muon(torch.optim.Optimizer):
    """Steps along the orthogonalised Nesterov momentum of matrices; equal shapes are computed together.

    The update of a matrix is scaled by sqrt(max(1, rows / columns)), and weight decay is decoupled.

    Args:
        matrices: parameters of two dimensions.
        lr: learning rate.
        momentum: of the gradient's moving average.
        weight_decay: share of a weight that is taken off a step, times the learning rate.

    Raises:
        ValueError: a parameter is no matrix.
    """

    def __init__(
        self, matrices: Iterable[Tensor], *, lr: float, momentum: float = 0.95, weight_decay: float = 0.0
    ) -> None:
        super().__init__(matrices, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.ndim != 2:
                    raise ValueError(f"a parameter of shape {tuple(parameter.shape)}, expected a matrix")

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """One step; closures are not supported."""
        if closure is not None:
            raise NotImplementedError("Muon takes no closure")
        for group in self.param_groups:
            alike: dict[torch.Size, list[Tensor]] = defaultdict(list)
            for parameter in group["params"]:
                if parameter.grad is not None:
                    alike[parameter.shape].append(parameter)
            for shape, parameters in alike.items():
                updates = orthogonalised(
                    torch.stack([self._direction(one, group["momentum"]) for one in parameters])
                )
                rate = group["lr"] * math.sqrt(max(1.0, shape[0] / shape[1]))
                for parameter, update in zip(parameters, updates, strict=True):
                    parameter.mul_(1.0 - group["lr"] * group["weight_decay"])
                    parameter.add_(update, alpha=-rate)

    def _direction(self, parameter: Tensor, momentum: float) -> Tensor:
        gradient, state = parameter.grad, self.state[parameter]
        assert gradient is not None
        if not state:
            state["momentum"] = torch.zeros_like(parameter)
        state["momentum"].lerp_(gradient, 1.0 - momentum)
        return gradient.lerp(state["momentum"], momentum)
