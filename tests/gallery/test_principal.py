import numpy as np
import pytest

from crossreid.core.basis import PrincipalBasis
from crossreid.core.errors import ConfigurationError, DataError
from crossreid.gallery.principal import IndexPlan, Survey, learn_rotation, recalls_of, surely_reached
from crossreid.gallery.records import digest_of


def unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def survey(
    vectors: np.ndarray,
    *,
    sample: int | None = None,
    rotation: PrincipalBasis | None = None,
    at_once: int = 700,
) -> Survey:
    """Of vectors whose numbers are ten times their rows."""
    numbers = 10 * np.arange(len(vectors))
    few = slice(sample)
    found = Survey(vectors[few], numbers[few], rotation, np.random.default_rng(1))
    for start in range(0, len(vectors), at_once):
        part = slice(start, start + at_once)
        found.add(numbers[part], vectors[part])
    return found


def falling(count: int, power: float) -> np.ndarray:
    """Vectors whose i-th coordinate shrinks as i ** -power."""
    return unit(np.random.default_rng(0).normal(size=(count, 256)) * np.arange(1, 257) ** -power)


def test_what_lies_in_few_coordinates_needs_no_more() -> None:
    vectors = np.zeros((500, 128), np.float32)
    vectors[:, :30] = np.random.default_rng(0).normal(size=(500, 30))
    plan = survey(unit(vectors)).plan(0.99)
    assert plan is not None
    assert plan.width == 32
    assert plan.energy == pytest.approx(1)
    assert plan.candidates == 100  # no fewer, though ten would do


def test_where_all_coordinates_count_no_few_are_enough() -> None:
    vectors = unit(np.random.default_rng(0).normal(size=(3000, 256)))
    assert survey(vectors).plan(0.99) is None


def test_it_counts_where_the_nearest_stand() -> None:
    """Against an order of everything, query by query; shown in other pieces it says the same."""
    vectors = falling(2000, 0.5)
    found, other = survey(vectors), survey(vectors, at_once=64)
    scores = found.queries @ vectors.T
    rows = found.own // 10
    scores[np.arange(len(rows)), rows] = -np.inf
    nearest = np.argsort(-scores, axis=1)[:, :10]
    assert found.nearest == other.nearest == (10 * nearest).tolist()
    for target in (0.5, 0.9):
        best: list[IndexPlan] = []
        for width in (32, 64, 96, 128):
            low = found.queries[:, :width] @ unit(vectors[:, :width]).T
            low[np.arange(len(rows)), rows] = -np.inf
            places = np.argsort(np.argsort(-low, axis=1), axis=1) + 1
            own = np.sort(np.take_along_axis(places, nearest, axis=1).ravel())
            needed = own[int(np.ceil((1 + target) / 2 * (len(own) - 1)))]
            energy = float((vectors[:, :width] ** 2).sum() / (vectors**2).sum())
            best.append(IndexPlan(width, max(100, int(np.ceil(1.5 * needed))), energy))
        enough = [plan for plan in best if plan.candidates <= 200] or [min(best, key=lambda p: p.candidates)]
        for plan in (found.plan(target), other.plan(target)):
            assert plan is not None
            assert (plan.width, plan.candidates) == (enough[0].width, enough[0].candidates)
            assert plan.energy == pytest.approx(enough[0].energy)


def test_a_denser_gallery_needs_more() -> None:
    vectors = falling(6000, 0.4)
    sparse, dense = (survey(some, sample=300).plan(0.99) for some in (vectors[:400], vectors))
    assert sparse is not None
    assert dense is not None
    assert (dense.width, dense.candidates) > (sparse.width, sparse.candidates)


def test_turned_vectors_are_surveyed_as_if_they_had_come_so() -> None:
    vectors = falling(1500, 0.7)
    mixing = np.linalg.qr(np.random.default_rng(2).normal(size=(256, 256)))[0].astype(np.float32)
    mixed = unit(vectors @ mixing)
    rotation = learn_rotation(mixed)
    plan, other = (
        survey(mixed, rotation=rotation).plan(0.9),
        survey(unit(mixed @ rotation.directions)).plan(0.9),
    )
    assert plan is not None
    assert other is not None
    assert (plan.width, plan.candidates) == (other.width, other.candidates)
    assert plan.energy == pytest.approx(other.energy)


@pytest.mark.parametrize("target", [0.0, 1.0, 1.5])
def test_a_target_is_a_share(target: float) -> None:
    with pytest.raises(ConfigurationError, match="above 0 and below 1"):
        survey(falling(50, 0.5)).plan(target)


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
        survey(np.eye(20, dtype=np.float32))


def test_recall_counts_what_was_found() -> None:
    assert recalls_of([[1, 2, 9], [4]], [[1, 2, 3], [4, 5]]).tolist() == [2 / 3, 1 / 2]
    assert recalls_of([], []).tolist() == []


def test_a_target_is_surely_reached_when_other_queries_would_reach_it_too() -> None:
    """0.95 +- 0.05 over four queries: 0.95 - 1.645 * 0.0577 / 2 = 0.9025."""
    recalls = np.array([0.9, 0.9, 1.0, 1.0])
    assert surely_reached(recalls, 0.90)
    assert not surely_reached(recalls, 0.905)
    assert surely_reached(np.ones(3), 0.999)
    assert surely_reached(np.ones(1), 0.9)


def test_a_digest_knows_no_order() -> None:
    assert digest_of(["a", "b"]) == digest_of(["b", "a"]) != digest_of(["a"])
    # SHA-256 of nothing
    assert digest_of([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
