"""An index while PostgreSQL builds it: how far that is, and how it is stopped."""

from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import psycopg
import sqlalchemy as sa

from crossreid.gallery.gallery import Progress
from crossreid.gallery.postgres.database import DatabaseBusyError

if TYPE_CHECKING:
    from crossreid.gallery.postgres.database import Database

_LOOK_S, _CANCEL_S = 0.5, 5.0
_STEPS = {
    "building index: performing k-means": "finding the lists",
    "building index: assigning tuples": "sorting the vectors into the lists",
    "building index: loading tuples": "writing the lists",
    "index validation: scanning table": "checking the lists",
}
"""Phases that take long, by the names that PostgreSQL and pgvector give them."""


def build(database: "Database", statement: str, *, memory_mib: int, progress: Progress) -> None:
    """Run a `CREATE INDEX`; what `progress` raises cancels it, and is raised when PostgreSQL has let it go.

    Args:
        database: as its owner.
        statement: outside a transaction.
        memory_mib: that it may take.
        progress: is told twice a second.
    """
    with database.alone() as connection, ThreadPoolExecutor(1, thread_name_prefix="index") as thread:
        driver: Any = connection.connection.driver_connection
        try:
            connection.execute(sa.text(f"SET maintenance_work_mem = '{int(memory_mib)}MB'"))
            work = thread.submit(connection.execute, sa.text(statement))
            try:
                while not _ended(work, _LOOK_S):
                    with suppress(DatabaseBusyError):  # one look is left out
                        progress(*_step(database, driver.info.backend_pid))
            except BaseException:
                _cancel(driver, work)
                raise
            work.result()
        finally:
            connection.invalidate()  # with its memory, and with a cancellation that came too late


def _ended(work: Future[Any], seconds: float) -> bool:
    return bool(wait([work], timeout=seconds).done)


def _cancel(driver: Any, work: Future[Any]) -> None:
    """Until it ends: it may not have begun when it is cancelled first."""
    while True:
        with suppress(psycopg.Error):
            driver.cancel_safe(timeout=_CANCEL_S)
        if _ended(work, _LOOK_S):
            return


def _step(database: "Database", pid: int) -> tuple[str, float | None]:
    """What a process of PostgreSQL does with an index, and what share of it is done, where it counts that."""
    query = "SELECT phase, blocks_done, blocks_total, tuples_done, tuples_total FROM pg_stat_progress_create_index"
    with database.alone() as connection:
        row = connection.execute(sa.text(f"{query} WHERE pid = :pid"), {"pid": pid}).one_or_none()
    if row is None:
        return "building the index", None
    step = _STEPS.get(row.phase)
    if step is None:
        return ("waiting for others" if row.phase.startswith("waiting") else "building the index"), None
    for done, total in ((row.tuples_done, row.tuples_total), (row.blocks_done, row.blocks_total)):
        if total:
            return step, min(1.0, done / total)
    return step, None
