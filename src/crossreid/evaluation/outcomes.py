"""What each query came to, kept for intervals and comparisons."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crossreid.core.errors import DataError
from crossreid.evaluation.positions import QueryScores

METRICS = ("r1", "r5", "r10", "mean_ap", "mean_inp")
DEPTHS = {"r1": 1, "r5": 5, "r10": 10}


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The numbers of each query, in percent; their means are the numbers of the report.

    Args:
        person_ids: the person of each query.
        r1: 100 where a right answer is first, else 0; a mean where there were several trials, like all of these.
        r5: the same among the first 5.
        r10: the same among the first 10.
        mean_ap: its average precision.
        mean_inp: its inverse negative penalty.

    Raises:
        DataError: the columns are not of one length.
    """

    person_ids: tuple[int, ...]
    r1: tuple[float, ...]
    r5: tuple[float, ...]
    r10: tuple[float, ...]
    mean_ap: tuple[float, ...]
    mean_inp: tuple[float, ...]

    def __post_init__(self) -> None:
        lengths = {name: len(getattr(self, name)) for name in ("person_ids", *METRICS)}
        if len(set(lengths.values())) != 1:
            raise DataError(f"columns of lengths {lengths}", expected="one length")

    def __len__(self) -> int:
        return len(self.person_ids)

    def mean(self, metric: str) -> float:
        """Over the queries; NaN when there are none."""
        return float(np.mean(getattr(self, metric))) if len(self) else float("nan")

    def by_person(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of each person the id [p], the number of queries [p], and the sums of their numbers [p, metric]."""
        people, person = np.unique(np.array(self.person_ids, dtype=np.int64), return_inverse=True)
        counts = np.bincount(person, minlength=len(people))
        sums = [np.bincount(person, weights=getattr(self, name), minlength=len(people)) for name in METRICS]
        return people, counts, np.stack(sums, axis=1)


def collect_outcomes(trials: Sequence[QueryScores], person_ids: np.ndarray) -> Outcomes:
    """The means over trials of each query that counted in any.

    Args:
        trials: the scores of the same queries against one gallery or several.
        person_ids: int [q], of all queries.
    """
    sums, counts = np.zeros((len(person_ids), len(METRICS))), np.zeros(len(person_ids))
    for scores in trials:
        hits = [scores.nearest <= depth for depth in DEPTHS.values()]
        sums[scores.rows] += 100 * np.stack([*hits, scores.precisions, scores.penalties], axis=1)
        counts[scores.rows] += 1
    counted = counts > 0
    columns = (sums[counted] / counts[counted, None]).T.tolist()
    return Outcomes(tuple(person_ids[counted].tolist()), *map(tuple, columns))
