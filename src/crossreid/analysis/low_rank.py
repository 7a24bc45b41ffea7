"""How few directions hold most of what an encoder says."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from crossreid.core.errors import ConfigurationError, DataError


@dataclass(frozen=True, eq=False, repr=False)
class Spectrum:
    """The energy of features along their principal directions, strongest first.

    Args:
        singular_values: s_k, [rank <= min(n, dim)].
        explained_variance: w_k = s_k^2 / sum_j s_j^2.
        cumulative: running sum of the explained variance; ends at 1.
        importance: of each original dimension, sum_k |V_ik| w_k, [dim].
        effective_rank: exp of the entropy of w.
    """

    singular_values: np.ndarray
    explained_variance: np.ndarray
    cumulative: np.ndarray
    importance: np.ndarray
    effective_rank: float

    def __repr__(self) -> str:
        return f"Spectrum(rank {len(self.singular_values)}, effective rank {self.effective_rank:.1f})"

    def components_for(self, share: float) -> int:
        """The smallest number of components that hold a share of the variance, such as 0.95.

        Raises:
            ConfigurationError: the share is not above 0 and at most 1.
        """
        if not 0 < share <= 1:
            raise ConfigurationError(f"a share of {share}", expected="above 0 and at most 1")
        # The rounding of the sum must not ask for one component more.
        return int(np.searchsorted(self.cumulative, share - 1e-12)) + 1


def low_rank_spectrum(features: np.ndarray) -> Spectrum:
    """Singular values of the features as they are, without taking their mean away.

    Args:
        features: [n, dim].

    Raises:
        DataError: the features are not a finite matrix, or all zero.

    Source: MLLMEmbed-ReID eq. 8-9; effective rank: Roy & Vetterli, EUSIPCO 2007.
    """
    matrix = np.asarray(features, dtype=np.float64)
    if matrix.ndim != 2 or not matrix.size:
        raise DataError(f"features of shape {matrix.shape}", expected="[n, dim], at least 1 x 1")
    if not np.isfinite(matrix).all() or not matrix.any():
        raise DataError("features that are all zero, or not all finite", expected="finite features")
    if len(matrix) > matrix.shape[1]:
        # R of a QR decomposition has the same singular values and right vectors, and is only dim x dim.
        matrix = np.linalg.qr(matrix, mode="r")
    _, singular_values, directions = np.linalg.svd(matrix, full_matrices=False)
    energy = (singular_values / singular_values[0]) ** 2
    explained = energy / energy.sum()
    present = explained[explained > 0]
    return Spectrum(
        singular_values=singular_values,
        explained_variance=explained,
        cumulative=np.cumsum(explained),
        importance=np.abs(directions).T @ explained,
        effective_rank=float(np.exp(-np.sum(present * np.log(present)))),
    )


def random_halves(features: np.ndarray, *, trials: int, seed: int = 0) -> Iterator[Spectrum]:
    """Yield the spectrum of each of some random halves of the features, as the trials of the paper's figures 3 and 7.

    Args:
        features: [n, dim]; a half has at least one row.
        trials: how many halves, each drawn without replacement.
        seed: the same seed draws the same rows.
    """
    random = np.random.default_rng(seed)
    for _ in range(trials):
        yield low_rank_spectrum(features[random.permutation(len(features))[: max(1, len(features) // 2)]])
