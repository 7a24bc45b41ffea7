"""The task loss that teacher and student share: identity, triplet and distribution matching (eq. 2-7)."""

import torch
from torch import Tensor, nn

from crossreid.core.modality import Modality
from crossreid.losses.identity import identity_loss
from crossreid.losses.sdm import pairwise_sdm_loss, sdm_loss
from crossreid.losses.triplet import triplet_loss
from crossreid.models.heads import IdentityHead
from crossreid.training.batches import Batch
from crossreid.training.config import TaskWeights
from crossreid.training.gathering import gather_rows

_TOGETHER = len(Modality)
"""Stands in the place of a modality for what several pieces of evidence together say."""


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

    def forward(
        self, features: Tensor, batch: Batch, *, progress: float, together: Tensor | None = None
    ) -> dict[str, Tensor]:
        """The active terms by name and their weighted sum as `task`, over the batches of all processes.

        Args:
            features: of the items of this process's batch [n, dim].
            batch: with their people and modalities.
            progress: of the training, 0 to 1.
            together: of the queries of several pieces in `batch.together` [m, dim]. They are told apart like all
                others, and matched with each modality as the modalities are with each other.
        """
        weights = self.weights
        people, places = batch.person_ids, modality_places(batch, features.device)
        if together is not None and len(together):
            first = torch.tensor([pieces[0] for pieces in batch.together], device=features.device)
            features = torch.cat([features, together])
            people = torch.cat([people, people[first]])
            places = torch.cat([places, torch.full_like(first, _TOGETHER)])
        features, people, places = map(gather_rows, (features, people, places))
        terms = {
            "identity": (weights.identity, lambda: identity_loss(self.head(features), people)),
            "sdm": (weights.sdm, lambda: self._sdm(features, people, places)),
        }
        if progress >= weights.triplet_warmup:
            terms["triplet"] = (
                weights.triplet,
                lambda: triplet_loss(
                    features, people, margin=weights.margin, distance=weights.triplet_distance
                ),
            )
        losses = {name: loss() for name, (weight, loss) in terms.items() if weight > 0}
        weighted = (terms[name][0] * loss for name, loss in losses.items())
        return losses | {"task": sum(weighted, features.new_zeros(()))}

    def _sdm(self, features: Tensor, people: Tensor, places: Tensor) -> Tensor:
        temperature, reduction = self.weights.temperature, self.weights.sdm_reduction
        apart = pairwise_sdm_loss(features, people, places, temperature=temperature, reduction=reduction)
        joint = places == _TOGETHER
        if not joint.any():
            return apart
        pairs = [
            sdm_loss(features[joint], features[own], people[joint], people[own], temperature=temperature)
            for own in (places == place for place in range(_TOGETHER))
            if own.any()
        ]
        total = torch.stack(pairs).sum()
        return apart + (total / len(pairs) if reduction == "mean" else total)


def modality_places(batch: Batch, device: torch.device) -> Tensor:
    """int64 [n], place of each item's modality in `tuple(Modality)`."""
    order = list(Modality)
    places = [order.index(modality) for modality in batch.modalities]
    return torch.tensor(places, dtype=torch.long, device=device)


def embed(model: nn.Module, batch: Batch) -> Tensor:
    """Features of all items of a batch in their order, float32 [n, dim]."""
    parts = []
    if len(batch.pixel_values):
        parts.append(model.embed_images(batch.pixel_values, batch.visual_modalities))  # type: ignore[operator]
    if batch.captions:
        parts.append(model.embed_captions(batch.captions))  # type: ignore[operator]
    return torch.cat(parts).float()
