"""How much each kind of evidence counts in a query of several."""

from collections.abc import Mapping
from itertools import combinations

import numpy as np

from crossreid.core.embeddings import Embeddings
from crossreid.core.modality import Modality
from crossreid.evaluation.answers import right_and_dropped
from crossreid.evaluation.cosines import unit
from crossreid.evaluation.evidence import align_evidence
from crossreid.evaluation.protocols import EvaluationProtocol
from crossreid.evaluation.tasks import RetrievalTask

_MOST_COSINES = 2**21
_START = 20.0
_HOLD = 1e-3
_STEPS = 50


def learn_weights(
    query: Embeddings, gallery: Embeddings, *, rule: EvaluationProtocol, seed: int = 0
) -> dict[Modality, float]:
    """Weights under which every combination of evidence ranks the right items high.

    The cosine of a fused query is, but for a factor of the query, the sum of weight times cosine of its pieces.
    These sums are the logits of a choice among the gallery: the weights minimise the cross-entropy to an even
    choice among the right items, averaged over encounters with all kinds and over all combinations of kinds. A weak
    pull of their logarithms towards a common value keeps them finite where everything is found.

    Args:
        query: rows of the kinds of evidence that are to be weighed.
        gallery: rows of one kind.
        rule: which of them do not count.
        seed: of the draw of encounters, where there are more than memory should hold.

    Returns:
        Positive weights with mean 1, in the order of `Modality`; equal ones where no encounter has all kinds, or
        none is found in the gallery.

    Source: McFadden, Conditional logit analysis, 1974; Newton's method on the logarithms.
    """
    present = np.unique(query.modalities)
    kinds = [kind for kind in Modality if kind in present]
    cosines, right, kept = _encounters(query, gallery, kinds, rule, seed)
    if not len(cosines) or len(kinds) == 1:
        return dict.fromkeys(kinds, 1.0)
    weights = _fit(cosines, right, kept)
    return dict(zip(kinds, (weights / weights.mean()).tolist(), strict=True))


def _encounters(
    query: Embeddings, gallery: Embeddings, kinds: list[Modality], rule: EvaluationProtocol, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cosines [n, g, kinds], right items bool [n, g] and items that count bool [n, g] of encounters with an answer."""
    own = gallery.modalities[0] if len(gallery) else Modality.RGB
    # A joined row is named after its first piece, and an item is not in its own gallery.
    order = sorted(range(len(kinds)), key=lambda place: kinds[place] != own)
    pieces = align_evidence([query.of(kinds[place]) for place in order])
    pieces = [pieces[order.index(place)] for place in range(len(kinds))]
    named = pieces[order[0]]
    most = max(1, _MOST_COSINES // (max(len(gallery), 1) * len(kinds)))
    rows = np.sort(np.random.default_rng(seed).permutation(len(named))[:most])
    named, pieces = named.select(rows), [piece.select(rows) for piece in pieces]
    task = RetrievalTask(kinds[0], Modality(own), tuple(kinds[1:]))
    exclude = rule.exclusion(task, named, gallery)
    right, kept = np.zeros((2, len(named), len(gallery)), dtype=bool)
    kept[:] = True
    answers = right_and_dropped(named.person_ids, gallery.person_ids, exclude=exclude, whoever=rule.whoever)
    for row, (found, dropped) in enumerate(answers):
        right[row, found], kept[row, dropped] = True, False
    items = unit(gallery.vectors)
    cosines = np.stack([unit(piece.vectors) @ items.T for piece in pieces], axis=-1)
    counted = right.any(axis=1)
    return cosines[counted], right[counted], kept[counted]


def _fit(cosines: np.ndarray, right: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Newton's method on the logarithms of the weights, with halved steps: the loss never rises."""
    logs = np.full(cosines.shape[-1], np.log(_START))
    loss, slope, bend = _loss(logs, cosines, right, kept)
    for _ in range(_STEPS):
        step = np.linalg.solve(bend, slope)
        step *= min(1.0, 2.0 / np.abs(step).max(initial=1e-12))
        while (new := _loss(logs - step, cosines, right, kept))[0] > loss and np.abs(step).max() > 1e-9:
            step /= 2
        if loss - new[0] < 1e-9:
            break
        logs, (loss, slope, bend) = logs - step, new
    return np.exp(logs)


def _loss(
    logs: np.ndarray, cosines: np.ndarray, right: np.ndarray, kept: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """Loss, gradient and a positive definite stand-in for the curvature, in the logarithms of the weights."""
    weights, places = np.exp(logs), range(len(logs))
    subsets = [list(chosen) for size in range(1, len(logs) + 1) for chosen in combinations(places, size)]
    total, slope, bend = 0.0, np.zeros(len(logs)), np.zeros((len(logs), len(logs)))
    share = right / right.sum(axis=1, keepdims=True)
    for chosen in subsets:
        part = cosines[..., chosen]
        logits = np.where(kept, part @ weights[chosen], -np.inf)
        top = logits.max(axis=1, keepdims=True)
        odds = np.exp(logits - top)
        sums = odds.sum(axis=1, keepdims=True)
        chances = odds / sums
        total += float(np.mean(top + np.log(sums)) - np.sum(share * np.where(right, logits, 0)) / len(right))
        expected = np.einsum("ng,ngk->nk", chances, part)
        slope[chosen] += np.mean(expected - np.einsum("ng,ngk->nk", share, part), axis=0)
        spread = (
            (chances[..., None] * part).reshape(-1, len(chosen)).T @ part.reshape(-1, len(chosen)) / len(part)
        )
        bend[np.ix_(chosen, chosen)] += spread - expected.T @ expected / len(part)
    slope, bend = weights * slope / len(subsets), weights[:, None] * bend * weights / len(subsets)
    away = logs - np.log(_START)
    bend += np.diag(np.maximum(slope, 0) + _HOLD)
    return total / len(subsets) + _HOLD / 2 * float(away @ away), slope + _HOLD * away, bend


def weights_of(kinds: np.ndarray, weights: Mapping[Modality, float] | None) -> list[float]:
    """The weight of each piece of a query: 1 where there are no weights, or none for one of the pieces."""
    given = [Modality(str(kind)) for kind in kinds]
    if weights is None or not set(given) <= set(weights):
        return [1.0] * len(given)
    return [weights[kind] for kind in given]
