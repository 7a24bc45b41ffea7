"""Long work: start, watch, cancel."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from crossreid.server import schemas
from crossreid.server.access import Caller, Shared, check_may, needs
from crossreid.server.archives import Archive
from crossreid.server.moving import PARQUET, check_export
from crossreid.server.records import StoredRow, jobs
from crossreid.server.reembedding import check_reembedding
from crossreid.server.refusals import RefusalError
from crossreid.server.roles import Permission, to_cancel
from crossreid.server.service import Service
from crossreid.server.work import start_job

router = APIRouter(tags=["jobs"])

_ZIP = ("application/zip", "application/x-zip-compressed")


@router.post(
    "/imports",
    status_code=202,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                kind: {"schema": {"type": "string", "format": "binary"}}
                for kind in ("application/zip", PARQUET)
            },
        }
    },
)
def start_import(
    request: Request, caller: Annotated[Caller, Depends(needs(Permission.ENROL))], service: Shared
) -> schemas.Job:
    """Enrol the pictures of a ZIP archive (folders tell person and kind, or a `manifest.csv` does), or an export."""
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given not in (*_ZIP, PARQUET):
        raise RefusalError(
            "unsupported_media_type",
            f"a body of {given or 'no type'}",
            expected=f"application/zip or {PARQUET}",
        )
    service.check_room()
    if given == PARQUET:
        check_export(service, request.state.body)
        return _start(service, caller, "import export", request.state.body)
    Archive(request.state.body, service.settings.limits)  # refused now, and not in the background
    return _start(service, caller, "import", request.state.body)


@router.post("/templates/renew", status_code=202)
def renew(caller: Annotated[Caller, Depends(needs(Permission.TEMPLATES))], service: Shared) -> schemas.Job:
    """Put all stored vectors under a new secret rotation; the old one is then forgotten."""
    if service.key is None:
        raise RefusalError(
            "conflict",
            "a server without a key",
            expected="--key-file or CROSSREID_KEY",
            remedy="start it with one",
        )
    return _start(service, caller, "renew")


@router.post("/reembed", status_code=202)
def reembed(caller: Annotated[Caller, Depends(needs(Permission.TEMPLATES))], service: Shared) -> schemas.Job:
    """Put this server's encoder in the place of the gallery's, by embedding every kept picture anew."""
    with service.transaction(caller.tenant) as connection:
        check_reembedding(service, connection, caller.tenant)
    return _start(service, caller, "reembed")


@router.post("/index", status_code=202)
def index(caller: Annotated[Caller, Depends(needs(Permission.TEMPLATES))], service: Shared) -> schemas.Job:
    """Build the index of the gallery anew; searches and enrolments go on meanwhile."""
    return _start(service, caller, "index")


@router.get("/jobs")
def list_jobs(caller: Annotated[Caller, Depends(needs(Permission.JOBS))], service: Shared) -> schemas.Jobs:
    """The latest hundred."""
    with service.transaction(caller.tenant) as connection:
        rows = jobs.list_jobs(connection, caller.tenant)
    return schemas.Jobs(jobs=[_job(row, caller) for row in rows])


@router.get("/jobs/{job}")
def read(
    job: schemas.Uuid, caller: Annotated[Caller, Depends(needs(Permission.JOBS))], service: Shared
) -> schemas.Job:
    """How far one is."""
    return _job(_find(service, caller.tenant, job), caller)


@router.post("/jobs/{job}/cancel")
def cancel(
    job: schemas.Uuid, caller: Annotated[Caller, Depends(needs(Permission.JOBS))], service: Shared
) -> schemas.Job:
    """Stop one before its next step; what it did stays. One that is at its end stays as it is.

    Whoever may begin a kind of work may cancel it, and an admin all.
    """
    check_may(caller, to_cancel(_find(service, caller.tenant, job).kind, caller.permissions))
    with service.transaction(caller.tenant) as connection:
        jobs.end(connection, caller.tenant, job, state="cancelled")
    return _job(_find(service, caller.tenant, job), caller)


def _start(service: Service, caller: Caller, kind: str, body: bytes = b"") -> schemas.Job:
    job = start_job(service, caller, kind=kind, body=body)
    return _job(_find(service, caller.tenant, job), caller)


def _find(service: Service, tenant: str, job: str) -> StoredRow:
    with service.transaction(tenant) as connection:
        rows = jobs.list_jobs(connection, tenant, job=job)
    if not rows:
        raise RefusalError("not_found", "no such job")
    return rows[0]


def _job(row: StoredRow, caller: Caller) -> schemas.Job:
    return schemas.Job(
        id=str(row.id),
        kind=row.kind,
        state=row.state,
        step=row.step,
        progress=row.progress,
        error=row.error,
        result=row.result,
        created=row.created,
        finished=row.finished,
        by=row.created_by,
        may_cancel=row.finished is None and to_cancel(row.kind, caller.permissions) in caller.permissions,
    )
