import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossreid.core.errors import DataError
from crossreid.evaluation import fuse


def test_two_pieces_by_hand():
    fused = fuse([np.array([5.0, 0.0]), np.array([0.0, 0.1])], weights=[3, 4])
    assert fused.dtype == np.float32
    np.testing.assert_allclose(fused, [0.6, 0.8], rtol=1e-6)


def test_rows_are_fused_one_by_one():
    first, second = np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([[0.0, 1.0], [0.0, 1.0]])
    np.testing.assert_allclose(fuse([first, second]), [[0.5**0.5, 0.5**0.5], [0, 1]], rtol=1e-6)


def test_one_piece_is_only_normalised():
    np.testing.assert_allclose(fuse([np.array([3.0, 4.0])]), [0.6, 0.8], rtol=1e-6)


@given(st.permutations(range(4)), st.lists(st.floats(0.1, 10), min_size=4, max_size=4), st.floats(0.1, 10))
def test_order_of_pieces_and_scale_of_weights_do_not_matter(order, weights, scale):
    pieces = list(np.random.default_rng(0).normal(size=(4, 6)))
    expected = fuse(pieces, weights)
    np.testing.assert_allclose(np.linalg.norm(expected), 1, rtol=1e-5)
    shuffled = fuse([pieces[i] * scale for i in order], [weights[i] * scale for i in order])
    np.testing.assert_allclose(shuffled, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("pieces", "weights", "message"),
    [
        ([], None, r"one or more pieces"),
        ([np.ones(2), np.ones(3)], None, r"shapes \[\(2,\), \(3,\)\]"),
        ([np.ones(2)], [1, 2], r"weights \[1, 2\]; expected 1 numbers"),
        ([np.ones(2), np.ones(2)], [1, 0], r"numbers above 0"),
        ([np.ones(2), np.ones(2)], [1, np.nan], r"numbers above 0"),
        ([np.ones(2), np.zeros(2)], None, r"without a direction"),
        ([np.array([1, np.inf])], None, r"without a direction"),
        ([np.ones(2), -np.ones(2)], None, r"cancel out"),
    ],
)
def test_what_cannot_be_fused_is_refused(pieces, weights, message):
    with pytest.raises(DataError, match=message):
        fuse(pieces, weights)
