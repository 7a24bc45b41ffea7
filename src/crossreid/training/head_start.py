"""Heads that begin as the best maps from the student's features to the teacher's, linear or by a rotation."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.data.dataset import Dataset
from crossreid.data.encoding import encode_samples
from crossreid.models.encoder import ModelEncoder
from crossreid.models.vision_text import EdgeModel

_RIDGE = 0.01
"""As a share of the mean energy of a pooled coordinate."""


def fit_heads(student: EdgeModel, dataset: Dataset, teacher_features: Tensor) -> None:
    """Set the head of every modality by ridge regression of the teacher's features on the student's pooled ones.

    W = T^T X (X^T X + r I)^-1, r = 0.01 trace(X^T X) / width, with unit rows in X and T. A student that has not met its
    teacher yet lives in the space of its own pretraining; turning it by gradient takes most of a short distillation.

    Args:
        student: in place; heads of modalities that the data set lacks stay as they are.
        dataset: the training set.
        teacher_features: unit rows [n, dim], row i of sample i.
    """
    training = student.training
    student.eval()
    for modality in Modality:
        rows = [row for row, sample in enumerate(dataset.samples) if sample.modality == modality]
        if rows:
            pooled = _pool(student, [dataset.samples[row] for row in rows])
            weight = regress(torch.from_numpy(pooled), teacher_features[rows])
            with torch.no_grad():
                student.heads[modality.value].weight.copy_(weight)  # type: ignore[operator]
    student.train(training)


def turn_heads(student: EdgeModel, dataset: Dataset, teacher_features: Tensor) -> None:
    """Turn the space of all heads onto the teacher's by one orthogonal map (Procrustes).

    Cosines among the student's own features stay what they were, so nothing that its pretraining knows is lost.

    Args:
        student: in place.
        dataset: the training set.
        teacher_features: unit rows [n, dim], row i of sample i.
    """
    training = student.training
    own = torch.from_numpy(
        ModelEncoder(student).encode(dataset.samples, batch_size=64, progress=False).vectors
    )
    turn = orthogonal_map(own, teacher_features).float()
    with torch.no_grad():
        for head in student.heads.values():
            for parameter in head.parameters():
                parameter.copy_(turn.to(parameter.device) @ parameter)
    student.train(training)


def orthogonal_map(features: Tensor, targets: Tensor) -> Tensor:
    """The orthogonal matrix R [dim, dim] for which R x is nearest to t over all rows x, t of two [n, dim].

    With the singular value decomposition T^T X = U S V^T it is U V^T (Schoenemann, 1966).
    """
    features, targets = features.double().cpu(), targets.double().cpu()
    left, _, right = torch.linalg.svd(targets.T @ features)
    return left @ right


def regress(features: Tensor, targets: Tensor) -> Tensor:
    """The map [dim, width] that takes features [n, width] nearest to targets [n, dim]."""
    features, targets = features.double().cpu(), targets.double().cpu()
    gram = features.T @ features
    ridge = _RIDGE * gram.diagonal().mean() * torch.eye(len(gram), dtype=gram.dtype)
    return torch.linalg.solve(gram + ridge, features.T @ targets).T


def _pool(student: EdgeModel, samples: Sequence[Sample]) -> np.ndarray:
    """Unit rows [n, width of the tower] of samples of one modality."""

    def look(pixels: np.ndarray, _: Sequence[Modality]) -> np.ndarray:
        with torch.inference_mode():
            return student.pool_images(torch.from_numpy(pixels).to(student.device)).cpu().numpy()

    def read(captions: Sequence[str]) -> np.ndarray:
        with torch.inference_mode():
            return student.pool_captions(captions).cpu().numpy()

    head = student.heads[samples[0].modality.value]
    return encode_samples(
        samples,
        embed_images=look,
        embed_captions=read,
        preprocessing=student.preprocessing,
        dim=head.in_features,  # type: ignore[arg-type]
        fingerprint="pooled",
        batch_size=64,
        progress=False,
    ).vectors
