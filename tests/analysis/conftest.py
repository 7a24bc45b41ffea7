import numpy as np
import pytest

from crossreid.core.embeddings import Embeddings


@pytest.fixture
def make_embeddings():
    def make(vectors, person_ids, modality="rgb"):
        count = len(vectors)
        return Embeddings(
            vectors=np.asarray(vectors, dtype=np.float32),
            modalities=np.full(count, modality),
            person_ids=np.asarray(person_ids),
            camera_ids=np.full(count, -1),
            source_ids=np.full(count, ""),
            item_ids=np.arange(count).astype(np.str_),
            fingerprint="model",
        )

    return make
