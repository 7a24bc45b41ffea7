"""How far a difference could be chance: over trainings where there are several, else over people."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from crossreid.core.errors import DataError
from crossreid.evaluation.outcomes import METRICS, Outcomes

LEVEL = 0.95
_RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its 95 % interval.

    Args:
        values: one a seed.
        mean: of the values.
        low: lower end of the interval; NaN where there is none.
        high: upper end.
        over: what was varied: `seeds` (with them the people, the order and the first weights), `people`, or nothing.
    """

    values: tuple[float, ...]
    mean: float
    low: float
    high: float
    over: str

    def to_json(self) -> dict[str, Any]:
        """As JSON holds it: a NaN is None."""
        return {name: None if value != value else value for name, value in asdict(self).items()}


def over_seeds(values: Sequence[float], interval: tuple[float, float] | None = None) -> Estimate:
    """Student's interval of the mean, mean ± t s / √n; of one value the interval that is given, over people.

    Raises:
        DataError: there is no value.

    Source: Student (W. S. Gosset), The Probable Error of a Mean, Biometrika 1908.
    """
    if not len(values):
        raise DataError("no seeds", expected="at least one")
    mean, count = float(np.mean(values)), len(values)
    if count == 1:
        low, high = interval if interval is not None else (math.nan, math.nan)
        return Estimate((float(values[0]),), mean, low, high, "people" if interval is not None else "")
    from scipy.special import stdtrit

    half = float(stdtrit(count - 1, (1 + LEVEL) / 2) * np.std(values, ddof=1) / math.sqrt(count))
    return Estimate(tuple(map(float, values)), mean, mean - half, mean + half, "seeds")


def over_people(
    first: Sequence[Outcomes], second: Sequence[Outcomes], *, metric: str = "mean_ap", seed: int = 0
) -> tuple[float, float]:
    """95 % percentile interval of `first - second`, each the mean of a metric over several tasks.

    People are drawn with replacement, each with all of their queries in all tasks and in both.

    Args:
        first: of each task.
        second: of the same tasks, people and queries.
        metric: of `METRICS`.
        seed: of the draws.

    Raises:
        DataError: the two are not about the same queries.
    """
    place = METRICS.index(metric)
    pieces = []
    for one, other in zip(first, second, strict=True):
        (people, queries, sums), (others, other_queries, other_sums) = one.by_person(), other.by_person()
        if not (np.array_equal(people, others) and np.array_equal(queries, other_queries)):
            raise DataError("outcomes of different queries", expected="the same queries of both models")
        pieces.append((people, queries, (sums - other_sums)[:, place]))
    everybody = np.unique(np.concatenate([people for people, _, _ in pieces]))
    if len(everybody) < 2:
        return math.nan, math.nan
    random = np.random.default_rng(seed)
    even = np.full(len(everybody), 1 / len(everybody))
    weights = random.multinomial(len(everybody), even, size=_RESAMPLES)
    means = []
    for people, queries, differences in pieces:
        drawn = weights[:, np.searchsorted(everybody, people)]
        means.append((drawn @ differences) / np.maximum(drawn @ queries, 1))
    low, high = np.quantile(np.mean(means, axis=0), ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    return float(low), float(high)
