"""Frozen weights of linear layers in the precision in which autocast multiplies by them."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from crossreid.training.config import LoopConfig


class FrozenWeights:
    """Holds the frozen weights and biases of linear layers in bf16 until they are restored.

    Autocast rounds them to bf16 in every product, so a step computes the same numbers to the bit, without keeping a
    rounded copy of each weight for each product of the backward pass. Embeddings, norms and convolutions stay as they
    are, and so do weights that others share.

    Args:
        task: whose frozen weights are rounded, in place.
    """

    def __init__(self, task: nn.Module) -> None:
        self._held = dict(_frozen_of_linear_layers(task))
        self._rounded_off: dict[str, Tensor] = {}
        for name, parameter in self._held.items():
            whole, half = parameter.data, parameter.data.bfloat16()
            if not whole.is_meta and not torch.equal(half.to(whole.dtype), whole):
                self._rounded_off[name] = whole.cpu()  # of what was published in bf16, nothing is
            parameter.data = half

    def restore(self) -> None:
        """Give the weights in fp32 back, as they were."""
        for name, parameter in self._held.items():
            parameter.data = self._rounded_off.get(name, parameter.data).to(parameter.device, torch.float32)
        self._held, self._rounded_off = {}, {}


def are_held_in_half(loop: LoopConfig, *, precision: str, device: str, processes: int) -> bool:
    """Whether a training holds its frozen weights in bf16: on a GPU in bf16, where all processes have all weights.

    FSDP wants one type for all weights of a block.
    """
    return device == "cuda" and precision == "bf16" and not (loop.sharded and processes > 1)


def _frozen_of_linear_layers(task: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    owners: dict[int, list[nn.Module]] = {}
    for module in task.modules():
        for parameter in module.parameters(recurse=False):
            owners.setdefault(id(parameter), []).append(module)
    for name, parameter in task.named_parameters():
        linear = all(isinstance(owner, nn.Linear) for owner in owners[id(parameter)])
        if linear and not parameter.requires_grad and parameter.dtype == torch.float32:
            yield name, parameter
