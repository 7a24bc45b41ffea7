"""Tell the people of the training set apart."""

from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import cross_entropy

from crossreid.losses.precision import in_full_precision
from crossreid.losses.shapes import check_same_rows


@in_full_precision
def identity_loss(logits: Float[Tensor, "n people"], person_labels: Int[Tensor, " n"]) -> Float[Tensor, ""]:
    """Cross entropy of a classifier over the people of the training set, mean over rows; in nats.

    Args:
        logits: of the classifier behind the BNNeck.
        person_labels: position of each row's person among the classes, 0 to people - 1.

    Source: MLLMEmbed-ReID eq. 2; BNNeck: Luo et al., CVPR Workshops 2019.
    """
    check_same_rows(logits=logits, person_labels=person_labels)
    return cross_entropy(logits, person_labels.long())
