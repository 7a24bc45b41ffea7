"""One query from several pieces of evidence."""

from collections.abc import Sequence

import numpy as np

from crossreid.core.errors import DataError


def fuse(embeddings: Sequence[np.ndarray], weights: Sequence[float | int] | None = None) -> np.ndarray:
    """The weighted sum of the unit vectors of each piece, scaled to unit length again.

    Args:
        embeddings: one array a piece of evidence, all [dim] or all [n, dim].
        weights: above 0, one a piece; equal when left out.

    Returns:
        float32 of the shape of one piece.

    Raises:
        DataError: pieces or weights do not fit each other, a vector is zero or not finite, or the pieces
            cancel out.
    """
    pieces = [np.asarray(piece, dtype=np.float64) for piece in embeddings]
    weights = [1.0] * len(pieces) if weights is None else weights
    shapes = {piece.shape for piece in pieces}
    if len(shapes) != 1:
        raise DataError(f"pieces of shapes {sorted(shapes)}", expected="one or more pieces of one shape")
    if len(weights) != len(pieces) or not all(0 < weight < np.inf for weight in weights):
        raise DataError(f"weights {list(weights)}", expected=f"{len(pieces)} numbers above 0, one a piece")
    total = np.sum([weight * _unit(piece) for weight, piece in zip(weights, pieces, strict=True)], axis=0)
    return _unit(total).astype(np.float32)


def _unit(vectors: np.ndarray) -> np.ndarray:
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    # Far below the rounding of a float32 unit vector there is no direction left.
    if not (np.isfinite(norms) & (norms > 1e-9)).all():
        raise DataError(
            "a vector without a direction (zero or not finite), or pieces of evidence that cancel out",
            expected="finite vectors above 0",
            remedy="search with fewer pieces",
        )
    return vectors / norms
