"""Match the teacher first where its features have their energy."""

import torch
from jaxtyping import Float
from torch import Tensor

from crossreid.core.errors import ConfigurationError
from crossreid.losses.cosine import cosine_loss
from crossreid.losses.precision import in_full_precision
from crossreid.losses.shapes import check_same_rows, check_same_width


@in_full_precision
def principal_component_loss(
    student: Float[Tensor, "n dim"], teacher: Float[Tensor, "n dim"], basis: Float[Tensor, "dim k"]
) -> Float[Tensor, ""]:
    """1 - cos(student V, teacher V), mean over rows, with V the first k principal directions of the teacher.

    Args:
        student: features.
        teacher: features of the same items.
        basis: V, from `principal_basis`.

    Source: PCM, MLLMEmbed-ReID eq. 11.
    """
    check_same_rows(student=student, teacher=teacher)
    check_same_width(student=student, teacher=teacher, basis=basis.T)
    return cosine_loss(student @ basis, teacher @ basis)


@torch.no_grad()
@in_full_precision
def principal_basis(teacher_features: Float[Tensor, "n dim"], k: int) -> Float[Tensor, "dim k"]:
    """The first k right singular vectors of the (uncentred) features, as orthonormal columns.

    They are found by an eigendecomposition of the smaller of the two Gram matrices, n x n or dim x dim. The
    sign is free in theory; here the entry of largest magnitude in each column is positive.

    Args:
        teacher_features: of a batch or of the whole training set.
        k: at most min(n, dim).

    Raises:
        ConfigurationError: k is out of range.

    Source: MLLMEmbed-ReID eq. 8, 11.
    """
    rows, dim = teacher_features.shape
    if not 1 <= k <= min(rows, dim):
        raise ConfigurationError(
            f"k = {k} for features of shape [{rows}, {dim}]",
            expected=f"1 to {min(rows, dim)}",
            remedy="take fewer components or more rows",
        )
    # A Gram matrix squares the condition number: double precision takes that back (Apple's GPUs have none).
    features = teacher_features if teacher_features.device.type == "mps" else teacher_features.double()
    if rows < dim:
        vectors = torch.linalg.eigh(features @ features.T).eigenvectors
        # QR scales the columns to length 1 and stays orthonormal where singular values vanish.
        basis = torch.linalg.qr(features.T @ vectors[:, -k:].flip(1)).Q
    else:
        basis = torch.linalg.eigh(features.T @ features).eigenvectors[:, -k:].flip(1)
    largest = basis.gather(0, basis.abs().argmax(dim=0, keepdim=True))
    return (basis * largest.sign()).to(teacher_features.dtype)
