"""Let the student's dimensions relate to each other as the teacher's do."""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from crossreid.core.errors import ConfigurationError
from crossreid.losses.precision import in_full_precision
from crossreid.losses.shapes import check_same_rows, check_same_width

_SMALLEST_NORM = 1e-8


@in_full_precision
def feature_relation_loss(
    student: Float[Tensor, "n dim"],
    teacher: Float[Tensor, "n dim"],
    *,
    relation: Literal["gram", "correlation"] = "gram",
    match: Literal["rowwise", "frobenius"] = "rowwise",
) -> Float[Tensor, ""]:
    """1 - cosine of the dim x dim relation matrices S'S and T'T of student and teacher.

    The matrices need not be formed: with s_i and t_i the i-th columns of S and T, rows i of the two have the
    inner product s_i'(S T')t_i, and s_i'(S S')s_i is the squared length of the student's row. That costs
    O(n^2 dim) in place of O(n dim^2) and gives the same value and gradient; from n = dim / 2 on the direct
    form is the cheaper one and is used.

    Args:
        student: features.
        teacher: features of the same items.
        relation: `gram` of the features as they are (paper), or Pearson's `correlation` of the dimensions
            (the authors' release).
        match: `rowwise` cosine of each of the dim rows, then their mean, or one `frobenius` cosine of the
            flattened matrices. A row of zeros has cosine 0.

    Raises:
        ConfigurationError: shapes differ, or one row is to be correlated.

    Source: FR, MLLMEmbed-ReID eq. 12.
    """
    check_same_rows(student=student, teacher=teacher)
    check_same_width(student=student, teacher=teacher)
    if relation == "correlation":
        student, teacher = _standardised(student), _standardised(teacher)
    rows, dim = student.shape
    row_products = _products_of_samples if 2 * rows < dim else _products_of_dimensions
    cross = row_products(student, teacher)
    student_energy, teacher_energy = row_products(student, student), row_products(teacher, teacher)
    if match == "frobenius":
        cross, student_energy, teacher_energy = cross.sum(), student_energy.sum(), teacher_energy.sum()
    cosines = cross / (_norm(student_energy) * _norm(teacher_energy))
    return 1 - cosines.mean()


def _products_of_samples(
    first: Float[Tensor, "n dim"], second: Float[Tensor, "n dim"]
) -> Float[Tensor, " dim"]:
    """Inner products of the rows of first'first and second'second, by n x n matrices."""
    return (first * (first @ second.T @ second)).sum(dim=0)


def _products_of_dimensions(
    first: Float[Tensor, "n dim"], second: Float[Tensor, "n dim"]
) -> Float[Tensor, " dim"]:
    """The same by the dim x dim matrices themselves."""
    return ((first.T @ first) * (second.T @ second)).sum(dim=1)


def _norm(energy: Tensor) -> Tensor:
    return energy.clamp(min=_SMALLEST_NORM**2).sqrt()


def _standardised(features: Float[Tensor, "n dim"]) -> Float[Tensor, "n dim"]:
    """Columns of mean 0 and length 1: their Gram matrix is Pearson's correlation."""
    if len(features) < 2:
        raise ConfigurationError(
            "1 row to correlate", expected="at least 2 rows", remedy="use relation='gram'"
        )
    centred = features - features.mean(dim=0)
    return centred / torch.linalg.vector_norm(centred, dim=0).clamp(min=_SMALLEST_NORM)
