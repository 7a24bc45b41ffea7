"""Keep an item nearer to its partner than to the most similar stranger."""

from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import normalize, relu

from crossreid.losses.precision import in_full_precision
from crossreid.losses.shapes import check_same_rows, check_same_width


@in_full_precision
def hard_negative_loss(
    queries: Float[Tensor, "n dim"],
    gallery: Float[Tensor, "n dim"],
    *,
    margin: float = 0.2,
    violation: Literal["max", "sum"] = "max",
    person_ids: Int[Tensor, " n"] | None = None,
) -> Float[Tensor, ""]:
    """Triplet loss of cosines in both directions; row i of `queries` belongs to row i of `gallery`.

    For each row max(0, margin + cos(row, other) - cos(row, partner)), of the largest `other` or summed over all; then
    summed over the rows of both sides.

    Args:
        queries: features.
        gallery: features of their partners.
        margin: in cosine.
        violation: `max` (VSE++) or `sum` (over all negatives).
        person_ids: of each pair: a row of the same person is no negative. Left out, all other rows are.

    Source: VSE++ (Faghri et al., BMVC 2018), eq. 6; DSMD (arXiv 2404.10838), hard negative distillation.
    """
    check_same_rows(queries=queries, gallery=gallery)
    check_same_width(queries=queries, gallery=gallery)
    cosines = normalize(queries, dim=1) @ normalize(gallery, dim=1).T
    own = cosines.diagonal()
    if person_ids is None:
        same = torch.eye(len(cosines), dtype=torch.bool, device=cosines.device)
    else:
        check_same_rows(queries=queries, person_ids=person_ids)
        same = person_ids[:, None] == person_ids[None, :]
    of_queries = relu(margin + cosines - own[:, None]).masked_fill(same, 0)
    of_gallery = relu(margin + cosines - own[None, :]).masked_fill(same, 0)
    if violation == "max":
        return of_queries.amax(dim=1).sum() + of_gallery.amax(dim=0).sum()
    return of_queries.sum() + of_gallery.sum()
