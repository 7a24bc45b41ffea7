"""Embeddings on a sheet of paper, and in a room."""

import numpy as np

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import DataError

_FEWEST = 4


def project(embeddings: Embeddings, *, seed: int = 0) -> np.ndarray:
    """t-SNE of the unit vectors, started from their first two principal components.

    Args:
        embeddings: a few thousand at most, for time.
        seed: the same seed and embeddings give the same picture.

    Returns:
        float32 [n, 2].

    Raises:
        DataError: fewer than 4 embeddings.

    Source: van der Maaten & Hinton, JMLR 2008; start: Kobak & Linderman, Nature Biotechnology 2021.
    """
    from sklearn.manifold import TSNE

    if len(embeddings) < _FEWEST:
        raise DataError(f"{len(embeddings)} embeddings", expected=f"at least {_FEWEST}")
    perplexity = min(30.0, (len(embeddings) - 1) / 3)
    tsne = TSNE(perplexity=perplexity, init="pca", learning_rate="auto", random_state=seed)
    return tsne.fit_transform(embeddings.unit().vectors)


def principal_map(embeddings: Embeddings, *, dimensions: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates of the unit vectors on their first principal directions, their mean taken away.

    The largest coordinate of each direction is positive, so that the same embeddings give the same picture.

    Args:
        embeddings: at least as many as the directions.
        dimensions: how many directions.

    Returns:
        [n, dimensions], and of each direction its share of the variance, [dimensions].

    Raises:
        DataError: there are fewer items or coordinates than directions.

    Source: the 3-D maps of DSMD (arXiv 2404.10838).
    """
    vectors = embeddings.unit().vectors.astype(np.float64)
    if min(vectors.shape) < dimensions:
        raise DataError(
            f"{vectors.shape[0]} embeddings of {vectors.shape[1]} numbers",
            expected=f"at least {dimensions} of at least {dimensions}",
        )
    left, singular_values, _ = np.linalg.svd(vectors - vectors.mean(axis=0), full_matrices=False)
    points = (left * singular_values)[:, :dimensions]
    points *= np.where(points[np.abs(points).argmax(axis=0), np.arange(dimensions)] < 0, -1.0, 1.0)
    energy = singular_values**2
    return points, energy[:dimensions] / max(energy.sum(), np.finfo(np.float64).tiny)
