"""Teaching an edge model from stored features by dynamic self-adaptive multiscale distillation (DSMD)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from crossreid.core.errors import ConfigurationError
from crossreid.core.modality import Modality
from crossreid.losses.feature_difference import feature_difference_loss
from crossreid.losses.hard_negative import hard_negative_loss
from crossreid.losses.queue_contrast import queue_contrast_loss
from crossreid.losses.similarity import similarity_loss
from crossreid.models.vision_text import EdgeModel
from crossreid.training.batches import Batch
from crossreid.training.config import DsmdWeights, TaskWeights
from crossreid.training.gathering import gather_rows
from crossreid.training.tasks.balancing import LossBalancer
from crossreid.training.tasks.feature_queue import FeatureQueue
from crossreid.training.tasks.identity_matching import IdentityMatching, embed
from crossreid.training.tasks.parameter_groups import single_group

LOSSES = ("contrast", "feature", "similarity", "hard_negative")


@dataclass(frozen=True, slots=True)
class _Items:
    """Rows of one modality: student [n, dim], teacher [n, dim], people [n], groups [n]."""

    student: Tensor
    teacher: Tensor
    people: Tensor
    groups: Tensor


class DsmdTask(nn.Module):
    """L = w_1 L_contrast + w_2 L_feature + w_3 L_similarity + w_4 L_hard, with balanced weights.

    The first three are sums over the modalities, each with a queue of its own. The fourth is a sum over the ordered
    pairs of modalities, (a, a) among them: the student's features of a against the teacher's of b, where items of one
    group are partners. Of photographs and captions these are the two sums and the four pairings of the source.

    Args:
        student: is trained.
        teacher_features: unit rows [n, dim] of the training set, found by `Batch.rows`.
        groups: int64 [n], of each row of the training set.
        modalities: that the training set has.
        people: train identities.
        task_weights: inside L_task.
        weights: of the terms.
        seed: draws the first entries of the queues, and the classifier.

    Raises:
        ConfigurationError: widths or numbers of rows differ.

    Source: DSMD (arXiv 2404.10838).
    """

    teacher_features: Tensor
    groups: Tensor

    def __init__(
        self,
        student: EdgeModel,
        teacher_features: Tensor,
        groups: Tensor,
        *,
        modalities: Sequence[Modality],
        people: int,
        task_weights: TaskWeights,
        weights: DsmdWeights,
        seed: int = 0,
    ) -> None:
        super().__init__()
        count, width = teacher_features.shape
        if width != student.dim or len(groups) != count:
            raise ConfigurationError(
                f"a student of width {student.dim}, {count} teacher features of width {width}, {len(groups)} groups",
                expected="one width, and a group for each feature",
            )
        self.student, self.weights = student, weights
        self.active = tuple(name for name in LOSSES if getattr(weights, name) > 0)
        generator = torch.Generator().manual_seed(seed)
        self.queues = nn.ModuleDict(
            {kind.value: FeatureQueue(weights.queue, width, generator=generator) for kind in modalities}
            if "contrast" in self.active
            else {}
        )
        self.balancer = None if weights.balancer is None else LossBalancer(len(self.active), weights.balancer)
        self.matching = (
            IdentityMatching(student.dim, people, task_weights, seed=seed) if weights.task else None
        )
        self.register_buffer("teacher_features", teacher_features, persistent=False)
        self.register_buffer("groups", groups, persistent=False)

    def parameter_groups(self, learning_rate: float) -> list[dict[str, Any]]:
        """Towers, heads and classifier at one rate."""
        return single_group(self, learning_rate)

    def forward(self, batch: Batch, *, progress: float) -> dict[str, Tensor]:
        """The active losses and their weights by name, what L_task consists of, the weighted sum as `total`."""
        features = embed(self.student, batch)
        items = self._by_modality(features, batch)
        losses = {name: self._loss(name, items) for name in self.active}
        balanced = {} if self.balancer is None else self.balancer(losses)
        weights = {name: getattr(self.weights, name) * balanced.get(name, 1.0) for name in losses}
        total = sum((weights[name] * loss for name, loss in losses.items()), features.new_zeros(()))
        logged = {f"weight_{name}": weights[name] for name in balanced}
        if self.matching is not None:
            losses |= self.matching(features, batch, progress=progress)
            total = total + self.weights.task * losses["task"]
        if self.training:
            for modality, queue in self.queues.items():
                if modality in items:
                    queue.push(items[modality].teacher, items[modality].people)  # type: ignore[operator]
        return {"total": total, **losses, **logged}

    def _by_modality(self, features: Tensor, batch: Batch) -> dict[str, _Items]:
        """The items of the global batch."""
        order = list(Modality)
        places = torch.tensor(
            [order.index(modality) for modality in batch.modalities], device=features.device
        )
        columns = (
            features,
            self.teacher_features[batch.rows].float(),
            batch.person_ids,
            self.groups[batch.rows],
        )
        gathered = [gather_rows(column) for column in columns]
        places = gather_rows(places)
        return {
            order[place].value: _Items(*(column[places == place] for column in gathered))
            for place in places.unique().tolist()
        }

    def _loss(self, name: str, items: dict[str, _Items]) -> Tensor:
        match name:
            case "contrast":
                losses = [self._contrast(modality, rows) for modality, rows in items.items()]
            case "feature":
                losses = [feature_difference_loss(rows.student, rows.teacher) for rows in items.values()]
            case "similarity":
                losses = [similarity_loss(rows.student, rows.teacher) for rows in items.values()]
            case _:
                losses = [
                    self._hard_negative(first, second)
                    for first in items.values()
                    for second in items.values()
                ]
        return torch.stack(losses).sum()

    def _contrast(self, modality: str, rows: _Items) -> Tensor:
        queue: Any = self.queues[modality]
        return queue_contrast_loss(
            rows.student,
            rows.teacher,
            queue.features,
            temperature=self.weights.temperature,
            excluded=rows.people[:, None] == queue.people[None, :],
        )

    def _hard_negative(self, first: _Items, second: _Items) -> Tensor:
        if first is second:
            own = partner = torch.arange(len(first.groups), device=first.groups.device)
        else:
            own, partner = (first.groups[:, None] == second.groups[None, :]).nonzero(as_tuple=True)
        if not len(own):
            return first.student.sum() * 0
        return hard_negative_loss(
            first.student[own],
            second.teacher[partner],
            margin=self.weights.margin,
            violation=self.weights.violation,
            person_ids=first.people[own],
        )
