"""How far a number would move with other people."""

import numpy as np

from crossreid.evaluation.outcomes import METRICS, Outcomes

RESAMPLES = 1000
_AT_A_TIME = 2**22


def bootstrap_intervals(
    outcomes: Outcomes, *, resamples: int = RESAMPLES, level: float = 0.95, seed: int = 0
) -> dict[str, tuple[float, float]]:
    """Percentile intervals from resampling people with replacement, each with all of their queries.

    Queries of one person resemble each other: resampled one by one they would promise too narrow an interval.

    Args:
        outcomes: of the queries.
        resamples: number of draws.
        level: share of the draws inside the interval.
        seed: of the draws.

    Returns:
        (lower, upper) of each metric, in percent; nothing when fewer than two people were searched for.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, ch. 13.
    """
    people, counts, sums = outcomes.by_person()
    if len(people) < 2:
        return {}
    random = np.random.default_rng(seed)
    means = []
    # Few draws at a time: their weights are one number a person each.
    size = max(1, _AT_A_TIME // len(people))
    for start in range(0, resamples, size):
        number = min(size, resamples - start)
        weights = random.multinomial(len(people), np.full(len(people), 1 / len(people)), size=number)
        means.append((weights @ sums) / (weights @ counts)[:, None])
    tail = (1 - level) / 2
    lower, upper = np.quantile(np.concatenate(means), (tail, 1 - tail), axis=0)
    return {name: (float(lower[i]), float(upper[i])) for i, name in enumerate(METRICS)}
