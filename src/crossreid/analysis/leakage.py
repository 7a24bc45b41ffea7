"""What an embedding gives away: attributes that a linear probe reads from vectors of people whom it has never met."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from crossreid.core.errors import DataError

_FOLDS = 5
_PENALTIES = (0.01, 0.1, 1.0)
_FEWEST_PEOPLE = 2 * _FOLDS


@dataclass(frozen=True, slots=True)
class Leak:
    """One attribute.

    Args:
        attribute: its name.
        balanced_accuracy: mean over the values of the share that is recognised, 0 to 1.
        deviation: of it over the folds (sample standard deviation).
        chance: of a probe that knows nothing: 1 / values.
        values: how many there are.
        people: whom it was counted on.
    """

    attribute: str
    balanced_accuracy: float
    deviation: float
    chance: float
    values: int
    people: int

    @property
    def readable(self) -> float:
        """0 at chance, 1 where the attribute is read without an error."""
        return (self.balanced_accuracy - self.chance) / (1 - self.chance)


def probe_leakage(
    vectors: np.ndarray,
    person_ids: np.ndarray,
    attributes: Mapping[str, np.ndarray],
    *,
    seed: int = 0,
) -> tuple[Leak, ...]:
    """Fit linear probes on four fifths of the people, read the others; five times, so that each is read once.

    A probe is a least-squares classifier: all values of an attribute weigh the same, the penalty on its weights is
    chosen on people left out of the fit. Values of fewer than ten people are left out, and attributes
    with one value left.

    Args:
        vectors: [n, dim].
        person_ids: int [n]; all items of a person are on one side.
        attributes: str [n] by name.
        seed: of the folds.

    Returns:
        The most readable first.

    Raises:
        DataError: there are too few people, or the arrays do not fit each other.

    Source: Alain & Bengio, 2017 (linear probes); Hastie et al., The Elements of Statistical Learning, 4.2.
    """
    lengths = {len(vectors), len(person_ids), *map(len, attributes.values())}
    if len(lengths) != 1:
        raise DataError(f"arrays of lengths {sorted(lengths)}", expected="one length")
    leaks = [
        leak
        for name, values in attributes.items()
        if (leak := _probe(name, np.asarray(vectors, np.float64), person_ids, values, seed)) is not None
    ]
    if not leaks:
        raise DataError(
            f"{len(np.unique(person_ids))} people",
            expected=f"an attribute with two values of {_FEWEST_PEOPLE} people or more each",
        )
    return tuple(sorted(leaks, key=lambda leak: -leak.readable))


def _probe(
    name: str, vectors: np.ndarray, person_ids: np.ndarray, values: np.ndarray, seed: int
) -> Leak | None:
    kept = np.zeros(len(values), dtype=bool)
    for value in np.unique(values):
        same = values == value
        kept |= same & (len(np.unique(person_ids[same])) >= _FEWEST_PEOPLE)
    known, labels = np.unique(values[kept], return_inverse=True)
    if len(known) < 2:
        return None
    vectors, person_ids = vectors[kept], person_ids[kept]
    folds = _folds(person_ids, _FOLDS, seed)
    found = np.empty(len(labels), dtype=np.int64)
    for fold in range(_FOLDS):
        held = folds == fold
        inner = _folds(person_ids[~held], 4, seed + 1) == 0
        penalty = max(
            _PENALTIES,
            key=lambda penalty: _balanced(
                _predict(
                    vectors[~held][~inner], labels[~held][~inner], vectors[~held][inner], len(known), penalty
                ),
                labels[~held][inner],
            ),
        )
        found[held] = _predict(vectors[~held], labels[~held], vectors[held], len(known), penalty)
    accuracies = [_balanced(found[folds == fold], labels[folds == fold]) for fold in range(_FOLDS)]
    return Leak(
        attribute=name,
        balanced_accuracy=_balanced(found, labels),
        deviation=float(np.std(accuracies, ddof=1)),
        chance=1 / len(known),
        values=len(known),
        people=len(np.unique(person_ids)),
    )


def _folds(person_ids: np.ndarray, count: int, seed: int) -> np.ndarray:
    """The fold of each item, int [n]; people are dealt out in a random order."""
    people, person = np.unique(person_ids, return_inverse=True)
    return (np.random.default_rng(seed).permutation(len(people)) % count)[person]


def _predict(
    vectors: np.ndarray, labels: np.ndarray, unseen: np.ndarray, classes: int, penalty: float
) -> np.ndarray:
    """Weighted ridge regression to +-1, each value with the same total weight; the largest answer wins."""
    counts = np.bincount(labels, minlength=classes)
    weights = 1 / (np.maximum(counts, 1)[labels] * np.count_nonzero(counts))
    mean = weights @ vectors
    inputs, targets = vectors - mean, np.where(labels[:, None] == np.arange(classes), 1.0, -1.0)
    offset = weights @ targets
    gram = (inputs * weights[:, None]).T @ inputs
    scale = max(float(np.trace(gram)) / len(gram), 1e-12)
    slopes = np.linalg.solve(
        gram + penalty * scale * np.eye(len(gram)), (inputs * weights[:, None]).T @ (targets - offset)
    )
    return ((unseen - mean) @ slopes + offset).argmax(axis=1)


def _balanced(found: np.ndarray, labels: np.ndarray) -> float:
    return float(np.mean([np.mean(found[labels == label] == label) for label in np.unique(labels)]))
