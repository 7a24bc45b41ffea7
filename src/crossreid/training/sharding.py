"""Weights, gradients and the optimiser's state divided among processes (FSDP)."""

import copy
from collections.abc import Iterator
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor

Module = TypeVar("Module", bound=nn.Module)


def sharded_copy(task: Module, device: torch.device) -> Module:
    """A copy to train, of which every process holds a part on its device; `task` itself stays whole where it is.

    The blocks of both towers are put together one by one when they are needed, everything else before a step.

    Source: PyTorch FSDP (arXiv 2304.11277).
    """
    divided = copy.deepcopy(task).to(device)
    for unit in _units(divided):
        fully_shard(unit)
    fully_shard(divided)
    return divided


def _units(task: nn.Module) -> Iterator[nn.Module | list[nn.Module]]:
    """What is called as a whole: blocks, or where a block's parts are called one by one, these."""
    for name, module in task.named_modules():
        if not isinstance(module, nn.ModuleList) or name.rpartition(".")[2] not in ("blocks", "layers"):
            continue
        for block in module:
            parts: Any = block
            if hasattr(parts, "attn"):  # of Qwen's vision tower, see `Teacher.see`
                yield [parts.norm1, parts.attn.qkv, parts.attn.proj, parts.norm2, parts.mlp]
            else:
                yield block


@torch.no_grad()
def make_whole(task: nn.Module, divided: nn.Module) -> None:
    """Give `task` the trained parameters and buffers of its sharded copy. All processes have to call."""
    if divided is task:
        return
    trained = {name: value for name, value in divided.named_parameters() if value.requires_grad}
    own = dict(task.named_parameters()) | dict(task.named_buffers())
    for name, value in (trained | dict(divided.named_buffers())).items():
        own[name].copy_(whole(value))


def whole(value: Tensor) -> Tensor:
    """All of a tensor of which this process may hold a part. All processes have to call."""
    return value.full_tensor() if isinstance(value, DTensor) else value


def divided_like(value: Tensor, other: Tensor) -> Tensor:
    """A whole tensor, divided as another one is."""
    if not isinstance(other, DTensor):
        return value
    return distribute_tensor(value.to(other.device), other.device_mesh, other.placements, src_data_rank=None)


def whole_state(optimiser: torch.optim.Optimizer) -> dict[str, Any]:
    """`state_dict` of an optimiser with all of its tensors. All processes have to call."""
    return _mapped(optimiser.state_dict())


def _mapped(state: Any) -> Any:
    if isinstance(state, Tensor):
        return whole(state)
    if isinstance(state, dict):
        return {name: _mapped(value) for name, value in state.items()}
    return [_mapped(value) for value in state] if isinstance(state, list) else state


def load_whole_state(optimiser: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    """Read what `whole_state` gave, by whichever number of processes."""
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    if any(isinstance(parameter, DTensor) for parameter in parameters):
        state = state | {
            "state": {
                number: {
                    name: divided_like(value, parameters[number])
                    if isinstance(value, Tensor) and value.shape == parameters[number].shape
                    else value
                    for name, value in values.items()
                }
                for number, values in state["state"].items()
            }
        }
    optimiser.load_state_dict(state)
