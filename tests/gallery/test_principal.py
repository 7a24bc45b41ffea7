import numpy as np
import pytest

from crossreid.core.errors import DataError
from crossreid.gallery.principal import learn_rotation, plan_index, recall_of
from crossreid.gallery.records import digest_of


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_what_lies_in_few_coordinates_needs_no_more() -> None:
    generator = np.random.default_rng(0)
    vectors = np.zeros((500, 128), np.float32)
    vectors[:, :30] = generator.normal(size=(500, 30))
    plan = plan_index(unit(vectors), target=0.99, generator=generator)
    assert plan is not None
    assert plan.width == 32
    assert plan.energy == pytest.approx(1)
    assert plan.candidates == 100  # no fewer, though ten would do


def test_where_all_coordinates_count_no_few_are_enough() -> None:
    generator = np.random.default_rng(0)
    vectors = unit(generator.normal(size=(3000, 256)))
    assert plan_index(vectors, target=0.99, generator=generator) is None


def test_a_higher_target_needs_more() -> None:
    generator = np.random.default_rng(0)
    vectors = unit(generator.normal(size=(2000, 256)) * np.arange(1, 257) ** -0.5)
    low, high = (
        plan_index(vectors, target=target, generator=np.random.default_rng(1)) for target in (0.5, 0.99)
    )
    assert low is not None
    assert high is not None
    assert (high.width, high.candidates) > (low.width, low.candidates)


def test_a_rotation_orders_and_changes_no_cosine() -> None:
    generator = np.random.default_rng(0)
    mixing = np.linalg.qr(generator.normal(size=(8, 8)))[0]
    vectors = unit((generator.normal(size=(50, 8)) * np.arange(8, 0, -1)) @ mixing)
    turned = vectors @ learn_rotation(vectors).directions
    np.testing.assert_allclose(turned @ turned.T, vectors @ vectors.T, atol=1e-5)
    energy = (turned**2).sum(axis=0)
    assert (np.diff(energy) <= 1e-6).all()


def test_few_vectors_are_refused() -> None:
    with pytest.raises(DataError, match="more than 20"):
        plan_index(np.eye(20, dtype=np.float32), target=0.5, generator=np.random.default_rng(0))


def test_recall_counts_what_was_found() -> None:
    assert recall_of([[1, 2, 9], [4]], [[1, 2, 3], [4, 5]]) == 3 / 5
    assert recall_of([], []) == 0


def test_a_digest_knows_no_order() -> None:
    assert digest_of(["a", "b"]) == digest_of(["b", "a"]) != digest_of(["a"])
    # SHA-256 of nothing
    assert digest_of([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
