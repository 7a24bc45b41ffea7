"""What a search tells: probabilities, rates, groups, the share of each phrase, and its entry of the audit log."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import DataError
from crossreid.evaluation.calibration import EvidenceCalibration, evidence_name
from crossreid.gallery.item import SearchResult
from crossreid.server import schemas
from crossreid.server.access import Caller
from crossreid.server.evidence import digest
from crossreid.server.query import Query, Ready, weighted_by_hand
from crossreid.server.records import StoredRow


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What the database said."""

    query: Query
    weights: list[float]
    results: tuple[SearchResult, ...]
    curve: EvidenceCalibration | None
    found: dict[str, StoredRow]
    stored: dict[str, np.ndarray]
    shown: set[int]
    hidden: Embeddings | None
    sizes: dict[str, int]
    search: str


def phrase_shares(
    ready: Ready,
    hidden: np.ndarray | None,
    cosines: np.ndarray,
    results: Sequence[SearchResult],
    stored: dict[str, np.ndarray],
) -> list[list[schemas.PhraseShare]]:
    """For each result what its cosine with a description loses when a phrase is left out."""
    if not ready.phrases or hidden is None:
        return [[] for _ in results]
    spoken = sum(1 for _, _, rest in ready.phrases if rest)
    rests = iter(hidden[len(hidden) - spoken :])
    vectors = [next(rests) if rest else None for _, _, rest in ready.phrases]
    told = []
    for row, result in zip(cosines, results, strict=True):
        target = stored[result.key]
        told.append(
            [
                schemas.PhraseShare(
                    evidence=number,
                    text=phrase.text,
                    start=phrase.start,
                    end=phrase.end,
                    contribution=round(float(row[number] - (0.0 if rest is None else rest @ target)), 6),
                )
                for (number, phrase, _), rest in zip(ready.phrases, vectors, strict=True)
            ]
        )
    return told


def probabilities(
    curve: EvidenceCalibration | None, results: Sequence[SearchResult], candidates: int
) -> list[float | None]:
    """Return the probability that each result is the right person; None without a calibration."""
    if curve is None:
        return [None] * len(results)
    scores = np.array([result.score for result in results])
    found = curve.probability(scores, candidates=max(1, candidates)).tolist()
    given = [result.probability for result in results]
    return [round(own if own is not None else p, 6) for own, p in zip(given, found, strict=True)]


def rates(
    asked: schemas.SearchRequest, curve: EvidenceCalibration | None, candidates: int
) -> tuple[float | None, float | None]:
    """Threshold in the whole gallery, and share of people present who are missed at it."""
    if asked.fpir is None or curve is None:
        return None, None
    try:
        threshold = curve.threshold(asked.fpir, candidates=max(1, candidates))
        return threshold, curve.miss_rate(asked.fpir, candidates=max(1, candidates))
    except DataError:
        return None, None


def group_of(
    asked: schemas.SearchRequest, result: SearchResult, sizes: dict[str, int], *, hidden: bool
) -> schemas.Group | None:
    """What a result stands for where results are grouped; `sizes` by its label, which may have to be hidden."""
    if asked.group_by == "none":
        return None
    key = result.person if asked.group_by == "person" else result.track
    size = sizes.get(key, 1)  # somebody without a name is a group by itself
    if asked.group_by == "person" and hidden:
        key = digest(key.encode())[:12] if key else ""
    return schemas.Group(key=key, items=size)


def log_content(asked: schemas.SearchRequest, seen: Seen, caller: Caller) -> dict[str, Any]:
    """What the audit log keeps of a search: no vector and no picture."""
    filters = {
        "cameras": asked.cameras,
        "people": asked.people,
        "watchlist": asked.watchlist,
        "collection": asked.collection,
        "modality": asked.modality,
        "after": asked.after.isoformat() if asked.after else None,
        "before": asked.before.isoformat() if asked.before else None,
    }
    return {
        "search": seen.search,
        "key": caller.key_id,
        "kinds": "" if weighted_by_hand(asked) else evidence_name(seen.query.kinds),
        "evidence": [
            told | {"weight": weight} for told, weight in zip(seen.query.told, seen.weights, strict=True)
        ],
        "filters": {name: value for name, value in filters.items() if value},
        "top": asked.top,
        "group_by": asked.group_by,
        "fpir": asked.fpir,
        "results": [{"item": result.key, "score": result.score} for result in seen.results],
    }
