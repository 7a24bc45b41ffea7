"""Point the student's features where the teacher's point."""

from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import cosine_similarity

from crossreid.losses.precision import in_full_precision
from crossreid.losses.shapes import check_same_rows, check_same_width


@in_full_precision
def cosine_loss(student: Float[Tensor, "n dim"], teacher: Float[Tensor, "n dim"]) -> Float[Tensor, ""]:
    """1 - cos(student, teacher), mean over rows.

    Source: MLLMEmbed-ReID eq. 10.
    """
    check_same_rows(student=student, teacher=teacher)
    check_same_width(student=student, teacher=teacher)
    return 1 - cosine_similarity(student, teacher, dim=1).mean()
