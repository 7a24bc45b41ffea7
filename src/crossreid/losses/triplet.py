"""Pull the farthest image of a person closer than the nearest one of anybody else."""

from typing import Literal

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import normalize as unit_rows
from torch.nn.functional import relu, softplus

from crossreid.losses.precision import in_full_precision
from crossreid.losses.shapes import check_same_rows


@in_full_precision
def triplet_loss(
    features: Float[Tensor, "n dim"],
    person_ids: Int[Tensor, " n"],
    *,
    margin: float | None = 0.3,
    distance: Literal["euclidean", "squared"] = "euclidean",
    normalize: bool = True,
) -> Float[Tensor, ""]:
    """Batch-hard triplet loss over all rows, whatever their modalities; mean over anchors.

    max(0, D(anchor, farthest positive) - D(anchor, nearest negative) + margin), or with `margin=None` the
    soft margin log(1 + exp(D+ - D-)). An anchor that is alone with its identity has itself, at distance 0, as
    positive. A batch of one person has no triplet and gives 0.

    Args:
        features: of the whole (global) batch.
        person_ids: of each row.
        margin: in units of the distance; None for the soft margin.
        distance: D is the L2 distance, or its square.
        normalize: scale rows to length 1 first.

    Source: Hermans et al., "In Defense of the Triplet Loss", 2017; MLLMEmbed-ReID eq. 3 (squared distance).
    """
    check_same_rows(features=features, person_ids=person_ids)
    points = unit_rows(features, dim=1) if normalize else features
    same_person = person_ids[:, None] == person_ids[None, :]
    farthest_positive, nearest_negative = _hardest(points.detach(), same_person)
    gap = _distance(points, points[farthest_positive], distance) - _distance(
        points, points[nearest_negative], distance
    )
    losses = softplus(gap) if margin is None else relu(gap + margin)
    has_negative = (~same_person).any(dim=1)
    return (losses * has_negative).mean()


def _hardest(
    points: Float[Tensor, "n dim"], same_person: Bool[Tensor, "n n"]
) -> tuple[Int[Tensor, " n"], Int[Tensor, " n"]]:
    """Each anchor's farthest positive and nearest negative, by index.

    Their distances are taken later, exactly and with gradients, for the chosen pairs only.
    """
    distances = torch.cdist(points, points)
    farthest_positive = distances.masked_fill(~same_person, -1).argmax(dim=1)
    nearest_negative = distances.masked_fill(same_person, torch.inf).argmin(dim=1)
    return farthest_positive, nearest_negative


def _distance(
    first: Float[Tensor, "n dim"], second: Float[Tensor, "n dim"], distance: Literal["euclidean", "squared"]
) -> Float[Tensor, " n"]:
    difference = first - second
    if distance == "squared":
        return difference.square().sum(dim=1)
    return torch.linalg.vector_norm(difference, dim=1)
