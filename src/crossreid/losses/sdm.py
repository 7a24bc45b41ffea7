"""Match the similarities across modalities to the identities behind them."""

from collections.abc import Sequence
from typing import Literal

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import log_softmax, normalize

from crossreid.core.modality import PAIRS, Modality
from crossreid.losses.precision import in_full_precision
from crossreid.losses.shapes import check_positive, check_same_rows, check_same_width

_LOG_FLOOR = 1e-8
"""Added to the label distribution before its logarithm (IRRA)."""


@in_full_precision
def sdm_loss(
    queries: Float[Tensor, "q dim"],
    gallery: Float[Tensor, "g dim"],
    query_person_ids: Int[Tensor, " q"],
    gallery_person_ids: Int[Tensor, " g"],
    *,
    temperature: float,
) -> Float[Tensor, ""]:
    """Match the similarities across two modalities to the identities behind them.

    KL(softmax(cosine / temperature) || label match), mean over rows, summed over both directions; in nats.
    Each direction normalises its own labels by row. A row whose person is not on the other side has no label
    distribution and is left out of the mean.

    Source: SDM, IRRA (Jiang & Ye, CVPR 2023), eq. 6; MLLMEmbed-ReID eq. 4-5.
    """
    check_positive(temperature=temperature)
    check_same_width(queries=queries, gallery=gallery)
    check_same_rows(queries=queries, query_person_ids=query_person_ids)
    check_same_rows(gallery=gallery, gallery_person_ids=gallery_person_ids)
    logits = normalize(queries, dim=1) @ normalize(gallery, dim=1).T / temperature
    same_person = query_person_ids[:, None] == gallery_person_ids[None, :]
    return _one_direction(logits, same_person) + _one_direction(logits.T, same_person.T)


def pairwise_sdm_loss(
    features: Float[Tensor, "n dim"],
    person_ids: Int[Tensor, " n"],
    modalities: Int[Tensor, " n"] | Sequence[Modality],
    *,
    temperature: float,
    reduction: Literal["sum", "mean"] = "sum",
) -> Float[Tensor, ""]:
    """SDM over the six pairs of modalities; pairs that the batch holds no samples of are left out.

    Args:
        features: of the whole (global) batch.
        person_ids: of each row.
        modalities: of each row; as a tensor (which processes can gather) by position in `tuple(Modality)`:
            rgb 0, ir 1, sketch 2, text 3.
        temperature: of the softmax.
        reduction: `sum` over the pairs (paper), or their `mean` (the authors' teacher).

    Source: MLLMEmbed-ReID eq. 6.
    """
    places = modalities if isinstance(modalities, Tensor) else _places(modalities, features.device)
    check_same_rows(features=features, person_ids=person_ids, modalities=places)
    rows = {modality: (places == place).nonzero()[:, 0] for place, modality in enumerate(Modality)}
    losses = [
        sdm_loss(
            features[rows[first]],
            features[rows[second]],
            person_ids[rows[first]],
            person_ids[rows[second]],
            temperature=temperature,
        )
        for first, second in PAIRS
        if len(rows[first]) and len(rows[second])
    ]
    if not losses:
        return features.sum() * 0
    total = torch.stack(losses).sum()
    return total / len(losses) if reduction == "mean" else total


def _places(modalities: Sequence[Modality], device: torch.device) -> Int[Tensor, " n"]:
    order = list(Modality)
    return torch.tensor([order.index(modality) for modality in modalities], dtype=torch.long, device=device)


def _one_direction(logits: Float[Tensor, "q g"], same_person: Bool[Tensor, "q g"]) -> Float[Tensor, ""]:
    matches = same_person.to(logits.dtype)
    counts = matches.sum(dim=1)
    labels = matches / counts.clamp(min=1)[:, None]
    log_similarity = log_softmax(logits, dim=1)
    divergence = (log_similarity.exp() * (log_similarity - torch.log(labels + _LOG_FLOOR))).sum(dim=1)
    has_match = counts > 0
    return (divergence * has_match).sum() / has_match.sum().clamp(min=1)
