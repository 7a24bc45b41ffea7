"""Hierarchical LoRA: dense on the last blocks, sparse before them (MLLMEmbed-ReID, section 3.2)."""

import warnings
from dataclasses import dataclass

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch import nn
from transformers import Qwen2VLModel

from crossreid.core.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class HierarchicalLora:
    """Which blocks get adapters, and how wide they are.

    Args:
        rank: of every adapter.
        scaling: LoRA's own alpha; adapters are scaled by scaling / rank.
        dense: number of last blocks of each tower that are all adapted.
        stride: before those, every stride-th block is adapted, counted backwards from the dense group (the
            paper's alpha).
        dropout: on an adapter's input.
    """

    rank: int = 16
    scaling: float = 16.0
    dense: int = 4
    stride: int = 2
    dropout: float = 0.0

    def __post_init__(self) -> None:
        if self.rank < 1 or self.stride < 1 or self.dense < 0:
            raise ConfigurationError(f"{self}", expected="rank and stride of at least 1, dense of at least 0")

    def blocks(self, depth: int) -> tuple[int, ...]:
        """Indices of the adapted blocks of a tower of `depth` blocks, ascending."""
        first_dense = max(depth - self.dense, 0)
        sparse = range(first_dense - self.stride, -1, -self.stride)
        return (*sorted(sparse), *range(first_dense, depth))


def adapted_modules(backbone: Qwen2VLModel, plan: HierarchicalLora) -> list[str]:
    """Full names of every linear layer that the plan adapts: blocks of both towers, never patch embedding or merger."""
    towers = {
        "visual.blocks": backbone.visual.blocks,
        "language_model.layers": backbone.language_model.layers,
    }
    names = []
    for tower, blocks in towers.items():
        for index in plan.blocks(len(blocks)):
            names += [
                f"{tower}.{index}.{name}"
                for name, module in blocks[index].named_modules()
                if isinstance(module, nn.Linear)
            ]
    return names


def add_adapters(backbone: Qwen2VLModel, plan: HierarchicalLora, *, seed: int = 0) -> PeftModel:
    """Freeze the backbone and put adapters into it, in place. Only the adapters are left to train.

    Every adapter starts as the identity: A is drawn by `seed`, B is zero.
    """
    config = LoraConfig(
        r=plan.rank,
        lora_alpha=plan.scaling,  # type: ignore[arg-type]
        lora_dropout=plan.dropout,
        target_modules=adapted_modules(backbone, plan),
        bias="none",
    )
    with warnings.catch_warnings():
        # peft asks transformers by a name that transformers has given up; nobody here can do anything about it.
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
        adapted = get_peft_model(backbone, config)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_A" in name:
                bound = parameter.shape[1] ** -0.5
                drawn = torch.empty(parameter.shape).uniform_(-bound, bound, generator=generator)
                parameter.copy_(drawn)
    return adapted
