"""Where a search goes wrong: its quality by what is on the query, and what a wrong answer has right."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from crossreid.analysis.truth import Truth
from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import DataError
from crossreid.evaluation.answers import Keys, right_and_dropped
from crossreid.evaluation.cosines import DROPPED, cosine_rows, queries_at_a_time
from crossreid.evaluation.intervals import bootstrap_intervals
from crossreid.evaluation.nearest import nearest_items
from crossreid.evaluation.outcomes import collect_outcomes
from crossreid.evaluation.positions import QueryScores
from crossreid.evaluation.protocols import EvaluationProtocol
from crossreid.evaluation.screening import score_cosines
from crossreid.evaluation.tasks import RetrievalTask
from crossreid.synthesis.pedestrians.attributes import Pedestrian

SHOWN = (
    "view", "view of a right answer", "in front", "picture", "look-alike", "outer", "upper", "upper_pattern", "lower",
    "bag", "headwear", "carried", "gender", "age",
)  # fmt: skip
"""What the figure divides the queries by."""

_FEWEST_PEOPLE = 5


@dataclass(frozen=True, slots=True)
class Slice:
    """The queries that share one property.

    Args:
        attribute: such as `bag`.
        value: such as `backpack`.
        queries: how many, of those with a right answer.
        people: how many people they are of.
        r1: percent with a right answer first.
        mean_ap: percent.
        interval: 95 % of the mAP under resampling of these people, percent; None for one person.
    """

    attribute: str
    value: str
    queries: int
    people: int
    r1: float
    mean_ap: float
    interval: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often a wrong first answer shares an attribute with the person searched for.

    An attribute that the encoder uses is shared more often than by chance even where it fails; one that it does
    not see is shared as often as by anybody.

    Args:
        attribute: of people, such as `bag`.
        wrong_first: share of wrong first answers that agree, 0 to 1.
        chance: share of all pictures of other people that agree with the same queries, 0 to 1.
        searches: number of wrong first answers.
    """

    attribute: str
    wrong_first: float
    chance: float
    searches: int


@dataclass(frozen=True, slots=True)
class ErrorReport:
    """Of one task: all queries, slices of them, and what wrong answers share."""

    task: str
    overall: Slice
    slices: tuple[Slice, ...]
    agreements: tuple[Agreement, ...]


def errors_by_attribute(
    task: RetrievalTask,
    rule: EvaluationProtocol,
    queries: Embeddings,
    gallery: Embeddings,
    truth: Mapping[str, Truth],
) -> ErrorReport:
    """Count by property of the query.

    Args:
        task: names the report.
        rule: what does not count.
        queries: of the task.
        gallery: of the task.
        truth: by source of queries and gallery items.

    Raises:
        DataError: no query has a right answer, or the truth of an item is missing.
    """
    for side in (queries, gallery):
        unknown = set(side.source_ids.tolist()) - set(truth)
        if unknown:
            raise DataError(f"{len(unknown)} items whose truth is unknown", expected="items of a drawn world")
    exclude = rule.exclusion(task, queries, gallery)
    scores = score_cosines(queries.vectors, gallery.vectors, _answers(queries, gallery, exclude, rule))
    if not len(scores.rows):
        raise DataError(f"no query of {task} with a right answer", expected="people with several pictures")
    properties = _properties(queries, gallery, truth, exclude, rule)
    everybody = np.ones(len(queries), dtype=bool)
    overall = _slice("all queries", "", scores, queries.person_ids, everybody)
    slices = []
    for attribute in properties[0]:
        values = np.array([known[attribute] for known in properties])
        slices += [
            _slice(attribute, str(value), scores, queries.person_ids, values == value)
            for value in np.unique(values[scores.rows])
        ]
    return ErrorReport(
        task=str(task),
        overall=overall,
        slices=tuple(piece for piece in slices if piece.people >= _FEWEST_PEOPLE),
        agreements=_agreements(queries, gallery, truth, exclude, rule),
    )


def _answers(
    queries: Embeddings, gallery: Embeddings, exclude: Keys | None, rule: EvaluationProtocol
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    return right_and_dropped(queries.person_ids, gallery.person_ids, exclude=exclude, whoever=rule.whoever)


def _properties(
    queries: Embeddings,
    gallery: Embeddings,
    truth: Mapping[str, Truth],
    exclude: Keys | None,
    rule: EvaluationProtocol,
) -> list[dict[str, str]]:
    """What each query shows, whether a right answer shows the same side, and whether somebody looks much like it."""
    people = {
        int(person): truth[str(source)]
        for person, source in zip(gallery.person_ids, gallery.source_ids, strict=True)
    }
    alike: dict[int, str] = {}
    views = np.array([truth[str(source)].shot.view for source in gallery.source_ids])
    properties = []
    answers = _answers(queries, gallery, exclude, rule)
    for person, source, (right, _) in zip(
        queries.person_ids.tolist(), queries.source_ids, answers, strict=True
    ):
        known = truth[str(source)]
        if person not in alike:
            alike[person] = "one" if any(known.looks_like(other) for other in people.values()) else "none"
        same = "same" if (views[right] == known.shot.view).any() else "other"
        properties.append(known.properties() | {"view of a right answer": same, "look-alike": alike[person]})
    return properties


def _slice(
    attribute: str, value: str, scores: QueryScores, person_ids: np.ndarray, chosen: np.ndarray
) -> Slice:
    kept = chosen[scores.rows]
    part = QueryScores(
        scores.rows[kept], scores.nearest[kept], scores.precisions[kept], scores.penalties[kept]
    )
    outcomes = collect_outcomes([part], person_ids)
    return Slice(
        attribute=attribute,
        value=value,
        queries=len(outcomes),
        people=len(set(outcomes.person_ids)),
        r1=outcomes.mean("r1"),
        mean_ap=outcomes.mean("mean_ap"),
        interval=bootstrap_intervals(outcomes).get("mean_ap"),
    )


def _agreements(
    queries: Embeddings,
    gallery: Embeddings,
    truth: Mapping[str, Truth],
    exclude: Keys | None,
    rule: EvaluationProtocol,
) -> tuple[Agreement, ...]:
    """Of each attribute of people, over the queries that have a right answer and another one first."""
    names = [field.name for field in fields(Pedestrian)]
    asked, offered = (_codes(side, truth, names) for side in (queries, gallery))
    shared, by_chance, searches = np.zeros(len(names)), np.zeros(len(names)), 0
    for query, first in _wrong_first(queries, gallery, exclude, rule):
        others = gallery.person_ids != queries.person_ids[query]
        equal = offered == asked[query]
        shared += equal[first]
        by_chance += equal[others].mean(axis=0)
        searches += 1
    return tuple(
        Agreement(name, float(shared[place] / searches), float(by_chance[place] / searches), searches)
        for place, name in enumerate(names if searches else ())
    )


def _wrong_first(
    queries: Embeddings, gallery: Embeddings, exclude: Keys | None, rule: EvaluationProtocol
) -> Iterator[tuple[int, int]]:
    """The queries whose first answer is somebody else though a right one is there, and that answer."""
    similarities = cosine_rows(queries.vectors, gallery.vectors)
    answers = _answers(queries, gallery, exclude, rule)
    size = queries_at_a_time(len(gallery), gallery.dim)
    for start in range(0, len(queries), size):
        for query, row in enumerate(similarities(start, min(start + size, len(queries))), start):
            right, dropped = next(answers)
            row[dropped] = DROPPED
            first = int(nearest_items(row, 1)[0])
            if right.size and gallery.person_ids[first] != queries.person_ids[query]:
                yield query, first


def _codes(side: Embeddings, truth: Mapping[str, Truth], names: Sequence[str]) -> np.ndarray:
    """The value of each attribute of each item, str [n, attributes]."""
    return np.array([[str(getattr(truth[str(s)].person, name)) for name in names] for s in side.source_ids])
