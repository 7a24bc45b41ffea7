"""AdamW, alone or with Muon for the matrices inside the blocks."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from crossreid.core.errors import ConfigurationError
from crossreid.training.config import LoopConfig
from crossreid.training.muon import Muon

_INSIDE_BLOCKS = frozenset({"blocks", "layers"})
"""Names of the lists of blocks in transformers' classes."""


def make_optimiser(task: nn.Module, config: LoopConfig) -> torch.optim.Optimizer:
    """The optimiser of a training; groups and their peak learning rates come from the task.

    Raises:
        ConfigurationError: Muon is asked for where no matrix inside a block is trained.
    """
    groups: list[dict[str, Any]] = task.parameter_groups(config.learning_rate)  # type: ignore[operator]
    if config.muon_learning_rate is None:
        return _adamw(groups, config)
    named = {id(parameter): name for name, parameter in task.named_parameters()}
    inner = {
        id(parameter)
        for group in groups
        for parameter in group["params"]
        if parameter.ndim == 2 and _INSIDE_BLOCKS.intersection(named[id(parameter)].split("."))
    }
    matrices = [parameter for group in groups for parameter in group["params"] if id(parameter) in inner]
    if not matrices:
        raise ConfigurationError(
            "`muon_learning_rate`, and no matrix inside a block that is trained",
            remedy="leave it out: AdamW then takes all parameters",
        )
    others = [
        group | {"params": [parameter for parameter in group["params"] if id(parameter) not in inner]}
        for group in groups
    ]
    muon = Muon(matrices, lr=config.muon_learning_rate, momentum=0.95, weight_decay=config.weight_decay)
    return AdamWWithMuon(_adamw([group for group in others if group["params"]], config), muon)


def _adamw(groups: list[dict[str, Any]], config: LoopConfig) -> torch.optim.AdamW:
    return torch.optim.AdamW(
        groups, lr=config.learning_rate, weight_decay=config.weight_decay, betas=(0.9, 0.98), fused=True
    )


class AdamWWithMuon(torch.optim.Optimizer):
    """Two optimisers that step as one: matrices by orthogonalised momentum, the rest by AdamW.

    Source: Muon (Jordan et al., 2024), which leaves embeddings, heads, gains and biases to AdamW.

    Args:
        adamw: of all other parameters; its groups come first.
        muon: of the matrices.
    """

    def __init__(self, adamw: torch.optim.AdamW, muon: Muon) -> None:
        self._parts = (adamw, muon)
        super().__init__([*adamw.param_groups, *muon.param_groups], {})
        # The groups of both themselves, so that a schedule that sets a learning rate here sets it there.
        self.param_groups = [*adamw.param_groups, *muon.param_groups]

    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """One step of both; closures are not supported."""
        if closure is not None:
            raise NotImplementedError("a closure would be evaluated twice")
        for part in self._parts:
            part.step()

    def state_dict(self) -> dict[str, Any]:
        """Of both, in order."""
        return {"parts": [part.state_dict() for part in self._parts]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Read what `state_dict` gave."""
        for part, state in zip(self._parts, state_dict["parts"], strict=True):
            part.load_state_dict(state)
        self.param_groups = [group for part in self._parts for group in part.param_groups]
