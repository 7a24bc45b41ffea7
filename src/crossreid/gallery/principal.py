"""Searches that look at the first principal coordinates first: how many coordinates, how many candidates."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from crossreid.analysis.gallery_width import principal_rotation
from crossreid.core.basis import PrincipalBasis
from crossreid.core.errors import ConfigurationError, DataError

WIDTH_STEP = 32
"""Widths are multiples of it, so that whatever turns blocks of so many coordinates turns no vector out of its index."""

SHOWN = 10
"""Recall is that of the best so many."""

FEWEST_CANDIDATES, PREFERRED_CANDIDATES, MOST_CANDIDATES = 100, 400, 1000
SAMPLE_ROWS, SAMPLE_QUERIES = 20_000, 100
_HEADROOM = 3
_LEAST_ENERGY = 0.5


@dataclass(frozen=True, slots=True)
class IndexPlan:
    """`width` coordinates hold `energy` of all; `candidates` of them are looked at in full width."""

    width: int
    candidates: int
    energy: float


def learn_rotation(sample: np.ndarray) -> PrincipalBasis:
    """The rotation [dim, dim] onto the principal coordinates of some vectors [n, dim]."""
    return PrincipalBasis(principal_rotation(sample))


def plan_index(sample: np.ndarray, *, target: float, generator: np.random.Generator) -> IndexPlan | None:
    """The smallest width of which few candidates are enough, tried out on a sample.

    The spectrum says which widths are worth a try: those with half of the energy or more. With each, some vectors
    search the others, and the places of their true neighbours by the first coordinates alone tell how many
    candidates reach the target. Three times as many are taken, since a whole gallery is denser than a sample.

    Args:
        sample: float32 [n, dim], unit rows in principal coordinates.
        target: recall, above 0 and below 1.
        generator: draws the queries.

    Returns:
        None where no width up to half of the full one does with `MOST_CANDIDATES`.

    Raises:
        ConfigurationError: no such recall.
        DataError: the sample is too small to tell.
    """
    if not 0 < target < 1:
        raise ConfigurationError(f"a target recall of {target}", expected="above 0 and below 1")
    if len(sample) <= 2 * SHOWN:
        raise DataError(f"an index of {len(sample)} vectors", expected=f"more than {2 * SHOWN}")
    energy = np.cumsum(np.einsum("nd,nd->d", sample, sample, dtype=np.float64))
    energy /= energy[-1]
    queries = generator.permutation(len(sample))[: min(SAMPLE_QUERIES, len(sample))]
    fallback = None
    for width, needed in _needed(sample, queries, energy, target):
        candidates = max(FEWEST_CANDIDATES, _HEADROOM * needed)
        plan = IndexPlan(width, min(candidates, MOST_CANDIDATES), float(energy[width - 1]))
        if candidates <= PREFERRED_CANDIDATES:
            return plan
        if fallback is None and candidates <= MOST_CANDIDATES:
            fallback = plan
    return fallback


def _needed(
    sample: np.ndarray, queries: np.ndarray, energy: np.ndarray, target: float
) -> Iterator[tuple[int, int]]:
    """Each promising width, rising, with the candidates that the target share of true neighbours needs."""
    asked = sample[queries]
    itself = np.arange(len(queries)), queries
    exact = asked @ sample.T
    exact[itself] = -np.inf
    nearest = np.argpartition(-exact, SHOWN, axis=1)[:, :SHOWN]
    low = np.zeros_like(exact)
    for width in range(WIDTH_STEP, sample.shape[1] // 2 + 1, WIDTH_STEP):
        block = slice(width - WIDTH_STEP, width)
        low += asked[:, block] @ sample[:, block].T
        if energy[width - 1] < _LEAST_ENERGY or not _worth_trying(width):
            continue
        low[itself] = -np.inf
        own = np.take_along_axis(low, nearest, axis=1)
        places = np.stack([(low > own[:, [place]]).sum(axis=1) for place in range(SHOWN)]) + 1
        low[itself] = 0
        yield width, int(np.quantile(places, target, method="higher"))


def _worth_trying(width: int) -> bool:
    """Every step up to 128, then ever coarser ones: 160, 192, 224, 256, 320, ..., 512, 640, ..."""
    coarse = max(WIDTH_STEP, 1 << max(width.bit_length() - 3, 0))
    return width % coarse == 0


def recall_of(found: list[list[int]], exact: list[list[int]]) -> float:
    """Share of what an exact search found that the other one found too, over all queries."""
    hits = sum(len(set(ours) & set(truth)) for ours, truth in zip(found, exact, strict=True))
    return hits / max(1, sum(map(len, exact)))
