"""From differences over seeds to p-values, and from many p-values to corrected ones."""

import math
from collections.abc import Sequence

import numpy as np

ALPHA = 0.05
"""Family-wise error rate of the claims of a page."""


def p_value(values: Sequence[float]) -> float | None:
    """Return the two-sided p-value of Student's t-test that the mean of some differences is 0; None for one value.

    Args:
        values: one difference a seed.

    Source: Student (W. S. Gosset), The Probable Error of a Mean, Biometrika 1908.
    """
    count = len(values)
    if count < 2:
        return None
    mean, deviation = float(np.mean(values)), float(np.std(values, ddof=1))
    if deviation == 0:
        return 0.0 if mean else 1.0
    from scipy.special import stdtr

    return float(2 * stdtr(count - 1, -abs(mean) * math.sqrt(count) / deviation))


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct p-values for their number by Holm's step-down procedure.

    The i-th smallest of n (from 0) is multiplied by n - i; none becomes smaller than the one before it, or larger than
    1. Rejecting all that are at most 0.05 keeps the chance of any false rejection at 5 %, however they depend on each
    other.

    Args:
        p_values: in any order.

    Returns:
        The corrected values in the same order.

    Source: S. Holm, A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian Journal of Statistics 1979.
    """
    corrected, highest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        corrected[place] = highest
    return corrected
