"""How unevenly the dimensions of an embedding carry it, and whether it is always the same ones."""

from dataclasses import dataclass

import numpy as np

from crossreid.analysis.low_rank import low_rank_spectrum
from crossreid.core.errors import ConfigurationError, DataError

TOP_SHARE = 0.1


@dataclass(frozen=True, eq=False)
class Importance:
    """Over several random halves of the items.

    Args:
        trials: float64 [trials, dim], the importance of each dimension.
        effective_ranks: of each trial.
        top_share: share of all importance that the first tenth of the dimensions carries, mean over trials.
        overlap: share of the first tenth that two trials have in common, mean over pairs; NaN for one trial.
    """

    trials: np.ndarray
    effective_ranks: tuple[float, ...]
    top_share: float
    overlap: float


def measure_importance(vectors: np.ndarray, *, trials: int = 4, seed: int = 0) -> Importance:
    """The importance of `low_rank_spectrum` in random halves.

    Args:
        vectors: [n, dim], n at least 2.
        trials: how many halves.
        seed: of the halves.

    Raises:
        ConfigurationError: no trial.
        DataError: fewer than two vectors.
    """
    if trials < 1:
        raise ConfigurationError(f"{trials} trials", expected="at least 1")
    if len(vectors) < 2:
        raise DataError(f"{len(vectors)} vectors", expected="at least 2")
    random = np.random.default_rng(seed)
    spectra = [
        low_rank_spectrum(vectors[random.permutation(len(vectors))[: len(vectors) // 2]])
        for _ in range(trials)
    ]
    importance = np.stack([spectrum.importance for spectrum in spectra])
    count = max(1, round(TOP_SHARE * importance.shape[1]))
    first = [set(np.argsort(-row, kind="stable")[:count].tolist()) for row in importance]
    pairs = [len(a & b) / count for place, a in enumerate(first) for b in first[:place]]
    highest = np.sort(importance, axis=1)[:, ::-1][:, :count]
    return Importance(
        trials=importance,
        effective_ranks=tuple(spectrum.effective_rank for spectrum in spectra),
        top_share=float(np.mean(highest.sum(axis=1) / importance.sum(axis=1))),
        overlap=float(np.mean(pairs)) if pairs else float("nan"),
    )
