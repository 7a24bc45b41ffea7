"""One at a time, among all programs that use a database."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from crossreid.core.errors import DataError
from crossreid.gallery.postgres.database import Database


@contextmanager
def one_at_a_time(database: Database, name: str, what: str) -> Iterator[None]:
    """Hold a lock of that name; it ends with its connection, however that ends.

    Raises:
        DataError: another one holds it: `what`, and by which process.
    """
    lock = {"lock": int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)}
    with database.alone() as connection:
        if not connection.scalar(sa.text("SELECT pg_try_advisory_lock(:lock)"), lock):
            raise DataError(
                f"{what} by process {_holder(connection, lock['lock'])} of the database",
                expected="one at a time",
                remedy="wait until it has finished, or stop it",
            )
        try:
            yield
        finally:
            connection.execute(sa.text("SELECT pg_advisory_unlock(:lock)"), lock)


def _holder(connection: sa.Connection, lock: int) -> str:
    query = (
        "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted"
        " AND (classid::bigint << 32 | objid::bigint) = :lock"
    )
    return str(connection.scalar(sa.text(query), {"lock": lock}) or "unknown")
