"""Turn the student's features towards the teacher's, on a scale from 0 to 1."""

from jaxtyping import Float
from torch import Tensor

from crossreid.losses.cosine import cosine_loss


def similarity_loss(student: Float[Tensor, "n dim"], teacher: Float[Tensor, "n dim"]) -> Float[Tensor, ""]:
    """1 - (cos(student, teacher) + 1) / 2, mean over rows: half of `cosine_loss`.

    Source: DSMD (arXiv 2404.10838), cosine similarity distillation.
    """
    return cosine_loss(student, teacher) / 2
