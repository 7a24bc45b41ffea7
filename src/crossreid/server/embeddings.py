"""Vectors that come from outside as `Embeddings`."""

from collections.abc import Sequence

import numpy as np

from crossreid.core.embeddings import Embeddings
from crossreid.core.modality import Modality


def bare(vectors: np.ndarray, kinds: Sequence[Modality], fingerprint: str, rotation: str) -> Embeddings:
    """Embeddings of vectors that came without keys."""
    count = len(vectors)
    return Embeddings(
        vectors=vectors,
        modalities=np.array([str(kind) for kind in kinds], np.str_),
        person_ids=np.full(count, -1),
        camera_ids=np.full(count, -1),
        source_ids=np.full(count, "", np.str_),
        item_ids=np.full(count, "", np.str_),
        fingerprint=fingerprint,
        rotation=rotation,
    )
