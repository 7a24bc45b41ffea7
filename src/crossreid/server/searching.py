"""One search: evidence -> unit vectors -> one query -> results, and what each piece had to do with each."""

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import CrossReIDError, DataError, FingerprintError
from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.evaluation.calibration import Calibration, EvidenceCalibration, evidence_name
from crossreid.evaluation.fusion import fuse
from crossreid.evaluation.weights import weights_of
from crossreid.gallery.item import SearchResult
from crossreid.server import schemas
from crossreid.server.access import Caller
from crossreid.server.embeddings import bare
from crossreid.server.evidence import digest, read_picture, read_vector
from crossreid.server.phrases import Phrase, split_phrases, without
from crossreid.server.records import StoredRow
from crossreid.server.records.items import Space, count_by_label, find_items, read_id
from crossreid.server.refusals import RefusalError
from crossreid.server.service import GALLERY, Service
from crossreid.server.telling import record, verified_items

_TRIES = 3


@dataclass(frozen=True, slots=True, eq=False)
class _Evidence:
    """The pieces of a query.

    Args:
        vectors: float32 unit rows [n, dim], in the coordinates of the store.
        kinds: of the pieces.
        fingerprint: of what made them, joined where there are several.
        told: what the audit log says of each.
    """

    vectors: np.ndarray
    kinds: list[Modality]
    fingerprint: str
    told: list[dict[str, Any]]


@dataclass(frozen=True, slots=True, eq=False)
class _Ready:
    """What was decoded before the database is asked: samples to be embedded, and vectors that came as such."""

    samples: list[Sample]
    phrases: list[tuple[int, Phrase, str]]
    told: list[dict[str, Any]]


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """What the database said."""

    query: _Evidence
    weights: list[float]
    results: tuple[SearchResult, ...]
    curve: EvidenceCalibration | None
    found: dict[str, StoredRow]
    stored: dict[str, np.ndarray]
    shown: set[int]
    hidden: Embeddings | None
    sizes: dict[str, int]
    search: str


def search(
    service: Service, caller: Caller, asked: schemas.SearchRequest, *, deadline: float
) -> schemas.SearchAnswer:
    """Answer a search, and write it down first.

    Raises:
        RefusalError: the evidence is not what it should be, or the gallery cannot be asked like this.
    """
    began = time.perf_counter()
    ready = _decode(service, asked)
    fresh = service.embed(ready.samples, deadline=deadline, hurried=True) if ready.samples else None
    for _ in range(_TRIES):
        seen = _look(service, caller, asked, ready, fresh)
        if seen is not None:
            return _tell(service, caller, asked, ready, seen, began)
    raise RefusalError(
        "overloaded", "a gallery that changes faster than it can be read", remedy="try again in a moment"
    )


def _look(
    service: Service, caller: Caller, asked: schemas.SearchRequest, ready: _Ready, fresh: Embeddings | None
) -> _Seen | None:
    """Search, and write it down; None where items went or the coordinates changed meanwhile."""
    tenant = caller.tenant
    with service.transaction(tenant) as connection:
        space = service.space(connection, tenant)
        if space is None:
            raise _empty()
        try:
            seen = _see(service, connection, tenant, asked, ready, fresh, space)
        except CrossReIDError:
            if service.space(connection, tenant) == space:
                raise
            return None
        if seen is None or service.space(connection, tenant) != space:
            return None
        service.log(
            connection,
            tenant,
            caller.name,
            "search",
            gallery=GALLERY,
            purpose=asked.purpose,
            reference=asked.reference,
            content=_content(asked, seen, caller),
        )
    return seen


def _see(
    service: Service,
    connection: Connection,
    tenant: str,
    asked: schemas.SearchRequest,
    ready: _Ready,
    fresh: Embeddings | None,
    space: Space,
) -> _Seen | None:
    hidden = None if fresh is None else _hide(service, connection, tenant, fresh, space)
    query = _collect(service, connection, tenant, asked, ready, hidden, space)
    calibration = _calibration(service, connection, tenant, query, space)
    weights = _weights(asked, query, calibration)
    results, curve = _ask(service, connection, tenant, asked, query, weights, calibration, space)
    keys = [result.key for result in results]
    found = find_items(connection, space, keys)
    if len(found) < len(keys):
        return None
    stored = _vectors(service, connection, tenant, keys)
    numbers = [row.id for row in found.values()]
    shown = verified_items(service, connection, tenant, numbers, asked.reference)
    sizes: dict[str, int] = {}
    if asked.group_by != "none":
        labels = {label for result in results if (label := getattr(result, asked.group_by))}
        sizes = count_by_label(connection, space, asked.group_by, labels)
    return _Seen(query, weights, results, curve, found, stored, shown, hidden, sizes, str(uuid.uuid4()))


def _tell(
    service: Service,
    caller: Caller,
    asked: schemas.SearchRequest,
    ready: _Ready,
    seen: _Seen,
    began: float,
) -> schemas.SearchAnswer:
    query, weights, results = seen.query, seen.weights, seen.results
    found, shown, stored, hidden = seen.found, seen.shown, seen.stored, seen.hidden
    candidates = service.size(caller.tenant)
    rows = [query.vectors @ stored[result.key] for result in results]
    cosines = np.array(rows).reshape(len(results), len(weights))
    length = float(np.linalg.norm(np.asarray(weights) @ query.vectors))
    phrases = _phrase_shares(ready, None if hidden is None else hidden.vectors, cosines, results, stored)
    probabilities = _probabilities(seen.curve, results, candidates)
    told = [
        schemas.Found(
            rank=result.rank,
            score=round(result.score, 6),
            probability=probability,
            item=record(found[result.key], hidden=found[result.key].id not in shown),
            contributions=[round(float(w * c / length), 6) for w, c in zip(weights, row, strict=True)],
            cosines=[round(float(c), 6) for c in row],
            phrases=shares,
            group=_group(asked, result, seen.sizes, hidden=found[result.key].id not in shown),
        )
        for result, row, shares, probability in zip(results, cosines, phrases, probabilities, strict=True)
    ]
    rates = _rates(asked, seen.curve, candidates)
    return schemas.SearchAnswer(
        search=seen.search,
        matched=None if asked.fpir is None else bool(results),
        fpir=asked.fpir,
        threshold=rates[0],
        missed=rates[1],
        candidates=candidates,
        elapsed_ms=round(1000 * (time.perf_counter() - began), 2),
        weights=[round(weight, 6) for weight in weights],
        results=told,
    )


def _decode(service: Service, asked: schemas.SearchRequest) -> _Ready:
    """Everything that is to be embedded, in one list: pieces first, then descriptions without one phrase each."""
    samples: list[Sample] = []
    phrases: list[tuple[int, Phrase, str]] = []
    told: list[dict[str, Any]] = []
    for number, piece in enumerate(asked.evidence):
        where = f"evidence.{number}"
        if piece.text is not None:
            _check_kind(service, Modality.TEXT, where)
            if not piece.text.strip():
                raise RefusalError("malformed", f"{where}: blank words", expected="words")
            samples.append(Sample(Modality.TEXT, caption=piece.text))
            told.append({"modality": "text", "text": piece.text})
            if asked.explain:
                phrases += [(number, p, without(piece.text, p)) for p in split_phrases(piece.text)]
        elif piece.picture is not None:
            modality = Modality(piece.modality or "rgb")
            _check_kind(service, modality, where)
            image, data = read_picture(piece.picture, where, service.settings.limits)
            samples.append(Sample(modality, image=image, item_id=where))
            told.append({"modality": str(modality), "sha256": digest(data)})
        elif piece.vector is not None:
            told.append({"modality": str(piece.modality), "vector": True})
        else:
            told.append({"item": read_id(piece.item or "")})
    samples += [Sample(Modality.TEXT, caption=rest) for _, _, rest in phrases if rest]
    return _Ready(samples, phrases, told)


def _collect(
    service: Service,
    connection: Connection,
    tenant: str,
    asked: schemas.SearchRequest,
    ready: _Ready,
    hidden: Embeddings | None,
    space: Space,
) -> _Evidence:
    """The pieces as unit rows in the order in which they were given."""
    rows, kinds, fingerprints = [], [], []
    following = iter(range(len(ready.samples)))
    for number, piece in enumerate(asked.evidence):
        if piece.text is not None or piece.picture is not None:
            assert hidden is not None, "such pieces were embedded"
            vector, kind, fingerprint = (
                hidden.vectors[next(following)],
                Modality(piece.modality or "rgb"),
                hidden.fingerprint,
            )
        elif piece.vector is not None:
            given = read_vector(piece.vector, f"evidence.{number}", space.dim)
            if not piece.fingerprint:
                raise RefusalError(
                    "malformed", f"evidence.{number}: a vector without a fingerprint", expected="fingerprint"
                )
            kind, fingerprint = Modality(piece.modality or "rgb"), piece.fingerprint
            single = bare(given[None], [kind], fingerprint, piece.rotation).unit()
            vector = _hide(service, connection, tenant, single, space).vectors[0]
        else:
            key = ready.told[number]["item"]
            known = find_items(connection, space, [key])
            if key not in known:
                raise RefusalError("not_found", f"evidence.{number}: no such item")
            vectors = _vectors(service, connection, tenant, [key])
            vector, kind, fingerprint = vectors[key], Modality(known[key].modality), space.fingerprint
        rows.append(vector / np.linalg.norm(vector))
        kinds.append(kind)
        fingerprints.append(fingerprint)
    joint = "+".join(dict.fromkeys(fingerprints))
    return _Evidence(np.stack(rows).astype(np.float32), kinds, joint, ready.told)


def _hide(
    service: Service, connection: Connection, tenant: str, embeddings: Embeddings, space: Space
) -> Embeddings:
    """Query vectors in the coordinates of the store.

    Raises:
        RefusalError: foreign_fingerprint.
    """
    try:
        hidden = service.hide(connection, tenant, embeddings, space)
        stored = bare(np.empty((0, space.dim), np.float32), [], space.fingerprint, space.rotation)
        stored.check_comparable(hidden)
    except FingerprintError as error:
        raise RefusalError(
            "foreign_fingerprint",
            f"a query of {embeddings.fingerprint!r} in a gallery of {space.fingerprint!r}: {error.found}",
            expected="the gallery's encoder, or one of its space",
        ) from error
    return hidden


def _calibration(
    service: Service, connection: Connection, tenant: str, query: _Evidence, space: Space
) -> Calibration | None:
    pair = (query.fingerprint, space.fingerprint)
    known = service.gallery(tenant).within(connection).calibrations()
    return next((c for c in known if (c.query_fingerprint, c.gallery_fingerprint) == pair), None)


def _vectors(
    service: Service, connection: Connection, tenant: str, keys: Sequence[str]
) -> dict[str, np.ndarray]:
    """Stored vectors float32 [dim], by key."""
    if not keys:
        return {}
    found = service.gallery(tenant).within(connection).vectors(keys)
    return dict(zip(keys, found.vectors, strict=True))


def _own_weights(asked: schemas.SearchRequest) -> bool:
    return any(piece.weight is not None for piece in asked.evidence)


def _weights(asked: schemas.SearchRequest, query: _Evidence, calibration: Calibration | None) -> list[float]:
    if _own_weights(asked):
        return [1.0 if piece.weight is None else piece.weight for piece in asked.evidence]
    kinds = np.array([str(kind) for kind in query.kinds])
    return weights_of(kinds, calibration.weights if calibration else None)


def _ask(
    service: Service,
    connection: Connection,
    tenant: str,
    asked: schemas.SearchRequest,
    query: _Evidence,
    weights: Sequence[float],
    calibration: Calibration | None,
    space: Space,
) -> tuple[tuple[SearchResult, ...], EvidenceCalibration | None]:
    """Results, and what their scores mean where that is known."""
    curve = None
    if calibration is not None and not _own_weights(asked):
        curve = calibration.evidence.get(evidence_name(query.kinds))
    if asked.fpir is not None and curve is None:
        raise RefusalError(
            "not_calibrated",
            f"a rate for searches by {evidence_name(query.kinds)}"
            + (" with own weights" if _own_weights(asked) else ""),
            expected="evidence that was calibrated, without weights",
            remedy="leave fpir out, or calibrate the gallery",
        )
    try:
        pieces = bare(query.vectors, query.kinds, query.fingerprint, space.rotation)
        if asked.fpir is None:
            fused = fuse(list(query.vectors), weights)
            pieces = bare(fused[None], query.kinds[:1], query.fingerprint, space.rotation)
        results = (
            service.gallery(tenant)
            .within(connection)
            .search(
                pieces,
                top=asked.top,
                camera=asked.cameras or None,
                person=asked.people or None,
                modality=asked.modality,
                time_range=None
                if asked.after is None and asked.before is None
                else (asked.after, asked.before),
                watchlist=asked.watchlist,
                collection=asked.collection,
                group=None if asked.group_by == "none" else asked.group_by,
                fpir=asked.fpir,
            )
        )
    except FingerprintError as error:
        raise RefusalError(
            "foreign_fingerprint", error.found, expected=error.expected, remedy=error.remedy
        ) from error
    except DataError as error:
        if not len(service.gallery(tenant).within(connection)):
            raise _empty() from error
        code = "not_calibrated" if asked.fpir is not None else "bad_value"
        raise RefusalError(code, error.found, expected=error.expected, remedy=error.remedy) from error
    kind = None if calibration is None else calibration.gallery
    same = all(result.modality == kind for result in results)
    return results, curve if same else None


def _phrase_shares(
    ready: _Ready,
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


def _probabilities(
    curve: EvidenceCalibration | None, results: Sequence[SearchResult], candidates: int
) -> list[float | None]:
    if curve is None:
        return [None] * len(results)
    scores = np.array([result.score for result in results])
    found = curve.probability(scores, candidates=max(1, candidates)).tolist()
    given = [result.probability for result in results]
    return [round(own if own is not None else p, 6) for own, p in zip(given, found, strict=True)]


def _rates(
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


def _group(
    asked: schemas.SearchRequest, result: SearchResult, sizes: dict[str, int], *, hidden: bool
) -> schemas.Group | None:
    if asked.group_by == "none":
        return None
    key = result.person if asked.group_by == "person" else result.track
    size = sizes.get(key, 1)  # somebody without a name is a group by itself
    if asked.group_by == "person" and hidden:
        key = digest(key.encode())[:12] if key else ""
    return schemas.Group(key=key, items=size)


def _content(asked: schemas.SearchRequest, seen: _Seen, caller: Caller) -> dict[str, Any]:
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
        "kinds": "" if _own_weights(asked) else evidence_name(seen.query.kinds),
        "evidence": [
            told | {"weight": weight} for told, weight in zip(seen.query.told, seen.weights, strict=True)
        ],
        "filters": {name: value for name, value in filters.items() if value},
        "top": asked.top,
        "group_by": asked.group_by,
        "fpir": asked.fpir,
        "results": [{"item": result.key, "score": result.score} for result in seen.results],
    }


def _empty() -> RefusalError:
    return RefusalError("gallery_empty", "a gallery without items", remedy="enrol somebody first")


def _check_kind(service: Service, modality: Modality, where: str) -> None:
    if modality not in service.encoder.modalities:
        raise RefusalError(
            "malformed",
            f"{where}: {modality} for this encoder",
            expected=", ".join(sorted(service.encoder.modalities)),
        )
