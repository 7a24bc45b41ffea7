"""Searches that look at the first principal coordinates first: how many coordinates, how many candidates."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crossreid.core.basis import PrincipalBasis, principal_rotation
from crossreid.core.errors import ConfigurationError, DataError
from crossreid.core.wording import several

WIDTH_STEP = 32
"""Widths are multiples of it, so that whatever turns blocks of so many coordinates turns no vector out of its index."""

SHOWN = 10
"""Recall is that of the best so many."""

TINY = np.float32(1e-12)
"""Of squared lengths: what lies in other coordinates alone has no direction in the first ones."""

FEWEST_CANDIDATES, PREFERRED_CANDIDATES, MOST_CANDIDATES = 100, 200, 1000
SAMPLE_ROWS, SAMPLE_QUERIES = 20_000, 200
_HEADROOM = 1.5
_LEAST_ENERGY = 0.5
_ONE_SIDED_95 = 1.645


@dataclass(frozen=True, slots=True)
class IndexPlan:
    """`width` coordinates hold `energy` of all; `candidates` of them are looked at in full width."""

    width: int
    candidates: int
    energy: float


def learn_rotation(sample: np.ndarray) -> PrincipalBasis:
    """The rotation [dim, dim] onto the principal coordinates of some vectors [n, dim]."""
    return PrincipalBasis(principal_rotation(sample))


def check_target(target: float) -> None:
    """Refuse what is no recall, before anything is read.

    Raises:
        ConfigurationError: not above 0 and below 1.
    """
    if not 0 < target < 1:
        raise ConfigurationError(f"a target recall of {target}", expected="above 0 and below 1")


class Survey:
    """Where the nearest of some queries stand by the first coordinates alone.

    It is shown all vectors of a gallery, some at a time: in a sample neighbours are fewer and farther apart, and fewer
    candidates seem to be enough.

    Args:
        sample: float32 [n, dim], unit vectors of the gallery.
        numbers: int64 [n], of their items.
        rotation: onto principal coordinates; None where the vectors are in them.
        generator: draws the queries from the sample.

    Raises:
        DataError: the sample is too small to tell.
    """

    def __init__(
        self,
        sample: np.ndarray,
        numbers: np.ndarray,
        rotation: PrincipalBasis | None,
        generator: np.random.Generator,
    ) -> None:
        if len(sample) <= 2 * SHOWN:
            raise DataError(
                f"an index of {several(len(sample), 'vector')}", expected=f"more than {2 * SHOWN}"
            )
        chosen = generator.permutation(len(sample))[:SAMPLE_QUERIES]
        self.queries, self.own = sample[chosen], numbers[chosen]
        self._rotation = rotation
        turned = sample if rotation is None else sample @ rotation.directions
        energy = np.cumsum(np.einsum("nd,nd->d", turned, turned, dtype=np.float64))
        self._energy = energy / energy[-1]
        self.widths = _widths(self._energy)
        count = len(chosen)
        # Of the nearest by their whole width; `_highest` has the highest of all, by each width.
        self._scores = np.empty((count, 0), np.float32)
        self._ids = np.empty((count, 0), np.int64)
        self._low = np.empty((len(self.widths), count, 0), np.float32)
        self._highest = [np.empty((count, 0), np.float32) for _ in self.widths]

    def add(self, numbers: np.ndarray, vectors: np.ndarray) -> None:
        """Show it vectors float32 [n, dim] of items int64 [n]."""
        itself = self.own[:, None] == numbers[None]
        scores = self.queries @ vectors.T
        scores[itself] = -np.inf
        low = self._by_width(vectors)
        low[:, itself] = -np.inf
        ids = np.broadcast_to(numbers, scores.shape)
        scores, ids = np.hstack([self._scores, scores]), np.hstack([self._ids, ids])
        order = np.argsort(-scores, axis=1, kind="stable")[:, :SHOWN]
        self._scores, self._ids = (np.take_along_axis(array, order, axis=1) for array in (scores, ids))
        self._low = np.take_along_axis(np.concatenate([self._low, low], axis=2), order[None], axis=2)
        for place, highest in enumerate(self._highest):
            joined = np.hstack([highest, low[place]])
            if joined.shape[1] > MOST_CANDIDATES:
                joined = -np.partition(-joined, MOST_CANDIDATES - 1, axis=1)[:, :MOST_CANDIDATES]
            self._highest[place] = joined

    @property
    def nearest(self) -> list[list[int]]:
        """Of each query the items that are nearest in full width, itself aside."""
        return self._ids.tolist()

    def plan(self, target: float) -> IndexPlan | None:
        """The smallest width of which few candidates are enough, or else that which needs the fewest.

        Half of what the target leaves to be missed is missed by the coordinates, half is left to the lists of
        PostgreSQL. Half as many candidates again are taken, so that the gallery may grow.

        Returns:
            None where no width up to half of the full one does with `MOST_CANDIDATES`.

        Raises:
            ConfigurationError: the target is no recall.
        """
        check_target(target)
        best: IndexPlan | None = None
        for place, width in enumerate(self.widths):
            needed = math.ceil(
                _HEADROOM * np.quantile(self._places(place), (1 + target) / 2, method="higher")
            )
            plan = IndexPlan(width, max(FEWEST_CANDIDATES, needed), float(self._energy[width - 1]))
            if plan.candidates <= PREFERRED_CANDIDATES:
                return plan
            if plan.candidates <= min(MOST_CANDIDATES, best.candidates - 1 if best else MOST_CANDIDATES):
                best = plan
        return best

    def _by_width(self, vectors: np.ndarray) -> np.ndarray:
        """Scores float32 [widths, queries, n]: how well the first coordinates agree in direction, up to a factor."""
        if not self.widths:
            return np.empty((0, len(self.queries), len(vectors)), np.float32)
        asked, shown = self.queries, vectors
        if self._rotation is not None:
            directions = self._rotation.directions[:, : self.widths[-1]]
            asked, shown = asked @ directions, shown @ directions
        blocks = [slice(first, last) for first, last in zip((0, *self.widths), self.widths, strict=False)]
        products = np.cumsum([asked[:, block] @ shown[:, block].T for block in blocks], axis=0)
        squares = np.cumsum([np.square(shown[:, block]).sum(axis=1) for block in blocks], axis=0)
        return products / np.sqrt(np.maximum(squares, TINY))[:, None]

    def _places(self, place: int) -> np.ndarray:
        """Where the nearest stand by one width, int64 [queries, k], from 1 on; at most one behind the last."""
        highest, own = self._highest[place], self._low[place]
        return 1 + np.stack([(highest > own[:, [one]]).sum(axis=1) for one in range(own.shape[1])], axis=1)


def _widths(energy: np.ndarray) -> list[int]:
    """Multiples of `WIDTH_STEP` with half of the energy or more, up to half of the full width.

    Every step up to 128, then ever coarser ones: 160, 192, 224, 256, 320, ..., 512, 640, ...
    """
    steps = range(WIDTH_STEP, len(energy) // 2 + 1, WIDTH_STEP)
    coarse = {width: max(WIDTH_STEP, 1 << max(width.bit_length() - 3, 0)) for width in steps}
    return [width for width in steps if energy[width - 1] >= _LEAST_ENERGY and width % coarse[width] == 0]


def recalls_of(found: Sequence[Sequence[int]], exact: Sequence[Sequence[int]]) -> np.ndarray:
    """Of each query the share of what an exact search found that the other one found too, float64 [queries]."""
    pairs = zip(found, exact, strict=True)
    return np.array([len(set(ours) & set(truth)) / max(1, len(truth)) for ours, truth in pairs])


def surely_reached(recalls: np.ndarray, target: float) -> bool:
    """Whether the mean of other queries would reach the target too, with 95 % confidence."""
    deviation = recalls.std(ddof=1) if len(recalls) > 1 else 0.0
    return bool(recalls.mean() - _ONE_SIDED_95 * deviation / math.sqrt(len(recalls)) >= target)
