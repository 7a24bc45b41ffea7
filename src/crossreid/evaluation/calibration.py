"""Cosines of one pair of encoders as thresholds and probabilities, learnt from people whose answers are known."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import ConfigurationError, DataError
from crossreid.core.modality import Modality
from crossreid.core.wording import several
from crossreid.evaluation.open_set import (
    ScoreCalibration,
    calibrate_scores,
    fnir_at_threshold,
    threshold_at_fpir,
)
from crossreid.evaluation.protocols import EvaluationProtocol, find_protocol
from crossreid.evaluation.searches import SearchScores, measure_searches
from crossreid.evaluation.tasks import RetrievalTask, combinations_of
from crossreid.evaluation.weights import learn_weights


@dataclass(frozen=True, eq=False, repr=False)
class EvidenceCalibration:
    """What the scores of one kind of evidence, or of one combination of kinds, mean.

    Args:
        mated: float64 [m], scores of searches for people in the gallery, rising.
        non_mated: float64 [n], scores of searches for people who are not, rising.
        candidates: gallery items of each of these searches.
        curve: of the candidates that such searches show first.
        prior: share of right ones among them.
    """

    mated: np.ndarray
    non_mated: np.ndarray
    candidates: float
    curve: ScoreCalibration
    prior: float

    def __repr__(self) -> str:
        searches = f"{len(self.mated)} mated and {len(self.non_mated)} non-mated searches"
        return f"EvidenceCalibration({searches} of {self.candidates:.0f} items)"

    @classmethod
    def of(cls, scores: SearchScores) -> "EvidenceCalibration":
        """Fit the curve.

        Raises:
            DataError: there is no right or no wrong candidate among the scores.
        """
        return cls(
            mated=np.sort(scores.mated),
            non_mated=np.sort(scores.non_mated),
            candidates=scores.candidates,
            curve=calibrate_scores(scores.right, scores.wrong),
            prior=len(scores.right) / (len(scores.right) + len(scores.wrong)),
        )

    def threshold(self, fpir: float, *, candidates: int) -> float:
        """The score from which on a search answers.

        A gallery of more items than the calibration's counts as so many galleries that err independently: such
        a search keeps silent with probability (1 - rate of one)^(candidates / own candidates). Since
        errors of one query go together the threshold errs on the side of silence. In a smaller gallery it stays.

        Args:
            fpir: share of searches for people who are not there that may answer, above 0 and below 1.
            candidates: gallery items that the search meets.

        Raises:
            ConfigurationError: no such rate.
            DataError: the calibration has seen too few searches to tell.
        """
        if not 0 < fpir < 1:
            raise ConfigurationError(f"a false-positive rate of {fpir}", expected="above 0 and below 1")
        share = min(1.0, self.candidates / max(candidates, 1))
        try:
            return threshold_at_fpir(self.non_mated, float(-np.expm1(np.log1p(-fpir) * share)))
        except DataError as error:
            raise DataError(
                f"{len(self.non_mated)} searches in galleries of {self.candidates:.0f} pictures to calibrate a rate of"
                f" {fpir:g} in one of {candidates}",
                expected=error.expected.replace("at least", "at least as many as"),
                remedy="calibrate on more people, or choose a higher rate",
            ) from error

    def miss_rate(self, fpir: float, *, candidates: int) -> float:
        """Share of searches for people who are there that stay below the threshold.

        Raises:
            ConfigurationError: no such rate.
            DataError: the calibration has seen too few searches to tell.
        """
        return fnir_at_threshold(self.mated, self.threshold(fpir, candidates=candidates))

    def probability(self, scores: np.ndarray, *, candidates: int) -> np.ndarray:
        """Of each candidate to be the person, float64 [n], where every second search is for somebody who is there.

        Twice as many items give twice as many wrong ones of any score, and no more right ones.

        Args:
            scores: [n].
            candidates: gallery items that the search meets.
        """
        odds = self.prior / (1 - self.prior) * self.candidates / max(candidates, 1)
        return self.curve.probability(scores, prior=odds / (1 + odds))


@dataclass(frozen=True, eq=False, repr=False)
class Calibration:
    """Everything that was learnt about one encoder searching the gallery of another, or its own.

    Args:
        query_fingerprint: of the encoder of the queries.
        gallery_fingerprint: of the encoder of the gallery.
        gallery: kind of the gallery's pictures.
        protocol: by which pictures were removed from it.
        data: what it was learnt on, in words.
        people: how many were searched for.
        weights: of each kind of evidence in a query of several.
        evidence: by kind, or by combination of kinds, such as `sketch+text`.
    """

    query_fingerprint: str
    gallery_fingerprint: str
    gallery: Modality
    protocol: str
    data: str
    people: int
    weights: Mapping[Modality, float]
    evidence: Mapping[str, EvidenceCalibration]

    def __repr__(self) -> str:
        sides = f"{self.query_fingerprint!r} in {self.gallery_fingerprint!r}"
        return f"Calibration({sides}, {several(self.people, 'person', 'people')} of {self.data!r})"

    def of(self, kinds: Iterable[Modality | str]) -> EvidenceCalibration:
        """That of some kinds of evidence, in any order, each as often as one likes.

        Raises:
            DataError: the calibration has never met that combination.
        """
        name = evidence_name(kinds)
        if name not in self.evidence:
            raise DataError(
                f"a query of {name}, of which there is no calibration",
                expected=f"one of {', '.join(self.evidence)}",
                remedy="calibrate on people who have that evidence",
            )
        return self.evidence[name]


def evidence_name(kinds: Iterable[Modality | str]) -> str:
    """The different kinds in their usual order, joined by `+`."""
    given = {Modality(kind) for kind in kinds}
    return "+".join(kind for kind in Modality if kind in given)


def calibrate(
    query: Embeddings,
    gallery: Embeddings | None = None,
    *,
    protocol: str = "source-excluded",
    kind: Modality | str = Modality.RGB,
    data: str = "",
    compatible: bool = False,
) -> Calibration:
    """Learn weights, thresholds and probabilities from searches of known people.

    Every query searches twice: in the gallery, and in the gallery without its person. These people must be neither
    those that the encoders were trained on, nor those that results are reported of.

    Args:
        query: rows of some kinds of evidence.
        gallery: rows of which those of `kind` are the gallery; as `query` when left out.
        protocol: name of the rule by which the gallery is filtered.
        kind: of the gallery's pictures.
        data: what these people are, in words.
        compatible: skip the embedding-space check.

    Raises:
        ConfigurationError: an unknown protocol, or one that draws galleries.
        DataError: no query has an answer, or all have nothing else.
        FingerprintError: query and gallery vectors are not of one space.
    """
    rule = find_protocol(protocol)
    if rule.trials > 1 or rule.folds > 1:
        raise ConfigurationError(f"calibration by {protocol}", expected="a protocol of one gallery")
    answers = (query if gallery is None else gallery).of(kind)
    query.check_comparable(answers, compatible=compatible)
    if not len(answers):
        raise DataError(f"no {kind} rows to search", expected="a gallery")
    weights = learn_weights(query, answers, rule=rule)
    evidence = {}
    for task in combinations_of(weights, Modality(kind)):
        asking = task.queries(query, weights=weights)
        if len(asking):
            evidence[evidence_name(task.evidence)] = _calibrate(task, rule, asking, answers)
    searched = set(query.person_ids.tolist()) & set(answers.person_ids.tolist())
    return Calibration(
        query_fingerprint=query.fingerprint,
        gallery_fingerprint=answers.fingerprint,
        gallery=Modality(kind),
        protocol=protocol,
        data=data,
        people=len(searched - {-1}),
        weights=weights,
        evidence=evidence,
    )


def _calibrate(
    task: RetrievalTask, rule: EvaluationProtocol, asking: Embeddings, gallery: Embeddings
) -> EvidenceCalibration:
    exclude = rule.exclusion(task, asking, gallery)
    scores = measure_searches(asking, gallery, exclude=exclude, whoever=rule.whoever, leave_out=True)
    if not len(scores.right) or not len(scores.wrong):
        raise DataError(
            f"{len(scores.right)} right and {len(scores.wrong)} wrong candidates for {task}",
            expected="some of each",
            remedy="calibrate on more people, with two pictures or more of each",
        )
    return EvidenceCalibration.of(scores)
