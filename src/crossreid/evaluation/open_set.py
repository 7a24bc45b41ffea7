"""Is this person here at all? Thresholds and error rates from the scores of searches whose answer is known.

A *mated* search is for somebody in the gallery; its score is that of the person's best item. A *non-mated* search is
for somebody who is not; its score is the best of all items. A search answers when its score reaches the threshold.
"""

from dataclasses import dataclass

import numpy as np

from crossreid.core.errors import ConfigurationError, DataError


@dataclass(frozen=True, eq=False)
class OpenSetCurve:
    """Both error rates at every threshold at which one of them changes.

    DET: `false_negative_rates` over `false_positive_rates`; ROC: 1 - `false_negative_rates` over them.

    Args:
        thresholds: float64 [n], falling; the first is above every score.
        false_positive_rates: FPIR [n], rising from 0 to 1: share of non-mated searches that answer.
        false_negative_rates: FNIR [n], falling from 1 to 0: share of mated searches that do not give the person.
    """

    thresholds: np.ndarray
    false_positive_rates: np.ndarray
    false_negative_rates: np.ndarray


def open_set_curve(mated: np.ndarray, non_mated: np.ndarray) -> OpenSetCurve:
    """Error rates at each distinct score.

    Args:
        mated: scores [m].
        non_mated: scores [n].

    Raises:
        DataError: one of them is empty, or a score is not finite.

    Source: ISO/IEC 19795-1; Grother et al., NIST IR 8271 (FPIR and FNIR without a limit on ranks).
    """
    mated, non_mated = _checked("mated", mated), _checked("non-mated", non_mated)
    distinct = np.unique(np.concatenate([mated, non_mated]))[::-1]
    thresholds = np.concatenate([[np.inf], distinct])
    return OpenSetCurve(thresholds, 1 - _share_below(non_mated, thresholds), _share_below(mated, thresholds))


def threshold_at_fpir(non_mated: np.ndarray, target: float) -> float:
    """The lowest threshold at which no more than a share of the non-mated searches answer.

    Args:
        non_mated: scores [n].
        target: false-positive identification rate, above 0 and below 1.

    Raises:
        ConfigurationError: the target is no such rate.
        DataError: there are fewer than 1 / target searches: so rare an error cannot be seen among them.
    """
    if not 0 < target < 1:
        raise ConfigurationError(f"a false-positive rate of {target}", expected="above 0 and below 1")
    scores = np.sort(_checked("non-mated", non_mated))[::-1]
    # A product such as 0.07 * 100 may fall a rounding short of the whole number that it is.
    allowed = int(np.floor(target * len(scores) * (1 + 1e-12)))
    if allowed < 1:
        raise DataError(
            f"{len(scores)} non-mated searches for a false-positive rate of {target}",
            expected=f"at least {int(np.ceil(1 / target))}",
            remedy="measure more searches for people who are not in the gallery, or choose a higher rate",
        )
    return float(np.nextafter(scores[allowed], np.inf))


def fnir_at_fpir(mated: np.ndarray, non_mated: np.ndarray, target: float) -> float:
    """Share of mated searches that fail at the threshold for a false-positive identification rate.

    Raises:
        ConfigurationError: the target is not a rate above 0 and below 1.
        DataError: too few scores, or one is not finite.
    """
    return fnir_at_threshold(mated, threshold_at_fpir(non_mated, target))


def fnir_at_threshold(mated: np.ndarray, threshold: float) -> float:
    """Share of mated searches, scores [m], that stay below a threshold.

    Raises:
        DataError: there are no scores, or one is not finite.
    """
    return float(_share_below(_checked("mated", mated), np.array([threshold]))[0])


@dataclass(frozen=True, slots=True)
class ScoreCalibration:
    """P(right | score) = 1 / (1 + exp(-(slope score + offset))) when right and wrong are equally likely beforehand."""

    slope: float
    offset: float

    def probability(self, scores: np.ndarray, *, prior: float = 0.5) -> np.ndarray:
        """Of being right, float64 [n].

        Args:
            scores: [n].
            prior: probability before the score is known, above 0 and below 1.

        Raises:
            ConfigurationError: the prior is 0, 1 or no probability.
        """
        if not 0 < prior < 1:
            raise ConfigurationError(f"a prior of {prior}", expected="above 0 and below 1")
        evidence = self.slope * np.asarray(scores, dtype=np.float64) + self.offset
        return _logistic(evidence + np.log(prior / (1 - prior)))


def calibrate_scores(right: np.ndarray, wrong: np.ndarray) -> ScoreCalibration:
    """Fit a logistic curve by maximum likelihood; right and wrong weigh the same, however many there are.

    With n scores of a kind its targets are (n + 1) / (n + 2) and 1 / (n + 2) rather than 1 and 0, so that kinds
    which do not overlap give a steep curve and not an infinite one.

    Args:
        right: scores [m] of right answers.
        wrong: scores [n] of wrong ones.

    Raises:
        DataError: one of them is empty, a score is not finite, or all scores are equal.

    Source: Platt, Probabilistic Outputs for Support Vector Machines, 1999; Newton's method.
    """
    right, wrong = _checked("right", right), _checked("wrong", wrong)
    scores = np.concatenate([right, wrong])
    centre, spread = scores.mean(), scores.std()
    if spread == 0:
        raise DataError(f"scores that are all {centre}", expected="scores that differ")
    inputs = np.stack([(scores - centre) / spread, np.ones(len(scores))], axis=1)
    sizes = (len(right), len(wrong))
    targets = np.repeat([(sizes[0] + 1) / (sizes[0] + 2), 1 / (sizes[1] + 2)], sizes)
    weights = np.repeat([1 / sizes[0], 1 / sizes[1]], sizes)
    slope, offset = _fit(inputs, targets, weights)
    return ScoreCalibration(float(slope / spread), float(offset - slope * centre / spread))


def _fit(inputs: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Newton's method with halved steps: the loss is convex and never rises."""
    coefficients = np.zeros(inputs.shape[1])
    loss = _loss(inputs @ coefficients, targets, weights)
    for _ in range(100):
        found = _logistic(inputs @ coefficients)
        gradient = inputs.T @ (weights * (found - targets))
        curvature = (inputs * (weights * found * (1 - found))[:, None]).T @ inputs
        step = np.linalg.solve(curvature + 1e-12 * np.eye(len(curvature)), gradient)
        while (lower := _loss(inputs @ (coefficients - step), targets, weights)) > loss and np.any(step):
            step /= 2
        coefficients -= step
        if loss - lower < 1e-14:
            break
        loss = lower
    return coefficients


def _loss(logits: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> float:
    return float(weights @ (np.logaddexp(0, logits) - targets * logits))


def _logistic(logits: np.ndarray) -> np.ndarray:
    return np.exp(-np.logaddexp(0, -logits))


def _share_below(scores: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    return np.searchsorted(np.sort(scores), thresholds, side="left") / len(scores)


def _checked(kind: str, scores: np.ndarray) -> np.ndarray:
    scores = np.asarray(scores, dtype=np.float64)
    if scores.ndim != 1 or not len(scores) or not np.isfinite(scores).all():
        raise DataError(f"{kind} scores of shape {scores.shape}", expected="[n], n above 0, all finite")
    return scores
