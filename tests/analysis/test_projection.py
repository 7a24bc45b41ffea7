import numpy as np
import pytest

from crossreid.analysis import project
from crossreid.analysis.projection import principal_map
from crossreid.core.errors import DataError


def test_clusters_stay_clusters_and_the_seed_decides(make_embeddings):
    random = np.random.default_rng(0)
    people = np.repeat([0, 1, 2], 12)
    embeddings = make_embeddings(np.eye(8)[people] + 0.02 * random.normal(size=(36, 8)), people)
    points = project(embeddings, seed=3)
    assert points.shape == (36, 2)
    np.testing.assert_array_equal(points, project(embeddings, seed=3))
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    assert (people[distances.argmin(axis=1)] == people).all()


def test_lengths_do_not_matter(make_embeddings):
    vectors = np.random.default_rng(0).normal(size=(10, 4))
    lengths = 2.0 ** np.arange(10)[:, None]
    people = np.zeros(10, dtype=int)
    stretched = project(make_embeddings(vectors * lengths, people))
    np.testing.assert_allclose(stretched, project(make_embeddings(vectors, people)), rtol=1e-3)


def test_too_few_are_refused(make_embeddings):
    with pytest.raises(DataError, match=r"3 embeddings; expected at least 4"):
        project(make_embeddings(np.eye(3), [0, 1, 2]))
    assert project(make_embeddings(np.eye(4), [0, 1, 2, 3])).shape == (4, 2)


def test_principal_directions_by_hand(make_embeddings):
    """Corners of a rectangle whose mean is zero: 0.8² and 0.6² of the variance, and nothing in the third direction."""
    vectors = np.array([[0.8, 0.6, 0], [-0.8, 0.6, 0], [0.8, -0.6, 0], [-0.8, -0.6, 0]])
    points, shares = principal_map(make_embeddings(vectors, np.arange(4)))
    np.testing.assert_allclose(shares, [0.64, 0.36, 0], atol=1e-7)
    np.testing.assert_allclose(np.abs(points), np.abs(vectors), atol=1e-7)
    assert (points[np.abs(points).argmax(axis=0), range(3)] >= 0).all()


def test_a_map_needs_as_many_items_as_directions(make_embeddings):
    with pytest.raises(DataError, match="2 embeddings of 3 numbers; expected at least 3 of at least 3"):
        principal_map(make_embeddings(np.eye(3)[:2], [0, 1]))
