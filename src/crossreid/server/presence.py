"""Which servers live: each holds a lock in the database that ends with it, however it ends."""

import hashlib
import threading
import uuid

import sqlalchemy as sa
from sqlalchemy import exc

from crossreid.gallery.postgres.database import Database, errors_named


class Presence:
    """One server's lock, on a connection of its own.

    Args:
        database: of all servers that share galleries.
    """

    def __init__(self, database: Database) -> None:
        self.name = uuid.uuid4().hex
        self._database = database
        self._connection: sa.Connection | None = None
        self._changing = threading.Lock()

    def hold(self) -> None:
        """Take the lock, or see that it is still held; after the database was away it is taken anew.

        Raises:
            DatabaseUnavailableError: it is away; until it is back this server seems dead to the others.
        """
        with self._changing, errors_named(self._database.address):
            try:
                if self._connection is not None and self._connection.scalar(sa.text("SELECT 1")) == 1:
                    return
            except exc.DBAPIError:
                self._let_go()
            opened = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            opened.execute(sa.text("SELECT pg_advisory_lock(:lock)"), {"lock": _lock(self.name)})
            self._connection = opened

    def close(self) -> None:
        """Let go."""
        with self._changing:
            self._let_go()

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.invalidate()  # a connection of the pool must not carry the lock on
            self._connection.close()
            self._connection = None


def is_gone(connection: sa.Connection, name: str) -> bool:
    """Whether the server of that name does not live; "" never did."""
    free = sa.text("SELECT pg_try_advisory_xact_lock(:lock)")
    return not name or bool(connection.scalar(free, {"lock": _lock(name)}))


def _lock(name: str) -> int:
    return int.from_bytes(hashlib.sha256(f"crossreid server {name}".encode()).digest()[:8], signed=True)
