import numpy as np
import pytest

from crossreid.core.basis import PrincipalBasis
from crossreid.core.embeddings import Embeddings
from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.data.dataset import Dataset
from crossreid.packing.parity import measure_parity, parity_samples


def dataset(*kinds: Modality) -> Dataset:
    image = np.zeros((4, 4, 3), np.uint8)
    return Dataset("camera", "day", tuple(Sample(kind, image=image) for kind in kinds), ())


def test_what_is_given_comes_first() -> None:
    given = dataset(Modality.RGB, Modality.RGB)
    samples = parity_samples(given, frozenset({Modality.RGB, Modality.TEXT}))
    assert tuple(samples[:2]) == given.samples
    assert {str(sample.modality) for sample in samples[2:]} == {"text"}


def test_what_few_directions_lose_shows_in_retrieval_but_not_in_cosines() -> None:
    """Photos and sketches of A and B. A's sketch is at 0.64 to A's photo and 0.6 to B's; in two numbers it is B's."""
    vectors = np.array([[0.6, 0, 0.8], [0, 1, 0], [0, 0.6, 0.8], [0, 1, 0]], np.float32)
    model = Embeddings(
        vectors=vectors,
        modalities=np.array(["rgb", "rgb", "sketch", "sketch"]),
        person_ids=np.array([0, 1, 0, 1]),
        camera_ids=np.zeros(4, np.int64),
        source_ids=np.array(["a", "b", "c", "d"]),
        item_ids=np.array(["a", "b", "c", "d"]),
        fingerprint="model",
    )
    basis = PrincipalBasis(np.eye(3)[:, :2])
    people = dataset(Modality.RGB, Modality.RGB, Modality.SKETCH, Modality.SKETCH)
    parity = measure_parity(model, basis.project(model), people, basis)
    assert {item.lowest for item in parity.modalities.values()} == {1.0}
    (task,) = parity.tasks
    assert (task.task, task.r1, task.r1_change) == ("S->R", 100, -50)
    assert (task.mean_ap, task.mean_ap_change) == (100, -25)
    assert parity.broken("int8") == ("S->R: mAP -25.00 points, at least -1.0",)
    whole = measure_parity(model, model, people)
    assert whole.tasks[0].mean_ap_change == pytest.approx(0)
