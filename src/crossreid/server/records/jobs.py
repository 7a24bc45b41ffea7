"""Long work in its table."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from crossreid.gallery.postgres.schema import job_parts, jobs
from crossreid.server.records import StoredRow

_OPEN = ("waiting", "running")


def create_job(
    connection: Connection,
    tenant: str,
    job: str,
    *,
    kind: str,
    by: str,
    server: str,
    key: str,
    again: bool = True,
) -> None:
    """A job that waits.

    Args:
        connection: of the tenant.
        tenant: whose data.
        job: its id.
        kind: of work.
        by: name of the account.
        server: that will work on it.
        key: id of the key that asked for it.
        again: it can be begun again after its server has died.
    """
    asked = {"key": key, "again": again}
    values = {"kind": kind, "created_by": by, "server": server, "parameters": asked}
    connection.execute(insert(jobs).values(tenant=tenant, id=job, **values))


def keep_parts(connection: Connection, tenant: str, job: str, parts: Sequence[bytes]) -> None:
    """What the job needs and was sent with it, until it ends."""
    for number, part in enumerate(parts):
        row = {"tenant": tenant, "job_id": job, "part": number, "content": part}
        connection.execute(insert(job_parts).values(**row))


def read_parts(connection: Connection, tenant: str, job: str) -> list[bytes]:
    """What `keep_parts` kept."""
    own = (job_parts.c.tenant == tenant) & (job_parts.c.job_id == job)
    return [
        bytes(part) for part in connection.scalars(select(job_parts.c.content).where(own).order_by("part"))
    ]


def begin(connection: Connection, tenant: str, job: str, *, server: str) -> StoredRow | None:
    """Note that a server begins; None where the job has ended, or is another server's."""
    values = {"state": "running", "attempts": jobs.c.attempts + 1, "started": datetime.now(UTC)}
    return connection.execute(
        update(jobs).where(*_own(tenant, job, server)).values(**values).returning(jobs)
    ).one_or_none()


def note(connection: Connection, tenant: str, job: str, *, server: str, **values: Any) -> bool:
    """Set columns of a job. Returns whether it has not ended, and is this server's."""
    return bool(connection.execute(update(jobs).where(*_own(tenant, job, server)).values(**values)).rowcount)


def end(connection: Connection, tenant: str, job: str, *, server: str | None = None, **values: Any) -> bool:
    """Set its last state, and drop what it needed; by anybody where no server is named."""
    values |= {"finished": datetime.now(UTC)}
    ended = connection.execute(update(jobs).where(*_own(tenant, job, server)).values(**values)).rowcount
    if ended:
        own = (job_parts.c.tenant == tenant) & (job_parts.c.job_id == job)
        connection.execute(delete(job_parts).where(own))
    return bool(ended)


def take_over(connection: Connection, tenant: str, job: str, *, server: str) -> None:
    """Give a job to another server."""
    values = {"server": server, "state": "waiting"}
    connection.execute(update(jobs).where(*_own(tenant, job, None)).values(**values))


def list_jobs(connection: Connection, tenant: str, *, job: str | None = None) -> Sequence[StoredRow]:
    """The latest hundred, or one."""
    wanted = select(jobs).where(jobs.c.tenant == tenant).order_by(jobs.c.created.desc()).limit(100)
    return connection.execute(wanted if job is None else wanted.where(jobs.c.id == job)).all()


def open_jobs(connection: Connection, tenant: str) -> Sequence[StoredRow]:
    """Those that have not ended, the first first; nobody else looks at them until the transaction ends."""
    own = (jobs.c.tenant == tenant) & jobs.c.state.in_(_OPEN)
    return connection.execute(
        select(jobs).where(own).order_by(jobs.c.created).with_for_update(skip_locked=True)
    ).all()


def _own(tenant: str, job: str, server: str | None) -> list[Any]:
    own = [jobs.c.tenant == tenant, jobs.c.id == job, jobs.c.state.in_(_OPEN)]
    return own if server is None else [*own, jobs.c.server == server]
