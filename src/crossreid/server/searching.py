"""One search: evidence -> unit vectors -> one query -> results, and what each piece had to do with each."""

import time
import uuid
from collections.abc import Sequence

import numpy as np
from sqlalchemy import Connection

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import CrossReIDError, DataError, FingerprintError
from crossreid.evaluation.calibration import Calibration, EvidenceCalibration, evidence_name
from crossreid.evaluation.fusion import fuse
from crossreid.gallery.item import SearchResult
from crossreid.server import schemas
from crossreid.server.access import Caller
from crossreid.server.answering import Seen, group_of, log_content, phrase_shares, probabilities, rates
from crossreid.server.embeddings import bare
from crossreid.server.query import (
    Query,
    Ready,
    collect,
    decode,
    hide,
    vectors_by_key,
    weighted_by_hand,
    weights_for,
)
from crossreid.server.records.items import Space, count_by_label, find_items
from crossreid.server.refusals import RefusalError
from crossreid.server.service import GALLERY, Service
from crossreid.server.telling import record, verified_items

_TRIES = 3


def search(
    service: Service, caller: Caller, asked: schemas.SearchRequest, *, deadline: float
) -> schemas.SearchAnswer:
    """Answer a search, and write it down first.

    Raises:
        RefusalError: the evidence is not what it should be, or the gallery cannot be asked like this.
    """
    began = time.perf_counter()
    ready = decode(service, asked)
    fresh = service.embed(ready.samples, deadline=deadline, hurried=True) if ready.samples else None
    for _ in range(_TRIES):
        seen = _look(service, caller, asked, ready, fresh)
        if seen is not None:
            return _tell(service, caller, asked, ready, seen, began)
    raise RefusalError(
        "overloaded", "a gallery that changes faster than it can be read", remedy="try again in a moment"
    )


def _look(
    service: Service, caller: Caller, asked: schemas.SearchRequest, ready: Ready, fresh: Embeddings | None
) -> Seen | None:
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
            content=log_content(asked, seen, caller),
        )
    return seen


def _see(
    service: Service,
    connection: Connection,
    tenant: str,
    asked: schemas.SearchRequest,
    ready: Ready,
    fresh: Embeddings | None,
    space: Space,
) -> Seen | None:
    hidden = None if fresh is None else hide(service, connection, tenant, fresh, space)
    query = collect(service, connection, tenant, asked, ready, hidden, space)
    calibration = _calibration(service, connection, tenant, query, space)
    weights = weights_for(asked, query, calibration)
    results, curve = _ask(service, connection, tenant, asked, query, weights, calibration, space)
    keys = [result.key for result in results]
    found = find_items(connection, space, keys)
    if len(found) < len(keys):
        return None
    stored = vectors_by_key(service, connection, tenant, keys)
    numbers = [row.id for row in found.values()]
    shown = verified_items(service, connection, tenant, numbers, asked.reference)
    sizes: dict[str, int] = {}
    if asked.group_by != "none":
        labels = {label for result in results if (label := getattr(result, asked.group_by))}
        sizes = count_by_label(connection, space, asked.group_by, labels)
    return Seen(query, weights, results, curve, found, stored, shown, hidden, sizes, str(uuid.uuid4()))


def _tell(
    service: Service,
    caller: Caller,
    asked: schemas.SearchRequest,
    ready: Ready,
    seen: Seen,
    began: float,
) -> schemas.SearchAnswer:
    query, weights, results = seen.query, seen.weights, seen.results
    found, shown, stored, hidden = seen.found, seen.shown, seen.stored, seen.hidden
    candidates = service.size(caller.tenant)
    rows = [query.vectors @ stored[result.key] for result in results]
    cosines = np.array(rows).reshape(len(results), len(weights))
    length = float(np.linalg.norm(np.asarray(weights) @ query.vectors))
    phrases = phrase_shares(ready, None if hidden is None else hidden.vectors, cosines, results, stored)
    sure = probabilities(seen.curve, results, candidates)
    told = [
        schemas.Found(
            rank=result.rank,
            score=round(result.score, 6),
            probability=probability,
            item=record(found[result.key], hidden=found[result.key].id not in shown),
            contributions=[round(float(w * c / length), 6) for w, c in zip(weights, row, strict=True)],
            cosines=[round(float(c), 6) for c in row],
            phrases=shares,
            group=group_of(asked, result, seen.sizes, hidden=found[result.key].id not in shown),
        )
        for result, row, shares, probability in zip(results, cosines, phrases, sure, strict=True)
    ]
    threshold, missed = rates(asked, seen.curve, candidates)
    return schemas.SearchAnswer(
        search=seen.search,
        matched=None if asked.fpir is None else bool(results),
        fpir=asked.fpir,
        threshold=threshold,
        missed=missed,
        candidates=candidates,
        elapsed_ms=round(1000 * (time.perf_counter() - began), 2),
        weights=[round(weight, 6) for weight in weights],
        results=told,
    )


def _calibration(
    service: Service, connection: Connection, tenant: str, query: Query, space: Space
) -> Calibration | None:
    pair = (query.fingerprint, space.fingerprint)
    known = service.gallery(tenant).within(connection).calibrations()
    return next((c for c in known if (c.query_fingerprint, c.gallery_fingerprint) == pair), None)


def _ask(
    service: Service,
    connection: Connection,
    tenant: str,
    asked: schemas.SearchRequest,
    query: Query,
    weights: Sequence[float],
    calibration: Calibration | None,
    space: Space,
) -> tuple[tuple[SearchResult, ...], EvidenceCalibration | None]:
    """Results, and what their scores mean where that is known."""
    curve = None
    if calibration is not None and not weighted_by_hand(asked):
        curve = calibration.evidence.get(evidence_name(query.kinds))
    if asked.fpir is not None and curve is None:
        raise RefusalError(
            "not_calibrated",
            f"a rate for searches by {evidence_name(query.kinds)}"
            + (" with own weights" if weighted_by_hand(asked) else ""),
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


def _empty() -> RefusalError:
    return RefusalError("gallery_empty", "a gallery without items", remedy="enrol somebody first")
