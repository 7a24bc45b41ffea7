import numpy as np
import pytest

from crossreid.core.embeddings import Embeddings


@pytest.fixture
def people():
    """Four people, each with two groups of an RGB, IR and sketch image and a caption, all of the last at camera 0.

    A group lies on its person's axis, tilted by its own amount to a fifth axis; the four items of a group coincide.
    """
    rows = [(person, group, kind) for person in range(4) for group in range(2) for kind in KINDS]
    vectors = np.zeros((len(rows), 5), dtype=np.float32)
    for row, (person, group, _) in enumerate(rows):
        vectors[row, person] = 1
        vectors[row, 4] = 0.2 * group
    return Embeddings(
        vectors=vectors,
        modalities=np.array([kind for *_, kind in rows]),
        person_ids=np.array([person for person, *_ in rows]),
        camera_ids=np.array([group for _, group, _ in rows]),
        source_ids=np.array([f"{person}-{group}" for person, group, _ in rows]),
        item_ids=np.array([f"{person}-{group}-{kind}" for person, group, kind in rows]),
        fingerprint="teacher@space",
    )


KINDS = ("rgb", "ir", "sketch", "text")
