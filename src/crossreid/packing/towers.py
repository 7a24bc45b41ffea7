"""A student's towers as modules of tensors alone, which can be traced."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from crossreid.models.student import Student
from crossreid.runtime.towers import IMAGE_HEADS


class ImageTower(nn.Module):
    """Pixels [n, 3, height, width] and heads [n], numbered as in `IMAGE_HEADS` -> unit vectors [n, dim].

    Every picture goes through all three heads and keeps one: next to the tower they cost nothing, and there is
    no branch to trace.
    """

    heads: Tensor

    def __init__(self, student: Student) -> None:
        super().__init__()
        self.vision = student.vision
        weights = [student.heads.get_parameter(f"{modality.value}.weight") for modality in IMAGE_HEADS]
        self.register_buffer("heads", torch.stack([weight.detach() for weight in weights]))

    def forward(self, pixels: Tensor, heads: Tensor) -> Tensor:
        """See the class."""
        pooled = self.vision(pixels, interpolate_pos_encoding=True).pooler_output
        every = torch.einsum("nw,hdw->nhd", pooled, self.heads)
        chosen = every.gather(1, heads[:, None, None].expand(-1, 1, every.shape[2]))[:, 0]
        return functional.normalize(chosen, dim=-1)


class TextTower(nn.Module):
    """Tokens [n, length] -> unit vectors [n, dim]."""

    def __init__(self, student: Student) -> None:
        super().__init__()
        self.text, self.head = student.text, student.heads["text"]

    def forward(self, tokens: Tensor) -> Tensor:
        """See the class."""
        return functional.normalize(self.head(self.text(tokens).pooler_output), dim=-1)
