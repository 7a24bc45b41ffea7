"""Parameters for the optimiser, and which of them weight decay acts on."""

from typing import Any

from torch import nn


def single_group(module: nn.Module, learning_rate: float) -> list[dict[str, Any]]:
    """Trained parameters in one group."""
    return [{"params": _trained(module), "lr": learning_rate}]


def decayed_groups(module: nn.Module, learning_rate: float) -> list[dict[str, Any]]:
    """Trained parameters in two groups: matrices with weight decay; biases, norms and scales without."""
    trained = _trained(module)
    matrices = [parameter for parameter in trained if parameter.ndim > 1]
    rest = [parameter for parameter in trained if parameter.ndim <= 1]
    return [
        {"params": matrices, "lr": learning_rate},
        {"params": rest, "lr": learning_rate, "weight_decay": 0.0},
    ]


def _trained(module: nn.Module) -> list[nn.Parameter]:
    return [parameter for parameter in module.parameters() if parameter.requires_grad]
