"""Adapting the cloud model (MLLMEmbed-ReID, stage one)."""

from typing import Any

import torch
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
        features, together = self._embed(batch)
        losses = self.matching(features, batch, progress=progress, together=together)
        return {"total": losses.pop("task"), **losses}

    def _embed(self, batch: Batch) -> tuple[Tensor, Tensor | None]:
        """Of all items, and of the queries of several of them; each picture is looked at once."""
        if not batch.together:
            return embed(self.teacher, batch), None
        teacher, chats, count = self.teacher, self.teacher.conversation, len(batch.pixel_values)
        seen = teacher.see(batch.pixel_values) if count else None
        features = [teacher.pool(chats.for_images(batch.visual_modalities), seen)] if count else []
        if batch.captions:
            features.append(teacher.pool(chats.for_captions(batch.captions), None))
        shown = [[place for place in pieces if place < count] for pieces in batch.together]
        said = [[place - count for place in pieces if place >= count] for pieces in batch.together]
        queries = chats.for_groups(
            [[batch.modalities[place] for place in places] for places in shown],
            [[batch.captions[place] for place in places] for places in said],
        )
        rows = [place for places in shown for place in places]
        visual = seen.unflatten(0, (count, -1))[rows].flatten(0, 1) if seen is not None and rows else None
        return torch.cat(features).float(), teacher.pool(queries, visual).float()

    def merge(self) -> Teacher:
        """Fold the adapters into the weights; the task is over."""
        self.teacher.backbone = self.adapters.merge_and_unload()
        return self.teacher
