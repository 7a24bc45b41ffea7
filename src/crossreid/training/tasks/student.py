"""Training the edge model on identities alone."""

from typing import Any

from torch import Tensor, nn

from crossreid.models.vision_text import EdgeModel
from crossreid.training.batches import Batch
from crossreid.training.config import TaskWeights
from crossreid.training.tasks.identity_matching import IdentityMatching, embed
from crossreid.training.tasks.parameter_groups import single_group


class StudentTask(nn.Module):
    """A student with the task loss on its features."""

    def __init__(self, student: EdgeModel, *, people: int, weights: TaskWeights, seed: int = 0) -> None:
        super().__init__()
        self.student = student
        self.matching = IdentityMatching(student.dim, people, weights, seed=seed)

    def parameter_groups(self, learning_rate: float) -> list[dict[str, Any]]:
        """Towers, heads and classifier at one rate."""
        return single_group(self, learning_rate)

    def forward(self, batch: Batch, *, progress: float) -> dict[str, Tensor]:
        """The terms of eq. 7 and their sum as `total`."""
        losses = self.matching(embed(self.student, batch), batch, progress=progress)
        return {"total": losses.pop("task"), **losses}
