import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossreid.evaluation import cosines
from crossreid.evaluation.cosines import STEPS
from crossreid.evaluation.k_reciprocal import k_reciprocal_rows


def by_definition(queries, gallery, k, averaged, share):
    """The paper's sets and sums as they are written, with dense matrices."""
    items = np.concatenate([queries, gallery])
    items = items / np.linalg.norm(items, axis=1, keepdims=True)
    count = len(items)
    distances = 2 - 2 * items @ items.T
    nearest = [sorted(range(count), key=lambda j, i=i: (round(distances[i, j], 9), j)) for i in range(count)]
    distances = distances / distances.max(axis=1, keepdims=True)

    def mutual(i, size):
        return {j for j in nearest[i][: size + 1] if i in nearest[j][: size + 1]}

    encoded = np.zeros((count, count))
    for i in range(count):
        plain = mutual(i, k)
        widened = set(plain)
        for j in plain:
            theirs = mutual(j, round(k / 2))
            if len(theirs & plain) > 2 / 3 * len(theirs):
                widened |= theirs
        for j in widened:
            encoded[i, j] = np.exp(-distances[i, j])
        encoded[i] /= encoded[i].sum()
    encoded = np.stack([encoded[near[:averaged]].mean(axis=0) for near in nearest])
    smaller = np.minimum(encoded[: len(queries), None], encoded[None, len(queries) :]).sum(axis=2)
    larger = np.maximum(encoded[: len(queries), None], encoded[None, len(queries) :]).sum(axis=2)
    return (1 - share) * (1 - smaller / larger) + share * distances[: len(queries), len(queries) :]


@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(2, 14), st.integers(1, 6), st.integers(1, 4))
def test_agrees_with_the_definition(seed, query_count, gallery_count, k, averaged):
    random = np.random.default_rng(seed)
    queries, gallery = random.normal(size=(query_count, 6)), random.normal(size=(gallery_count, 6))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cosines, "BUDGET_BYTES", 200)
        rows = k_reciprocal_rows(queries, gallery, nearest=k, averaged=averaged, share=0.3)
        found = rows(0, query_count)
    expected = by_definition(queries, gallery, k, averaged, 0.3)
    np.testing.assert_allclose(-found / STEPS, expected, atol=1e-7)


def test_a_copy_and_an_opposite_are_at_the_ends():
    query, gallery = np.array([[1.0, 0.0]]), np.array([[2.0, 0.0], [-1.0, 0.0], [0.6, 0.8]])
    found = k_reciprocal_rows(query, gallery, nearest=1, averaged=1)(0, 1)
    np.testing.assert_allclose(-found / STEPS, by_definition(query, gallery, 1, 1, 0.3), atol=1e-7)
    assert found[0, 0] == 0
    assert found[0, 1] == -STEPS


def test_shared_neighbours_outweigh_a_slightly_smaller_distance():
    # In degrees: the query at 0, three of a kind at 10, 11 and 12, a stranger at -9 with kin of its own beyond.
    angles = np.radians([10, 11, 12, -9, -16.5, -17, -17.5])
    gallery = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    query = np.array([[1.0, 0.0]])
    plain = cosines.cosine_rows(query, gallery)(0, 1)[0]
    again = k_reciprocal_rows(query, gallery, nearest=3, averaged=1, share=0.1)(0, 1)[0]
    assert plain[3] > plain[0]
    assert again[0] > again[3]


def test_with_the_whole_share_it_is_the_plain_ranking():
    random = np.random.default_rng(0)
    queries, gallery = random.normal(size=(3, 8)), random.normal(size=(30, 8))
    plain = cosines.cosine_rows(queries, gallery)(0, 3)
    again = k_reciprocal_rows(queries, gallery, share=1.0)(0, 3)
    assert np.argsort(-again, kind="stable").tolist() == np.argsort(-plain, kind="stable").tolist()


def test_parts_of_the_queries_can_be_asked_for():
    random = np.random.default_rng(0)
    queries, gallery = random.normal(size=(5, 8)), random.normal(size=(9, 8))
    rows = k_reciprocal_rows(queries, gallery, nearest=4)
    np.testing.assert_array_equal(rows(2, 4), rows(0, 5)[2:4])


def test_items_that_coincide_are_no_trouble():
    rows = k_reciprocal_rows(np.ones((2, 3)), np.ones((4, 3)))(0, 2)
    assert (rows == rows[0, 0]).all()
