"""Adapting the cloud model (MLLMEmbed-ReID, stage one)."""

from typing import Any

from torch import Tensor, nn

from crossreid.models.lora import HierarchicalLora, add_adapters
from crossreid.models.teacher import Teacher
from crossreid.training.batches import Batch
from crossreid.training.config import TaskWeights
from crossreid.training.tasks.identity_matching import IdentityMatching, embed
from crossreid.training.tasks.parameter_groups import single_group


class TeacherTask(nn.Module):
    """A teacher with adapters and the task loss on its features.

    Args:
        teacher: gets the adapters, in place; everything else in it is frozen.
        lora: where they go.
        people: train identities.
        weights: of the task loss.
        seed: draws adapters and classifier.
        checkpointing: keep less of the blocks for the backward pass, and compute it again.
    """

    def __init__(
        self,
        teacher: Teacher,
        lora: HierarchicalLora,
        *,
        people: int,
        weights: TaskWeights,
        seed: int = 0,
        checkpointing: bool = False,
    ) -> None:
        super().__init__()
        self.adapters = add_adapters(teacher.backbone, lora, seed=seed)
        if checkpointing:
            teacher.checkpoint_activations()
        self.teacher = teacher
        self.matching = IdentityMatching(teacher.dim, people, weights, seed=seed)

    def parameter_groups(self, learning_rate: float) -> list[dict[str, Any]]:
        """Adapters and head at one rate."""
        return single_group(self, learning_rate)

    def forward(self, batch: Batch, *, progress: float) -> dict[str, Tensor]:
        """The terms of eq. 7 and their sum as `total`."""
        losses = self.matching(embed(self.teacher, batch), batch, progress=progress)
        return {"total": losses.pop("task"), **losses}

    def merge(self) -> Teacher:
        """Fold the adapters into the weights; the task is over."""
        self.teacher.backbone = self.adapters.merge_and_unload()
        return self.teacher
