import numpy as np
import pytest

from crossreid.analysis.leakage import Leak, _folds, _predict, probe_leakage
from crossreid.core.errors import DataError

PEOPLE = np.repeat(np.arange(60), 3)


def crowd(seed: int = 0) -> np.ndarray:
    """Three vectors of each of 60 people, of whom the first dimension shows who is odd."""
    random = np.random.default_rng(seed)
    vectors = np.repeat(random.normal(size=(60, 12)), 3, axis=0) + 0.1 * random.normal(size=(180, 12))
    vectors[:, 0] = np.where(PEOPLE % 2, 3.0, -3.0) + random.normal(size=180)
    return vectors


def test_what_is_there_is_read_and_what_is_not_is_not() -> None:
    random = np.random.default_rng(1)
    attributes = {
        "noise": random.permutation(np.arange(60) % 3)[PEOPLE].astype(np.str_),
        "odd": np.where(PEOPLE % 2, "yes", "no"),
    }
    odd, noise = probe_leakage(crowd(), PEOPLE, attributes)
    assert (odd.attribute, odd.values, odd.people, odd.chance) == ("odd", 2, 60, 1 / 2)
    assert odd.balanced_accuracy > 0.95
    assert (noise.attribute, noise.chance) == ("noise", 1 / 3)
    assert noise.balanced_accuracy < 0.5


def test_people_are_not_recognised_instead() -> None:
    """Vectors that tell everybody apart, and an attribute by lot: a probe that met these people would read it."""
    vectors = np.repeat(np.eye(60), 3, axis=0)
    by_lot = np.random.default_rng(0).permutation(np.arange(60) % 2)[PEOPLE].astype(np.str_)
    (leak,) = probe_leakage(vectors, PEOPLE, {"by lot": by_lot})
    assert leak.balanced_accuracy < 0.7


def test_no_person_is_in_two_folds() -> None:
    folds = _folds(PEOPLE, 5, seed=0)
    assert all(len(set(fold)) == 1 for fold in folds.reshape(60, 3).tolist())
    assert np.bincount(folds).tolist() == [36] * 5


def test_rare_values_are_left_out() -> None:
    values = np.where(PEOPLE < 9, "rare", np.where(PEOPLE % 2, "yes", "no"))
    (leak,) = probe_leakage(crowd(), PEOPLE, {"odd": values, "same": np.full(180, "x")})
    assert (leak.values, leak.people) == (2, 51)


def test_a_rare_value_weighs_as_much_as_a_common_one() -> None:
    # Two on the left, eight on the right, of equal spread: the border lies half-way all the same.
    vectors = np.array([[-1.1], [-0.9], *[[0.9], [1.1]] * 4])
    labels = np.array([0, 0, *[1] * 8])
    assert _predict(vectors, labels, np.array([[-0.05], [0.05]]), 2, 0.01).tolist() == [0, 1]


def test_readable_is_measured_from_chance() -> None:
    assert Leak("a", 0.75, 0.0, 0.5, 2, 10).readable == pytest.approx(1 / 2)
    assert Leak("a", 0.5, 0.0, 0.5, 2, 10).readable == 0


def test_what_cannot_be_probed_is_refused() -> None:
    with pytest.raises(DataError, match="60 people; expected an attribute with two values of 10 people"):
        probe_leakage(crowd(), PEOPLE, {"own": PEOPLE.astype(np.str_)})
    with pytest.raises(DataError, match="lengths"):
        probe_leakage(crowd(), PEOPLE[:9], {})
