import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossreid.analysis import low_rank_spectrum, random_halves
from crossreid.core.errors import ConfigurationError, DataError


def test_golden_values(golden_inputs, golden_values):
    spectrum = low_rank_spectrum(golden_inputs["teacher"])
    expected = golden_values["explained_variance_top5"]
    np.testing.assert_allclose(spectrum.explained_variance[:5], expected, rtol=1e-5)
    assert spectrum.effective_rank == pytest.approx(golden_values["effective_rank"], rel=1e-5)


def test_two_axes_by_hand():
    # Singular values 3 and 1 along the second and the first axis: w = [9/10, 1/10].
    spectrum = low_rank_spectrum(np.array([[1.0, 0.0, 0.0], [0.0, -3.0, 0.0]]))
    np.testing.assert_allclose(spectrum.singular_values, [3, 1])
    np.testing.assert_allclose(spectrum.explained_variance, [0.9, 0.1])
    np.testing.assert_allclose(spectrum.cumulative, [0.9, 1])
    np.testing.assert_allclose(spectrum.importance, [0.1, 0.9, 0], atol=1e-12)
    entropy = -(0.9 * math.log(0.9) + 0.1 * math.log(0.1))
    assert spectrum.effective_rank == pytest.approx(math.exp(entropy))
    assert repr(spectrum) == "Spectrum(rank 2, effective rank 1.4)"  # exp(0.325) = 1.384


def test_the_mean_is_not_taken_away():
    spectrum = low_rank_spectrum(np.array([[10.0, 1.0], [10.0, -1.0]]))
    np.testing.assert_allclose(spectrum.singular_values**2, [200, 2])


@pytest.mark.parametrize(("share", "components"), [(0.5, 1), (0.9, 1), (0.91, 2), (0.99, 2), (1.0, 2)])
def test_components_for_a_share(share, components):
    assert low_rank_spectrum(np.diag([3.0, 1.0])).components_for(share) == components


def test_equal_energies_are_counted_exactly():
    spectrum = low_rank_spectrum(np.eye(10))
    assert [spectrum.components_for(k / 10) for k in range(1, 11)] == list(range(1, 11))
    assert spectrum.effective_rank == pytest.approx(10)


@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_tall_and_wide_features_agree_with_a_plain_decomposition(rows, dim, seed):
    features = np.random.default_rng(seed).normal(size=(rows, dim))
    spectrum = low_rank_spectrum(features)
    _, values, directions = np.linalg.svd(features, full_matrices=False)
    share = values**2 / np.sum(values**2)
    np.testing.assert_allclose(spectrum.singular_values, values, rtol=1e-9)
    np.testing.assert_allclose(
        spectrum.importance, (np.abs(directions) * share[:, None]).sum(axis=0), rtol=1e-6
    )
    assert spectrum.cumulative[-1] == pytest.approx(1)
    assert 1 - 1e-9 <= spectrum.effective_rank <= min(rows, dim) + 1e-9


@given(st.permutations(range(6)), st.floats(1e-3, 1e3))
def test_the_order_of_the_rows_and_the_scale_do_not_matter(order, scale):
    features = np.random.default_rng(0).normal(size=(6, 4))
    changed, expected = low_rank_spectrum(features[order] * scale), low_rank_spectrum(features)
    np.testing.assert_allclose(changed.explained_variance, expected.explained_variance, rtol=1e-9)
    np.testing.assert_allclose(changed.importance, expected.importance, rtol=1e-9)


@pytest.mark.parametrize("share", [0, -1, 1.01])
def test_a_share_out_of_range_is_refused(share):
    with pytest.raises(ConfigurationError, match=r"above 0 and at most 1"):
        low_rank_spectrum(np.eye(2)).components_for(float(share))


@pytest.mark.parametrize("features", [np.ones(3), np.ones((0, 3)), np.zeros((2, 2)), np.array([[np.nan, 1]])])
def test_what_has_no_spectrum_is_refused(features):
    with pytest.raises(DataError):
        low_rank_spectrum(features)


def test_trials_are_halves_and_the_seed_draws_them():
    # Six unit rows along six axes: a half is three of them, all equally strong, whichever they are.
    halves = list(random_halves(np.eye(6), trials=4, seed=1))
    assert [half.effective_rank for half in halves] == pytest.approx([3.0] * 4)
    chosen = [tuple(np.flatnonzero(half.importance > 0.1)) for half in halves]
    assert len(set(chosen)) > 1
    again = random_halves(np.eye(6), trials=4, seed=1)
    assert [tuple(np.flatnonzero(half.importance > 0.1)) for half in again] == chosen
