"""What a training step costs, by the sizes of the blocks: nothing is run."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn

from crossreid.models.outline import Outline

_LISTS = ("blocks", "layers", "layer")
"""Names of the lists of blocks in transformers' classes."""

PAPER_CHATS = (160, 160)
"""Tokens of a chat with the paper's prompts about a picture, beside the picture's own, and of one with a caption."""


@dataclass(frozen=True, slots=True)
class StepCost:
    """Of one step of the optimiser.

    Args:
        flops: of the matrix products, forward and backward.
        activations_mib: that are kept for the backward pass of one batch, roughly.
    """

    flops: float
    activations_mib: float


@dataclass(frozen=True, slots=True)
class _Tower:
    """Multiply-accumulates of the linear layers for a token, their inputs and outputs, and the width, by block."""

    weights: Sequence[int]
    ends: Sequence[int]
    width: int

    def macs(self, tokens: int) -> int:
        return sum(self.weights) * tokens + 2 * len(self.weights) * tokens**2 * self.width

    def kept(self, tokens: int, *, checkpointing: bool) -> int:
        """Numbers."""
        if checkpointing:
            return tokens * (len(self.ends) * self.width + max(self.ends))
        return tokens * sum(self.ends)


def step_cost(
    drawn: Outline,
    *,
    height: int,
    width: int,
    pictures: int,
    captions: int,
    accumulation: int,
    adapted: bool,
    checkpointing: bool,
    half: bool,
    chat_tokens: tuple[int, int] = PAPER_CHATS,
) -> StepCost | None:
    """Count; None for what is neither a Qwen2-VL nor a student.

    A backward pass costs two forward passes, one where the weights themselves are frozen; checkpointing one more.

    Args:
        drawn: the architecture.
        height: of pictures, in pixels.
        width: likewise.
        pictures: of a batch.
        captions: of a batch.
        accumulation: batches a step.
        adapted: only adapters are trained.
        checkpointing: activations are computed again.
        half: activations take two bytes, else four.
        chat_tokens: of a teacher's chat about a picture, beside the picture's own tokens, and of one with a caption.
    """
    if drawn.kind == "llava":
        return None
    seeing, reading = _towers(drawn.backbone)
    patches, picture_chat, caption_chat = _tokens(drawn, height, width, chat_tokens)
    work = [(seeing, patches, pictures), (reading, picture_chat, pictures), (reading, caption_chat, captions)]
    macs = sum(count * tower.macs(tokens) for tower, tokens, count in work if tokens)
    kept = sum(count * tower.kept(tokens, checkpointing=checkpointing) for tower, tokens, count in work)
    passes = (2 if adapted else 3) + checkpointing
    return StepCost(2.0 * macs * passes * accumulation, kept * (2 if half else 4) / 2**20)


def _tokens(drawn: Outline, height: int, width: int, chats: tuple[int, int]) -> tuple[int, int, int]:
    """Of the vision tower, of the chat about a picture (a student has none), and of a caption."""
    model: Any = drawn.backbone
    if drawn.kind == "teacher":
        vision = model.config.vision_config
        patches = (height // vision.patch_size) * (width // vision.patch_size)
        return patches, chats[0] + patches // vision.spatial_merge_size**2, chats[1]
    patch, longest = model[0].config.patch_size, model[1].config.max_position_embeddings
    return (height // patch) * (width // patch) + 1, 0, min(longest, 77)


def _towers(backbone: nn.Module) -> tuple[_Tower, _Tower]:
    """Vision first, as the models have them."""
    lists = [
        module
        for name, module in backbone.named_modules()
        if isinstance(module, nn.ModuleList) and name.rpartition(".")[2] in _LISTS
    ]
    seeing, reading = lists[:2]
    return _tower(seeing), _tower(reading)


def _tower(blocks: nn.ModuleList) -> _Tower:
    layers = [[part for part in block.modules() if isinstance(part, nn.Linear)] for block in blocks]
    return _Tower(
        [sum(layer.weight.numel() for layer in block) for block in layers],
        [sum(layer.in_features + layer.out_features for layer in block) for block in layers],
        layers[0][0].in_features,
    )
