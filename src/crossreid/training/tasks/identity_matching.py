"""The task loss that teacher and student share: identity, triplet and distribution matching (eq. 2-7)."""

import torch
from torch import Tensor, nn

from crossreid.losses.identity import identity_loss
from crossreid.losses.sdm import pairwise_sdm_loss
from crossreid.losses.triplet import triplet_loss
from crossreid.models.heads import IdentityHead
from crossreid.training.batches import Batch
from crossreid.training.config import TaskWeights


class IdentityMatching(nn.Module):
    """L_task = w_id L_id + w_tri L_tri + w_sdm L_SDM.

    Args:
        dim: width of the features.
        people: train identities.
        weights: of the terms. Batch-hard triplets from the first step collapse small models, so they are
            switched on after a share of the training.
        seed: draws the classifier.
    """

    def __init__(self, dim: int, people: int, weights: TaskWeights, *, seed: int = 0) -> None:
        super().__init__()
        self.head = IdentityHead(dim, people, generator=torch.Generator().manual_seed(seed))
        self.weights = weights

    def forward(self, features: Tensor, batch: Batch, *, progress: float) -> dict[str, Tensor]:
        """The active terms by name and their weighted sum as `task`."""
        weights = self.weights
        terms = {
            "identity": (weights.identity, lambda: identity_loss(self.head(features), batch.person_ids)),
            "sdm": (weights.sdm, lambda: self._sdm(features, batch)),
        }
        if progress >= weights.triplet_warmup:
            terms["triplet"] = (
                weights.triplet,
                lambda: triplet_loss(
                    features, batch.person_ids, margin=weights.margin, distance=weights.triplet_distance
                ),
            )
        losses = {name: loss() for name, (weight, loss) in terms.items() if weight > 0}
        weighted = (terms[name][0] * loss for name, loss in losses.items())
        return losses | {"task": sum(weighted, features.new_zeros(()))}

    def _sdm(self, features: Tensor, batch: Batch) -> Tensor:
        return pairwise_sdm_loss(
            features,
            batch.person_ids,
            batch.modalities,
            temperature=self.weights.temperature,
            reduction=self.weights.sdm_reduction,
        )


def embed(model: nn.Module, batch: Batch) -> Tensor:
    """Features of all items of a batch in their order, float32 [n, dim]."""
    parts = []
    if len(batch.pixel_values):
        parts.append(model.embed_images(batch.pixel_values, batch.visual_modalities))  # type: ignore[operator]
    if batch.captions:
        parts.append(model.embed_captions(batch.captions))  # type: ignore[operator]
    return torch.cat(parts).float()
