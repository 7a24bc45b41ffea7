"""Teaching the edge model from stored features of the cloud model (MLLMEmbed-ReID, stage two)."""

from typing import Any

import torch
from torch import Tensor, nn

from crossreid.core.errors import ConfigurationError
from crossreid.losses.cosine import cosine_loss
from crossreid.losses.feature_relation import feature_relation_loss
from crossreid.losses.principal_components import principal_basis, principal_component_loss
from crossreid.models.vision_text import EdgeModel
from crossreid.training.batches import Batch
from crossreid.training.config import DistillationWeights, TaskWeights
from crossreid.training.gathering import gather_rows
from crossreid.training.tasks.balancing import LossBalancer
from crossreid.training.tasks.identity_matching import IdentityMatching, embed
from crossreid.training.tasks.parameter_groups import single_group


class DistillationTask(nn.Module):
    """L = w_task L_task + w_cos L_cos + w_pcm L_PCM + w_fr L_FR (eq. 13).

    With a balancer, its weights of the last three multiply w_cos, w_pcm and w_fr in every step.

    Args:
        student: is trained.
        teacher_features: unit rows [n, dim] of the training set, found by `Batch.rows`.
        people: train identities.
        task_weights: inside L_task.
        weights: of the four terms.
        seed: draws the classifier.

    Raises:
        ConfigurationError: widths differ, or more components are asked for than there are.
    """

    teacher_features: Tensor
    basis: Tensor

    def __init__(
        self,
        student: EdgeModel,
        teacher_features: Tensor,
        *,
        people: int,
        task_weights: TaskWeights,
        weights: DistillationWeights,
        seed: int = 0,
    ) -> None:
        super().__init__()
        count, width = teacher_features.shape
        if width != student.dim:
            raise ConfigurationError(
                f"a student of width {student.dim} and teacher features of width {width}",
                expected="one width",
            )
        if weights.components > min(count, width):
            raise ConfigurationError(
                f"{weights.components} principal components", expected=f"at most {min(count, width)}"
            )
        self.student, self.weights = student, weights
        self.matching = IdentityMatching(student.dim, people, task_weights, seed=seed)
        self.register_buffer("teacher_features", teacher_features, persistent=False)
        self.register_buffer("basis", principal_basis(teacher_features, weights.components), persistent=False)
        self.balancer = None
        if weights.balancer is not None:
            active = sum(weight > 0 for weight in (weights.cosine, weights.principal, weights.relation))
            self.balancer = LossBalancer(active, weights.balancer)

    def parameter_groups(self, learning_rate: float) -> list[dict[str, Any]]:
        """Towers, heads and classifier at one rate."""
        return single_group(self, learning_rate)

    def forward(self, batch: Batch, *, progress: float) -> dict[str, Tensor]:
        """The active terms of eq. 13 by name, the weights of balanced ones, the weighted sum as `total`."""
        features = embed(self.student, batch)
        teacher = self.teacher_features[gather_rows(batch.rows)].float()
        losses = self._distil(gather_rows(features), teacher)
        balanced = {} if self.balancer is None else self.balancer(losses)
        weights = {name: getattr(self.weights, name) * balanced.get(name, 1.0) for name in losses}
        total = sum((weights[name] * loss for name, loss in losses.items()), features.new_zeros(()))
        logged = {f"weight_{name}": weights[name] for name in balanced}
        if self.weights.task:
            losses |= self.matching(features, batch, progress=progress)
            total = total + self.weights.task * losses["task"]
        return {"total": total, **losses, **logged}

    def _distil(self, features: Tensor, teacher: Tensor) -> dict[str, Tensor]:
        weights, losses = self.weights, {}
        if weights.cosine:
            losses["cosine"] = cosine_loss(features, teacher)
        if weights.principal:
            losses["principal"] = principal_component_loss(features, teacher, self._basis_for(teacher))
        if weights.relation:
            losses["relation"] = feature_relation_loss(
                features, teacher, relation=weights.relation_kind, match=weights.relation_match
            )
        return losses

    def _basis_for(self, teacher: Tensor) -> Tensor:
        if self.weights.basis == "train_set":
            return self.basis
        with torch.no_grad():
            return principal_basis(teacher, min(self.weights.components, len(teacher)))
