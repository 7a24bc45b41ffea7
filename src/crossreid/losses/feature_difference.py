"""Bring each coordinate of the student's features to the teacher's."""

from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import l1_loss

from crossreid.losses.precision import in_full_precision
from crossreid.losses.shapes import check_same_rows, check_same_width


@in_full_precision
def feature_difference_loss(
    student: Float[Tensor, "n dim"], teacher: Float[Tensor, "n dim"]
) -> Float[Tensor, ""]:
    """|student - teacher|, mean over rows and coordinates.

    Args:
        student: features, rows of length 1 in the source.
        teacher: features of the same items, likewise.

    Source: DSMD (arXiv 2404.10838), feature distillation.
    """
    check_same_rows(student=student, teacher=teacher)
    check_same_width(student=student, teacher=teacher)
    return l1_loss(student, teacher)
