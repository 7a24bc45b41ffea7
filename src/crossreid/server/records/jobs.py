"""Long work in its table."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from crossreid.gallery.postgres.schema import jobs
from crossreid.server.records import StoredRow

_LOST_AFTER = timedelta(minutes=2)
_OPEN = ("waiting", "running")


def create_job(connection: Connection, tenant: str, *, kind: str, by: str) -> str:
    """A job that waits. Returns its id."""
    values = {"tenant": tenant, "kind": kind, "created_by": by, "alive": datetime.now(UTC)}
    return str(connection.execute(insert(jobs).values(**values).returning(jobs.c.id)).scalar_one())


def note(connection: Connection, tenant: str, job: str, **values: Any) -> bool:
    """Set columns of a job that is not at its end. Returns whether it is not."""
    done = connection.execute(
        update(jobs)
        .where(jobs.c.tenant == tenant, jobs.c.id == job, jobs.c.state.in_(_OPEN))
        .values(alive=datetime.now(UTC), **values)
    )
    return bool(done.rowcount)


def list_jobs(connection: Connection, tenant: str, *, job: str | None = None) -> Sequence[StoredRow]:
    """The latest hundred, or one."""
    wanted = select(jobs).where(jobs.c.tenant == tenant).order_by(jobs.c.created.desc()).limit(100)
    return connection.execute(wanted if job is None else wanted.where(jobs.c.id == job)).all()


def give_up_lost(connection: Connection, tenant: str) -> None:
    """End jobs whose server has not been heard of for a while."""
    now = datetime.now(UTC)
    connection.execute(
        update(jobs)
        .where(jobs.c.tenant == tenant, jobs.c.state.in_(_OPEN), jobs.c.alive < now - _LOST_AFTER)
        .values(
            state="failed", finished=now, error="its server went away; start it again: what was done is kept"
        )
    )
