"""Embeddings on a sheet of paper."""

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
