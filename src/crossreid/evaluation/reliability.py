"""Whether stated probabilities hold for people whom the calibration has not seen."""

from dataclasses import dataclass

import numpy as np

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import DataError
from crossreid.core.modality import Modality
from crossreid.evaluation.calibration import EvidenceCalibration
from crossreid.evaluation.protocols import EvaluationProtocol
from crossreid.evaluation.searches import SearchScores, measure_searches
from crossreid.evaluation.tasks import RetrievalTask

_BINS = 10


@dataclass(frozen=True, eq=False)
class Reliability:
    """Candidates in bins of stated probability.

    Args:
        stated: mean stated probability of each bin, float64 [bins]; NaN where it is empty.
        observed: share of them that are the person.
        counts: how many there are.
        error: mean distance of the two over all candidates (expected calibration error), 0 to 1.
    """

    stated: np.ndarray
    observed: np.ndarray
    counts: np.ndarray
    error: float


def measure_reliability(
    query: Embeddings,
    gallery: Embeddings,
    *,
    rule: EvaluationProtocol,
    seed: int = 0,
) -> Reliability:
    """Calibrate on half of the people, count on the other half, then the reverse; single kinds of evidence, pooled.

    Args:
        query: rows of some kinds.
        gallery: rows of one kind.
        rule: which of them do not count.
        seed: of the halves.

    Raises:
        DataError: a half has no right or no wrong candidate.

    Source: Naeini et al., AAAI 2015 (expected calibration error).
    """
    people = np.unique(query.person_ids[query.person_ids >= 0])
    first = np.random.default_rng(seed).permutation(people)[: len(people) // 2]
    probabilities, correct = [np.zeros(0)], [np.zeros(0, dtype=bool)]
    for kind in [kind for kind in Modality if kind in query.modalities]:
        task = RetrievalTask(kind, Modality(str(gallery.modalities[0])))
        halves = [
            _search(task, rule, query.of(kind), gallery, np.isin(query.of(kind).person_ids, first) == half)
            for half in (True, False)
        ]
        for learnt, counted in (halves, halves[::-1]):
            fitted = EvidenceCalibration.of(learnt)
            for scores, verdict in ((counted.right, True), (counted.wrong, False)):
                probabilities.append(fitted.probability(scores, candidates=round(counted.candidates)))
                correct.append(np.full(len(scores), verdict))
    return _binned(np.concatenate(probabilities), np.concatenate(correct))


def _search(
    task: RetrievalTask,
    rule: EvaluationProtocol,
    asking: Embeddings,
    gallery: Embeddings,
    chosen: np.ndarray,
) -> SearchScores:
    asking = asking.select(chosen)
    exclude = rule.exclusion(task, asking, gallery)
    scores = measure_searches(asking, gallery, exclude=exclude, whoever=rule.whoever, leave_out=True)
    if not len(scores.right) or not len(scores.wrong):
        raise DataError(f"half of the people without right or wrong candidates for {task}", expected="both")
    return scores


def _binned(probabilities: np.ndarray, correct: np.ndarray) -> Reliability:
    places = np.minimum((probabilities * _BINS).astype(int), _BINS - 1)
    counts = np.bincount(places, minlength=_BINS)
    with np.errstate(invalid="ignore"):
        stated = np.bincount(places, weights=probabilities, minlength=_BINS) / counts
        observed = np.bincount(places, weights=correct, minlength=_BINS) / counts
    filled = counts > 0
    error = np.abs(stated - observed)[filled] @ counts[filled] / counts.sum()
    return Reliability(stated, observed, counts, float(error))
