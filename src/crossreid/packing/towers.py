"""An edge model's towers as modules of tensors alone, which can be traced."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from crossreid.models.mllmreid_pictures import PictureStudent
from crossreid.models.positions import interpolate, pool_pictures, set_positions
from crossreid.models.student import Student
from crossreid.models.vision_text import EdgeModel
from crossreid.runtime.towers import IMAGE_HEADS


class ImageTower(nn.Module):
    """Pixels [n, 3, height, width] and heads [n], numbered as in `IMAGE_HEADS` -> unit vectors [n, dim].

    Every picture goes through all three heads and keeps one: next to the tower they cost nothing, and there is
    no branch to trace.
    """

    heads: Tensor
    biases: Tensor

    def __init__(self, student: EdgeModel | PictureStudent) -> None:
        super().__init__()
        self.vision: Any = student.vision
        self.grid = student.grid if isinstance(student, Student | PictureStudent) else None
        heads = [student.heads[modality.value] for modality in IMAGE_HEADS]
        self.register_buffer("heads", torch.stack([head.get_parameter("weight").detach() for head in heads]))
        self.register_buffer("biases", torch.stack([_bias(head) for head in heads]))

    def forward(self, pixels: Tensor, heads: Tensor) -> Tensor:
        """See the class."""
        if self.grid is None:
            pooled = self.vision(pixels, interpolate_pos_encoding=True).last_hidden_state[:, 0]
        else:
            pooled = pool_pictures(self.vision, pixels, self.grid)
        every = torch.einsum("nw,hdw->nhd", pooled, self.heads) + self.biases
        chosen = every.gather(1, heads[:, None, None].expand(-1, 1, every.shape[2]))[:, 0]
        return functional.normalize(chosen, dim=-1)


class TextTower(nn.Module):
    """Tokens [n, length] -> unit vectors [n, dim]."""

    def __init__(self, student: EdgeModel, *, padding: int) -> None:
        super().__init__()
        self.text, self.head = student.text, student.heads["text"]
        # CLIP looks back only, so that what follows the end token is never seen.
        self.padding = None if isinstance(student, Student) else padding

    def forward(self, tokens: Tensor) -> Tensor:
        """See the class."""
        mask = None if self.padding is None else (tokens != self.padding).long()
        return functional.normalize(self.head(self.text(tokens, attention_mask=mask).pooler_output), dim=-1)


def fold_directions(student: EdgeModel | PictureStudent, basis: np.ndarray) -> None:
    """Let the heads answer in principal directions [dim, k]: their width becomes k, at no cost later."""
    directions = torch.from_numpy(basis)
    for name, head in student.heads.items():
        weight, bias = head.get_parameter("weight").detach(), _bias(head)
        folded = nn.Linear(weight.shape[1], directions.shape[1])
        with torch.no_grad():
            folded.weight.copy_(directions.T @ weight)
            folded.bias.copy_(directions.T @ bias)
        student.heads[name] = folded
    student.dim = directions.shape[1]


def fix_positions(student: Student) -> None:
    """Interpolate the position embeddings for the size of the pictures once, rather than for every picture."""
    embeddings: Any = student.vision.embeddings
    size, patch = student.preprocessing, embeddings.patch_size
    grid = size.height // patch, size.width // patch
    with torch.no_grad():
        set_positions(
            student.vision, interpolate(embeddings.position_embedding.weight, student.grid, grid)[0]
        )
    student.grid = grid


def _bias(head: nn.Module) -> Tensor:
    weight = head.get_parameter("weight")
    bias = getattr(head, "bias", None)
    return weight.new_zeros(len(weight)) if bias is None else bias.detach()
