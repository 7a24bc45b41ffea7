"""CLIP's vision tower at any height and width: position embeddings interpolated from the grid they were made for."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPVisionModel

Grid = tuple[int, int]
"""Rows and columns of patches."""


def square_grid(vision: CLIPVisionModel) -> Grid:
    """The grid of a tower that was configured with one side, as transformers' always are."""
    embeddings: Any = vision.embeddings
    side = embeddings.image_size // embeddings.patch_size
    return side, side


def set_positions(vision: CLIPVisionModel, weight: Float[Tensor, "positions width"]) -> None:
    """Give the tower the position embeddings of another grid, in place; the first row is the class token's."""
    embeddings: Any = vision.embeddings
    count, width = weight.shape
    embeddings.position_embedding = nn.Embedding(count, width, _weight=weight.clone())
    embeddings.num_positions, embeddings.num_patches = count, count - 1
    embeddings.position_ids = torch.arange(count, device=weight.device).expand(1, -1)


def pool_pictures(
    vision: CLIPVisionModel, pixel_values: Float[Tensor, "n 3 height width"], grid: Grid
) -> Float[Tensor, "n pooled"]:
    """The class token after the last norm.

    As `CLIPVisionModel.forward` with `interpolate_pos_encoding`, but for position embeddings of any grid; that one
    takes every grid to be square.
    """
    embeddings: Any = vision.embeddings
    patches = embeddings.patch_embedding(pixel_values.to(embeddings.patch_embedding.weight.dtype))
    rows, columns = patches.shape[2:]
    positions = interpolate(embeddings.position_embedding.weight, grid, (rows, columns))
    first = embeddings.class_embedding.expand(len(patches), 1, -1)
    tokens = torch.cat([first, patches.flatten(2).transpose(1, 2)], dim=1) + positions
    states = vision.encoder(inputs_embeds=vision.pre_layrnorm(tokens)).last_hidden_state
    return vision.post_layernorm(states[:, 0])


def interpolate(
    weight: Float[Tensor, "positions width"], grid: Grid, target: Grid
) -> Float[Tensor, "1 targets width"]:
    """Position embeddings for the class token and `target`, bicubic; those of `grid` itself as they are."""
    if grid == target:
        return weight[None]
    plane = weight[1:].reshape(1, *grid, -1).permute(0, 3, 1, 2)
    resized = functional.interpolate(plane, size=target, mode="bicubic", align_corners=False)
    return torch.cat([weight[None, :1], resized.flatten(2).transpose(1, 2)], dim=1)
