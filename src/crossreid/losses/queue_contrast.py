"""Find the teacher's feature of an item among features of earlier items."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize

from crossreid.losses.precision import in_full_precision
from crossreid.losses.shapes import check_positive, check_same_rows, check_same_width


@in_full_precision
def queue_contrast_loss(
    student: Float[Tensor, "n dim"],
    teacher: Float[Tensor, "n dim"],
    queue: Float[Tensor, "k dim"],
    *,
    temperature: float = 0.05,
    excluded: Bool[Tensor, "n k"] | None = None,
) -> Float[Tensor, ""]:
    """InfoNCE of each student's feature against its own teacher's and those of a queue, mean over rows; in nats.

    -log(exp(cos(s, t) / temperature) / (exp(cos(s, t) / temperature) + sum_j exp(cos(s, q_j) / temperature))). The
    other rows of the batch are no negatives: they are in the queue from the next step on.

    Args:
        student: features.
        teacher: features of the same items.
        queue: the teacher's features of earlier items of the same modality.
        temperature: of the softmax.
        excluded: the entries of the queue that are no negatives of a row.

    Source: DSMD (arXiv 2404.10838), contrastive distillation; the queue: MoCo (He et al., CVPR 2020).
    """
    check_positive(temperature=temperature)
    check_same_rows(student=student, teacher=teacher)
    check_same_width(student=student, teacher=teacher, queue=queue)
    student, teacher, queue = (normalize(rows, dim=1) for rows in (student, teacher, queue))
    negatives = student @ queue.T
    if excluded is not None:
        negatives = negatives.masked_fill(excluded, -torch.inf)
    logits = torch.cat([(student * teacher).sum(dim=1, keepdim=True), negatives], dim=1) / temperature
    return cross_entropy(logits, torch.zeros(len(logits), dtype=torch.long, device=logits.device))
