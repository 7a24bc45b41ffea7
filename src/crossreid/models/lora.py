"""Hierarchical LoRA: dense on the last blocks, sparse before them (MLLMEmbed-ReID, section 3.2)."""

import warnings
from dataclasses import dataclass
from typing import Any, Literal

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch import nn
from transformers import LlavaModel

from crossreid.core.errors import ConfigurationError
from crossreid.models.teacher import Backbone

Tower = Literal["vision", "language"]

_ATTENTION = ("attn.", "self_attn.")
"""How the names of attention layers inside a block begin, in the vision and in the language tower."""


@dataclass(frozen=True, slots=True)
class HierarchicalLora:
    """Which linear layers get adapters, and what these are like.

    The *chosen* blocks of a tower are the last `dense` ones, and before them every `stride`-th.

    Args:
        rank: of every adapter.
        scaling: LoRA's own alpha; adapters are scaled by scaling / rank.
        dense: number of last blocks of each tower that are all chosen.
        stride: before those, every stride-th block is chosen, counted backwards from the dense group (the
            paper's alpha).
        dropout: on an adapter's input.
        towers: that are adapted.
        attention: the attention layers of the chosen blocks, or of all.
        mlp: the other linear layers of the chosen blocks, or of none.
        merger: the two linear layers between the towers as well.
        dora: train the length of each weight row apart from its direction (arXiv 2402.09353).
        initialisation: of A; uniform in 1 / sqrt(inputs), or normal with deviation 1 / rank. B starts at zero.
    """

    rank: int = 16
    scaling: float = 16.0
    dense: int = 4
    stride: int = 2
    dropout: float = 0.0
    towers: tuple[Tower, ...] = ("vision", "language")
    attention: Literal["chosen", "all"] = "chosen"
    mlp: Literal["chosen", "none"] = "chosen"
    merger: bool = False
    dora: bool = False
    initialisation: Literal["uniform", "gaussian"] = "uniform"

    def __post_init__(self) -> None:
        if self.rank < 1 or self.stride < 1 or self.dense < 0 or not self.towers:
            raise ConfigurationError(
                f"{self}", expected="rank, stride and number of towers of at least 1, dense of at least 0"
            )

    def blocks(self, depth: int) -> tuple[int, ...]:
        """Indices of the chosen blocks of a tower of `depth` blocks, ascending."""
        first_dense = max(depth - self.dense, 0)
        sparse = range(first_dense - self.stride, -1, -self.stride)
        return (*sorted(sparse), *range(first_dense, depth))

    def adapts(self, layer: str, *, chosen: bool) -> bool:
        """Whether the linear layer of this name inside a block is adapted."""
        if layer.startswith(_ATTENTION):
            return chosen or self.attention == "all"
        return chosen and self.mlp == "chosen"


def adapted_modules(backbone: Backbone | LlavaModel, plan: HierarchicalLora) -> list[str]:
    """Full names of every linear layer that the plan adapts, never the patch embedding.

    Full, because a suffix such as `proj` would match the patch embedding too.
    """
    vision = "vision_tower.encoder.layers" if isinstance(backbone, LlavaModel) else "visual.blocks"
    stacks: dict[Tower, str] = {"vision": vision, "language": "language_model.layers"}
    names = []
    for tower in plan.towers:
        path = stacks[tower]
        blocks: Any = backbone.get_submodule(path)
        chosen = set(plan.blocks(len(blocks)))
        for index, block in enumerate(blocks):
            names += [
                f"{path}.{index}.{name}"
                for name, module in block.named_modules()
                if isinstance(module, nn.Linear) and plan.adapts(name, chosen=index in chosen)
            ]
    if plan.merger and "vision" in plan.towers:
        merger = backbone.get_submodule("visual.merger")
        names += [
            f"visual.merger.{name}"
            for name, module in merger.named_modules()
            if isinstance(module, nn.Linear)
        ]
    return names


def adapter_parameters(backbone: Backbone | LlavaModel, plan: HierarchicalLora) -> dict[str, int]:
    """Trained parameters of each adapter by the name of its layer; weights may be on the meta device."""
    counts = {}
    for name in adapted_modules(backbone, plan):
        layer: Any = backbone.get_submodule(name)
        length = layer.out_features if plan.dora else 0
        counts[name] = plan.rank * (layer.in_features + layer.out_features) + length
    return counts


def add_adapters(backbone: Backbone | LlavaModel, plan: HierarchicalLora, *, seed: int = 0) -> PeftModel:
    """Freeze the backbone and put adapters into it, in place. Only the adapters are left to train.

    Every adapter starts as the identity: A is drawn by `seed`, B is zero.
    """
    config = LoraConfig(
        r=plan.rank,
        lora_alpha=plan.scaling,  # type: ignore[arg-type]
        lora_dropout=plan.dropout,
        use_dora=plan.dora,
        target_modules=adapted_modules(backbone, plan),
        bias="none",
    )
    adapted = wrap(backbone, config)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_A" in name:
                parameter.copy_(_draw(parameter.shape, plan, generator))
    return adapted


def wrap(backbone: Backbone | LlavaModel, config: LoraConfig) -> PeftModel:
    """`peft.get_peft_model` without its warning."""
    with warnings.catch_warnings():
        # peft asks transformers by a name that transformers has given up; nobody here can do anything about it.
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
        return get_peft_model(backbone, config)


def _draw(shape: torch.Size, plan: HierarchicalLora, generator: torch.Generator) -> torch.Tensor:
    if plan.initialisation == "gaussian":
        return torch.empty(shape).normal_(std=1 / plan.rank, generator=generator)
    bound = shape[1] ** -0.5
    return torch.empty(shape).uniform_(-bound, bound, generator=generator)
