"""Whether the server lives, whether it works, what it counts, and what it embeds with."""

import logging
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

import crossreid
from crossreid.core.errors import CrossReIDError
from crossreid.server import schemas
from crossreid.server.access import Anybody, Caller, Credentials, Shared, authenticate, needs
from crossreid.server.records.items import count_by_camera
from crossreid.server.refusals import RefusalError
from crossreid.server.roles import Permission
from crossreid.server.service import Service
from crossreid.server.templates import secret_of

router = APIRouter(tags=["system"])
_log = logging.getLogger(__name__)


@router.get("/health")
def health() -> schemas.Health:
    """The process lives."""
    return schemas.Health(version=crossreid.__version__)


@router.get("/ready", response_model=schemas.Ready, responses={503: {"model": schemas.Ready}})
def ready(request: Request, service: Shared) -> JSONResponse:
    """Whether requests are taken; 503 if not."""
    guard = getattr(request.app.state, "guard", None)
    checks = {
        "records": _check_database(service),
        "encoder": "ok" if service.batcher.alive else "stopped",
        "accepting": "going down" if guard is not None and guard.draining else "ok",
    }
    good = set(checks.values()) == {"ok"}
    return JSONResponse({"ready": good, "checks": checks}, 200 if good else 503)


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def metrics(service: Shared, credentials: Credentials) -> Response:
    """Counters in the text format of Prometheus."""
    if not service.settings.open_metrics:
        caller = authenticate(service, credentials)
        if Permission.METRICS not in caller.permissions:
            raise RefusalError("forbidden", "a role that may not see metrics", expected="auditor or admin")
    return Response(service.metrics.render(), media_type="text/plain; version=0.0.4; charset=utf-8")


@router.get("/me")
def me(caller: Anybody, service: Shared) -> schemas.Me:
    """Who you are here, what you may do, and what you may send."""
    limits = service.settings.limits
    return schemas.Me(
        name=caller.name,
        tenant=caller.tenant,
        roles=sorted(caller.roles),
        permissions=sorted(caller.permissions),
        one_time=caller.one_time,
        two_person=service.settings.two_person,
        keeps_crops=service.key is not None,
        limits={
            "picture_bytes": limits.picture_bytes,
            "pixels": limits.pixels,
            "body_bytes": limits.body_bytes,
            "evidence": limits.evidence,
            "items": limits.items,
            "top": limits.top,
        },
    )


@router.get("/models")
def models(caller: Annotated[Caller, Depends(needs(Permission.MODELS))], service: Shared) -> schemas.Models:
    """The server's encoder, what filled the gallery, and which searches are calibrated."""
    encoder = service.encoder
    with service.transaction(caller.tenant) as connection:
        space = service.space(connection, caller.tenant)
        known = service.gallery(caller.tenant).within(connection).calibrations()
    return schemas.Models(
        encoder=schemas.EncoderInfo(
            source=service.source,
            fingerprint=encoder.fingerprint,
            rotation=service.rotation,
            dim=encoder.dim,
            modalities=sorted(encoder.modalities),
            batch=service.settings.limits.items,
        ),
        gallery=None
        if space is None
        else schemas.GalleryInfo(
            fingerprint=space.fingerprint, source=space.encoder.source, items=service.size(caller.tenant)
        ),
        protected=space is not None and bool(secret_of(space.rotation)),
        calibrations=[
            schemas.CalibrationInfo(
                query=calibration.query_fingerprint,
                gallery=str(calibration.gallery),
                people=calibration.people,
                data=calibration.data,
                evidence=list(calibration.evidence),
            )
            for calibration in known
        ],
    )


@router.get("/statistics")
def statistics(
    caller: Annotated[Caller, Depends(needs(Permission.STATISTICS))], service: Shared
) -> schemas.Statistics:
    """What the gallery holds."""
    with service.transaction(caller.tenant) as connection:
        space = service.space(connection, caller.tenant)
        found = service.gallery(caller.tenant).within(connection).statistics()
        cameras = [] if space is None else count_by_camera(connection, space)
    return schemas.Statistics(
        items=found.items,
        people=found.people,
        tracks=found.tracks,
        crops=found.crops,
        cameras=[schemas.Count(name=name, items=count) for name, count in cameras],
        modalities={str(name): count for name, count in found.modalities.items()},
        collections=dict(found.collections),
        first=found.first,
        last=found.last,
    )


def _check_database(service: Service) -> str:
    try:
        service.database.check()
    except CrossReIDError as error:
        _log.warning("not ready: %s", error)
        return "away"  # why, the log tells: this answer is for everybody
    return "ok"
