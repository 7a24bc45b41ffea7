"""Who works on which job: the server that was asked, and another one when that has died.

A job is begun again at its last step that was committed.
"""

import logging
import uuid
from collections.abc import Callable

from crossreid.core.errors import CrossReIDError
from crossreid.server.access import Caller
from crossreid.server.importing import import_archive
from crossreid.server.jobs import Job, StoppedError
from crossreid.server.moving import import_export
from crossreid.server.presence import is_gone
from crossreid.server.records import StoredRow, jobs
from crossreid.server.reembedding import reembed_gallery
from crossreid.server.refusals import refusal_of
from crossreid.server.renewal import index_gallery, renew_template
from crossreid.server.service import Service

_log = logging.getLogger(__name__)

_WORKS: dict[str, Callable[[Job], None]] = {
    "import": import_archive, "import export": import_export, "renew": renew_template, "index": index_gallery,
    "reembed": reembed_gallery,
}  # fmt: skip
_MOST_ATTEMPTS = 5
_PART_BYTES = 4 * 2**20


def start_job(service: Service, caller: Caller, *, kind: str, body: bytes = b"") -> str:
    """Begin a job in the background. Returns its id; from then on it survives the server.

    What was sent with it is kept sealed, and without a key not at all: then the job ends with the server.
    """
    seal = None if service.key is None else service.key.seal("job", caller.tenant)
    service.presence.hold()
    job = str(uuid.uuid4())
    service.jobs.add(job)  # before anybody can find it
    with service.transaction(caller.tenant) as connection:
        jobs.create_job(
            connection,
            caller.tenant,
            job,
            kind=kind,
            by=caller.name,
            server=service.presence.name,
            key=caller.key_id,
            again=not body or seal is not None,
        )
        if seal is not None and body:
            parts = [body[start : start + _PART_BYTES] for start in range(0, len(body), _PART_BYTES)]
            sealed = [seal.close(part, f"{job}/{number}") for number, part in enumerate(parts)]
            jobs.keep_parts(connection, caller.tenant, job, sealed)
    _submit(service, caller.tenant, job, body)
    return job


def take_up(service: Service, tenant: str) -> int:
    """Take up a tenant's jobs whose servers have died, and those of one's own that wait. Returns how many.

    A job that cannot be begun again, or was begun too often, ends.
    """
    taken: list[str] = []
    service.presence.hold()
    with service.transaction(tenant) as connection:
        for row in jobs.open_jobs(connection, tenant):
            job, own = str(row.id), row.server == service.presence.name
            if job in service.jobs if own else not is_gone(connection, row.server):
                continue
            if row.parameters.get("again") and row.attempts < _MOST_ATTEMPTS:
                jobs.take_over(connection, tenant, job, server=service.presence.name)
                taken.append(job)
            else:
                jobs.end(connection, tenant, job, state="failed", error=_lost(row))
    for job in taken:
        _submit(service, tenant, job)
    return len(taken)


def _lost(row: StoredRow) -> str:
    if row.attempts >= _MOST_ATTEMPTS:
        return f"it was begun {row.attempts} times and did not end; what was done is kept"
    return "its server went away; start it again: what was done is kept"


def _submit(service: Service, tenant: str, job: str, body: bytes = b"") -> None:
    service.jobs.add(job)
    service.workers.submit(_run, service, tenant, job, body)


def _run(service: Service, tenant: str, job: str, body: bytes) -> None:
    try:
        _work(service, tenant, job, body)
    except CrossReIDError as error:  # such as a database that is away: it waits, and is taken up later
        _log.warning("job %s: %s", job, error)
    except Exception:
        _log.exception("job %s", job)
    finally:
        service.jobs.discard(job)


def _work(service: Service, tenant: str, job: str, body: bytes) -> None:
    server = service.presence.name
    with service.transaction(tenant) as connection:
        row = jobs.begin(connection, tenant, job, server=server)
    if row is None:
        return
    again = bool(row.parameters.get("again"))
    caller = Caller(tenant, row.created_by, row.parameters.get("key", ""), frozenset(), frozenset())
    try:
        body = body or _read_body(service, tenant, job)
        _WORKS[row.kind](Job(service, job, caller, row.progress or 0.0, row.result, body))
        return
    except StoppedError:
        if again:
            return  # whoever takes it up begins where it stopped
        problem = "the server went down; start it again: what was done is kept"
    except CrossReIDError as error:
        refusal = refusal_of(error)
        if refusal.retry_after_s is not None and again and row.attempts < _MOST_ATTEMPTS:
            raise
        problem = f"{refusal.code}: {refusal}"
    except Exception:
        _log.exception("job %s failed", job)
        problem = "an error of the server"
    with service.transaction(tenant) as connection:
        jobs.end(connection, tenant, job, server=server, state="failed", error=problem)


def _read_body(service: Service, tenant: str, job: str) -> bytes:
    with service.transaction(tenant) as connection:
        parts = jobs.read_parts(connection, tenant, job)
    if not parts or service.key is None:
        return b""
    seal = service.key.seal("job", tenant)
    return b"".join(seal.open(part, f"{job}/{number}") for number, part in enumerate(parts))
