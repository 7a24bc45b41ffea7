import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossreid.core.errors import ConfigurationError, DataError
from crossreid.evaluation.open_set import (
    ScoreCalibration,
    calibrate_scores,
    fnir_at_fpir,
    open_set_curve,
    threshold_at_fpir,
)

SCORES = st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=30).map(np.array)


def test_error_rates_by_hand():
    curve = open_set_curve(np.array([0.9, 0.5]), np.array([0.5, 0.2]))
    assert curve.thresholds.tolist() == [np.inf, 0.9, 0.5, 0.2]
    assert curve.false_positive_rates.tolist() == [0, 0, 1 / 2, 1]
    assert curve.false_negative_rates.tolist() == [1, 1 / 2, 0, 0]


def test_a_threshold_by_hand():
    scores = np.arange(100) / 100
    # Five of a hundred may answer: 0.95 to 0.99. So 0.94 may not.
    threshold = threshold_at_fpir(scores, 0.05)
    assert 0.94 < threshold <= 0.95
    assert (scores >= threshold).sum() == 5
    assert threshold_at_fpir(scores, 0.07) == np.nextafter(0.92, 1)


def test_tied_scores_answer_together_or_not_at_all():
    scores = np.array([0.1, 0.8, 0.8, 0.8])
    assert threshold_at_fpir(scores, 0.5) == np.nextafter(0.8, 1)
    assert fnir_at_fpir(np.array([0.8, 0.9, 0.9, 0.7]), scores, 0.5) == 2 / 4


@given(SCORES, SCORES, st.floats(0.05, 0.95))
def test_thresholds_keep_their_promise_and_no_lower_one_does(mated, non_mated, target):
    non_mated = np.concatenate([non_mated, np.zeros(20)])
    threshold = threshold_at_fpir(non_mated, target)
    assert np.mean(non_mated >= threshold) <= target + 1e-9
    lower = np.nextafter(threshold, -np.inf)
    assert np.mean(non_mated >= lower) > target - 1e-9
    assert fnir_at_fpir(mated, non_mated, target) == pytest.approx(np.mean(mated < threshold))


@given(SCORES, SCORES)
def test_curves_go_from_nothing_to_everything(mated, non_mated):
    curve = open_set_curve(mated, non_mated)
    assert (curve.false_positive_rates[0], curve.false_negative_rates[0]) == (0, 1)
    assert (curve.false_positive_rates[-1], curve.false_negative_rates[-1]) == (1, 0)
    assert (np.diff(curve.false_positive_rates) >= 0).all()
    assert (np.diff(curve.false_negative_rates) <= 0).all()


def test_a_rate_that_the_searches_cannot_show_is_refused():
    with pytest.raises(DataError, match=r"99 non-mated searches .* expected at least 100"):
        threshold_at_fpir(np.zeros(99), 0.01)


@pytest.mark.parametrize("target", [0.0, 1.0, float("nan")])
def test_what_is_not_a_rate_is_refused(target):
    with pytest.raises(ConfigurationError, match=r"above 0 and below 1"):
        threshold_at_fpir(np.zeros(5), target)


@pytest.mark.parametrize("scores", [np.zeros(0), np.zeros((2, 2)), np.array([np.nan])])
def test_what_are_not_scores_is_refused(scores):
    with pytest.raises(DataError, match=r"mated scores of shape"):
        open_set_curve(scores, np.zeros(3))


def test_a_probability_by_hand():
    calibration = ScoreCalibration(slope=np.log(3), offset=0.0)
    # Odds of 3 to 1 for a score of 1; with a prior of one in four they are even.
    assert calibration.probability(np.array([0.0, 1.0])) == pytest.approx([1 / 2, 3 / 4])
    assert calibration.probability(np.array([1.0]), prior=0.25) == pytest.approx([1 / 2])
    with pytest.raises(ConfigurationError, match=r"a prior of 1\.0"):
        calibration.probability(np.zeros(1), prior=1.0)


def test_two_scores_are_fitted_exactly():
    # At score 1 three of four are right, at score 0 one of four: logits +-log 3, but for the softened targets.
    right, wrong = np.repeat([1.0, 0.0], [3000, 1000]), np.repeat([1.0, 0.0], [1000, 3000])
    calibration = calibrate_scores(right, wrong)
    assert calibration.slope == pytest.approx(2 * np.log(3), rel=5e-3)
    assert calibration.offset == pytest.approx(-np.log(3), rel=5e-3)


def test_normal_scores_give_their_likelihood_ratio():
    random = np.random.default_rng(0)
    # N(1, 1) against N(0, 1), ten wrong scores for each right one: the log of the ratio is s - 1/2.
    calibration = calibrate_scores(random.normal(1, 1, 20_000), random.normal(0, 1, 200_000))
    assert (calibration.slope, calibration.offset) == pytest.approx((1, -1 / 2), abs=0.03)


def test_scores_that_do_not_overlap_give_a_finite_curve():
    calibration = calibrate_scores(np.array([0.8, 0.9]), np.array([0.1, 0.2]))
    below, above = calibration.probability(np.array([0.15, 0.85]))
    assert (below, above) == pytest.approx((1 / 4, 3 / 4), abs=0.02)


def test_equal_scores_cannot_be_calibrated():
    with pytest.raises(DataError, match=r"scores that are all 0\.5"):
        calibrate_scores(np.full(3, 0.5), np.full(2, 0.5))
