import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossreid.evaluation.query_expansion import expand_queries

NOTHING = np.zeros(0, dtype=np.int64)


def expand(queries, gallery, dropped=None, **settings):
    return expand_queries(queries, gallery, dropped or [NOTHING] * len(queries), **settings)


def test_average_by_hand():
    # q + g with a right angle between them lies half-way.
    found = expand(np.array([[2.0, 0.0]]), np.array([[0.0, 3.0], [-1.0, 0.0]]), neighbours=1, alpha=0)
    np.testing.assert_allclose(found, [[0.5**0.5, 0.5**0.5]], rtol=1e-6)


def test_alpha_weighs_by_a_power_of_the_cosine():
    # Cosines 0.8 and 0.6: q + 0.8^2 (0.8, 0.6) + 0.6^2 (0.6, -0.8), by hand.
    gallery = np.array([[0.8, 0.6], [0.6, -0.8]])
    x, y = 1 + 0.512 + 0.216, 0.384 - 0.288
    found = expand(np.array([[1.0, 0.0]]), gallery, neighbours=2, alpha=2)
    np.testing.assert_allclose(found, np.array([[x, y]]) / np.hypot(x, y), rtol=1e-6)


def test_what_a_protocol_drops_is_not_used():
    gallery = np.array([[0.8, 0.6], [0.6, -0.8]])
    found = expand(np.array([[1.0, 0.0]]), gallery, [np.array([0])], neighbours=2, alpha=0)
    np.testing.assert_allclose(found, np.array([[1.6, -0.8]]) / np.hypot(1.6, 0.8), rtol=1e-6)


def test_what_a_protocol_drops_leaves_its_place_to_the_next():
    gallery = np.array([[0.8, 0.6], [0.6, -0.8]])
    found = expand(np.array([[1.0, 0.0]]), gallery, [np.array([0])], neighbours=1, alpha=0)
    np.testing.assert_allclose(found, np.array([[1.6, -0.8]]) / np.hypot(1.6, 0.8), rtol=1e-6)


@pytest.mark.parametrize("alpha", [0, 3])
def test_a_query_that_has_nothing_left_stays(alpha):
    found = expand(np.array([[3.0, 4.0]]), np.array([[1.0, 0.0]]), [np.array([0])], alpha=alpha)
    np.testing.assert_allclose(found, [[0.6, 0.8]], rtol=1e-6)


def test_a_zero_query_finds_nothing_near():
    found = expand(np.zeros((1, 2)), np.array([[1.0, 0.0]]))
    np.testing.assert_array_equal(found, [[0, 0]])


@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.sampled_from([0.0, 1.0, 3.0]))
def test_agrees_with_a_loop(seed, neighbours, alpha):
    random = np.random.default_rng(seed)
    queries, gallery = random.normal(size=(4, 5)), random.normal(size=(9, 5))
    gallery /= np.linalg.norm(gallery, axis=1, keepdims=True)
    found = expand(queries, gallery, neighbours=neighbours, alpha=alpha)
    for query, row in zip(queries / np.linalg.norm(queries, axis=1, keepdims=True), found, strict=True):
        best = sorted(gallery, key=lambda item, query=query: -float(item @ query))[:neighbours]
        kept = [item for item in best if alpha == 0 or item @ query > 0]
        total = query + sum((float(item @ query) ** alpha * item for item in kept), np.zeros(5))
        np.testing.assert_allclose(row, total / np.linalg.norm(total), rtol=1e-4, atol=1e-6)
