"""People and tracks -> the gallery: single, in batches, from devices, and as archives."""

import uuid
from collections.abc import Sequence
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Depends, Header, Request, Response

from crossreid.core.errors import DataError, FingerprintError
from crossreid.core.modality import Modality
from crossreid.core.track import Batch, Reply, Track, read_batch, write_reply
from crossreid.gallery.item import GalleryItem
from crossreid.gallery.records import Enrolment
from crossreid.server import schemas
from crossreid.server.access import Caller, Shared, needs
from crossreid.server.arrivals import Arrival, note, store, vectors_of
from crossreid.server.evidence import decode_picture, digest, read_picture, read_vector
from crossreid.server.records.answers import find_answer, keep_answer
from crossreid.server.records.items import write_id
from crossreid.server.refusals import RefusalError
from crossreid.server.roles import Permission
from crossreid.server.routes.embedding import check_count
from crossreid.server.service import Service

router = APIRouter(tags=["enrol"])

IdempotencyKey = Annotated[
    str | None,
    Header(alias="Idempotency-Key", min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$"),
]


@router.post("/items", status_code=201)
def enrol(
    asked: schemas.EnrolRequest,
    request: Request,
    caller: Annotated[Caller, Depends(needs(Permission.ENROL))],
    service: Shared,
    idempotency_key: IdempotencyKey = None,
) -> schemas.EnrolAnswer:
    """Enrol one item or many: all of them, or none. Answered means committed."""
    check_count(len(asked.items), service.settings.limits.items, "items")
    body: bytes = request.state.body
    name = f"{caller.name}/{idempotency_key}"
    if idempotency_key is not None:
        with service.transaction(caller.tenant) as connection:
            answer = find_answer(connection, caller.tenant, name, body)
        if answer is not None:
            return schemas.EnrolAnswer(**answer)
    arrivals = [_arrival(service, item, f"items.{n}", asked) for n, item in enumerate(asked.items)]
    _check_names(arrivals)
    embeddings = vectors_of(
        service,
        arrivals,
        fingerprint=asked.fingerprint,
        rotation=asked.rotation,
        deadline=request.state.deadline,
    )
    with service.transaction(caller.tenant) as connection:
        if idempotency_key is not None:
            answer = find_answer(connection, caller.tenant, name, body)
            if answer is not None:
                return schemas.EnrolAnswer(**answer)
        done = store(service, connection, caller.tenant, arrivals, embeddings)
        told = schemas.EnrolAnswer(items=[_verdict(arrival.item.key, done) for arrival in arrivals])
        if idempotency_key is not None:
            keep_answer(connection, caller.tenant, name, body, told.model_dump(mode="json"))
        note(service, connection, caller, "enrol", done)
    return told


@router.post("/tracks", responses={200: {"content": {"application/json": {}}}}, response_class=Response)
def tracks(
    request: Request, caller: Annotated[Caller, Depends(needs(Permission.TRACKS))], service: Shared
) -> Response:
    """Tracks of edge devices; see `crossreid.core.track` for both bodies. A track delivered twice is kept once."""
    try:
        batch = read_batch(request.state.body)
    except DataError as error:
        raise RefusalError("bad_batch", error.found, expected=error.expected) from error
    arrivals, refused = _accepted(service, caller, batch)
    done = Enrolment(accepted=(), known=(), erased=())
    if arrivals:
        embeddings = vectors_of(
            service,
            arrivals,
            fingerprint=batch.fingerprint,
            rotation=batch.rotation,
            deadline=request.state.deadline,
        )
        with service.transaction(caller.tenant) as connection:
            done = store(service, connection, caller.tenant, arrivals, embeddings)
            note(service, connection, caller, "tracks", done)
    refused |= dict.fromkeys(done.erased, "it was erased on request")
    reply = Reply(accepted=done.accepted, known=done.known, refused=refused)
    return Response(write_reply(reply), media_type="application/json")


def _arrival(service: Service, asked: schemas.NewItem, where: str, batch: schemas.EnrolRequest) -> Arrival:
    limits = service.settings.limits
    image, data, vector = None, b"", None
    if asked.picture is not None:
        hint = service.input_size
        image, data = read_picture(asked.picture, f"{where}.picture", limits, size_hint=hint)
    if asked.vector is not None:
        if not batch.fingerprint:
            raise RefusalError(
                "malformed", f"{where}: a vector without a fingerprint", expected="fingerprint"
            )
        vector = read_vector(asked.vector, f"{where}.vector", service.encoder.dim)
    item = GalleryItem(
        path=asked.id or str(uuid.uuid4()),
        person=asked.person,
        camera=asked.camera,
        time=asked.time,
        modality=Modality(asked.modality),
        source=asked.source,
        size_bytes=len(data),
        content_hash=digest(data) if data else "",
        track=asked.track,
        collection=asked.collection,
    )
    return Arrival(item, None if vector is not None else image, vector, data if asked.keep_crop else b"")


def _accepted(service: Service, caller: Caller, batch: Batch) -> tuple[list[Arrival], dict[str, str]]:
    """Tracks that can be stored, and why the others cannot."""
    arrivals: dict[str, Arrival] = {}
    refused: dict[str, str] = {}
    for track in batch.tracks:
        reason = _reason(service, caller, track)
        if reason:
            refused[track.key] = reason
        elif track.key not in arrivals:
            arrivals[track.key] = Arrival(GalleryItem.of_track(track), None, track.vector, track.picture)
    return list(arrivals.values()), refused


def _reason(service: Service, caller: Caller, track: Track) -> str:
    if caller.cameras and track.camera not in caller.cameras:
        return f"this key is not for the camera {track.camera!r}"
    if not float(np.linalg.norm(track.vector)) > 1e-6:
        return "a vector without a direction"
    if len(track.vector) != service.encoder.dim:
        raise FingerprintError(
            f"vectors of width {len(track.vector)}", expected=f"{service.encoder.dim}, as in this gallery"
        )
    if track.picture:
        try:
            decode_picture(track.picture, "picture", service.settings.limits)
        except RefusalError as problem:
            return f"{problem.code}: {problem.found}"
    return ""


def _check_names(arrivals: Sequence[Arrival]) -> None:
    names = [arrival.item.key for arrival in arrivals]
    twice = {name for name in names if names.count(name) > 1} if len(set(names)) < len(names) else set()
    if twice:
        raise RefusalError("malformed", f"the id {min(twice)!r} twice", expected="unique ids")


def _verdict(key: str, done: Enrolment) -> schemas.Enrolled:
    status = "enrolled" if key in done.accepted else "erased" if key in done.erased else "known"
    return schemas.Enrolled(id=write_id(key), name=key, status=status)
