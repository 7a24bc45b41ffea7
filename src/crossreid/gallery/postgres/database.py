"""A database of galleries: connections, tenants, tables brought up to date."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.dialects.postgresql import insert

from crossreid.core.errors import ConfigurationError, DataError
from crossreid.gallery.postgres import schema
from crossreid.gallery.postgres.upgrade import (
    bypasses_policies,
    current_revision,
    head_revision,
    upgrade_tables,
)

if TYPE_CHECKING:
    from crossreid.core.basis import PrincipalBasis
    from crossreid.gallery.postgres.home import PostgresGallery

_OLDEST, _OLDEST_PGVECTOR = 15, (0, 8)


class DatabaseUnavailableError(DataError):
    """The database cannot be reached, or went away; nothing was committed that was not acknowledged."""


class DatabaseBusyError(DataError):
    """All connections were in use for as long as a caller may wait, or somebody else held what it needs.

    Two that each held what the other needed are told so, too: one of them was let go.
    """


class DatabaseFullError(DataError):
    """The disk of the database is full; nothing was committed that was not acknowledged."""


_ERROR_OF_STATE: dict[str, tuple[type[DataError], str]] = {
    "53100": (DatabaseFullError, "free some space on its disk"),
    "53300": (DatabaseBusyError, "try again, or raise its max_connections"),
    "55P03": (DatabaseBusyError, "try again"),
    "40P01": (DatabaseBusyError, "try again"),
}
"""What PostgreSQL's own codes mean to a caller. Source: PostgreSQL's manual, appendix A."""

# A peer that is gone without a word is noticed after some half a minute.
_WATCHED = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}


class Database:
    """PostgreSQL >= 15 with pgvector >= 0.8. Safe to share among threads, not among processes.

    Args:
        uri: `postgresql://user:password@host/database`.
        pool_size: connections at most; indexing takes two, building an index three.
        pool_timeout_seconds: how long a call waits for one.
        lock_timeout_seconds: how long a tenant's transaction waits for rows and locks that others hold; 0 for ever.

    Raises:
        ConfigurationError: the address cannot be read.
    """

    def __init__(
        self,
        uri: str,
        *,
        pool_size: int = 10,
        pool_timeout_seconds: float = 5.0,
        lock_timeout_seconds: float = 0.0,
    ) -> None:
        try:
            url = sa.make_url(uri).set(drivername="postgresql+psycopg")
        except (exc.ArgumentError, ValueError) as error:
            raise ConfigurationError(
                "an address of a database that cannot be read",
                expected="postgresql://user:password@host/database",
            ) from error
        self.url = url
        # Plans for any value would not see that an index holds the vectors of one encoder only.
        arguments = {"prepare_threshold": None, "connect_timeout": 10} | _WATCHED
        self.engine = sa.create_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=pool_timeout_seconds,
            pool_pre_ping=True,
            connect_args=arguments,
        )
        self.bases: dict[int, PrincipalBasis] = {}
        self._lock_timeout = f"{round(1000 * lock_timeout_seconds)}ms"
        self._superuser: bool | None = None

    @property
    def address(self) -> str:
        """The address without the password."""
        plain = self.url.set(drivername="postgresql", password=None)
        return plain.render_as_string()

    def upgrade(self, revision: str = "head") -> None:
        """Make the tables, or bring them up to date; two that do it at once do it one after the other.

        Raises:
            DataError: the server is too old, or lacks pgvector, or the user may not do it.
            DatabaseUnavailableError: it cannot be reached.
        """
        with errors_named(self.address), self.engine.begin() as connection:
            self._check_server(connection)
            upgrade_tables(connection, revision)

    def check(self) -> None:
        """Say what keeps the database from being used.

        Raises:
            DataError: its tables are not up to date.
            DatabaseUnavailableError: it cannot be reached.
        """
        with errors_named(self.address), self.engine.connect() as connection:
            self._check_server(connection)
            revision = current_revision(connection)
        if revision != head_revision():
            raise DataError(
                f"{self.address} has tables of version {revision or 'none'}",
                expected=head_revision(),
                remedy="Database.upgrade() brings them up to date",
            )

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()

    def tenants(self) -> tuple[str, ...]:
        """Their names, sorted."""
        with errors_named(self.address), self.engine.connect() as connection:
            return tuple(connection.scalars(sa.select(schema.tenants.c.id).order_by(schema.tenants.c.id)))

    def add_tenant(self, tenant: str) -> None:
        """Let there be a tenant of that name.

        Raises:
            DataError: the name is empty.
        """
        if not tenant:
            raise DataError("a tenant without a name", expected="a name")
        with errors_named(self.address), self.engine.begin() as connection:
            connection.execute(insert(schema.tenants).values(id=tenant).on_conflict_do_nothing())

    def gallery(self, tenant: str, name: str = "default") -> "PostgresGallery":
        """One gallery of a tenant; it comes into being when something is enrolled."""
        from crossreid.gallery.postgres.home import PostgresGallery

        return PostgresGallery(self, tenant, name)

    def vacuum(self, *, full: bool = False) -> None:
        """Free the space of what was erased, in tables and indexes. PostgreSQL does that by itself some time.

        Args:
            full: write the tables anew, so that not even the bytes of erased rows stay in their files; nobody can read
                or write them meanwhile. Logs, dumps and what the file system keeps of removed files are not reached.
        """
        with self.alone() as connection:
            for table in (schema.vectors, schema.items, schema.crops):
                connection.execute(sa.text(f"VACUUM {'(FULL)' if full else ''} {table.name}"))

    @contextmanager
    def transaction(self, tenant: str) -> Iterator[sa.Connection]:
        """A transaction that sees and writes one tenant's rows only; it is committed at the end.

        Raises:
            DataError: a value cannot be stored.
            DatabaseBusyError: no connection became free, or a lock did not.
            DatabaseFullError: there is no room; nothing is committed.
            DatabaseUnavailableError: the database went away; nothing is committed.
        """
        with errors_named(self.address), self.engine.begin() as connection:
            self._enter(connection, **{schema.TENANT: tenant, "lock_timeout": self._lock_timeout})
            yield connection

    @contextmanager
    def presenting(self, key_id: str) -> Iterator[sa.Connection]:
        """A transaction that sees the one row of `api_keys` with that id, whoever's it is, and nothing else."""
        with errors_named(self.address), self.engine.begin() as connection:
            self._enter(connection, **{schema.PRESENTED_KEY: key_id})
            connection.execute(sa.text("SET TRANSACTION READ ONLY"))
            yield connection

    @contextmanager
    def alone(self) -> Iterator[sa.Connection]:
        """A connection of the owner without a transaction, for what cannot be in one, such as building an index."""
        with errors_named(self.address), self.engine.connect() as connection:
            yield connection.execution_options(isolation_level="AUTOCOMMIT")

    def _enter(self, connection: sa.Connection, **settings: str) -> None:
        if self._superuser is None:
            self._superuser = bypasses_policies(connection)
        if self._superuser:
            settings["role"] = schema.SERVICE_ROLE
        parts = [f"set_config('{name}', :v{place}, true)" for place, name in enumerate(settings)]
        values = {f"v{place}": value for place, value in enumerate(settings.values())}
        connection.execute(sa.text(f"SELECT {', '.join(parts)}"), values)

    def _check_server(self, connection: sa.Connection) -> None:
        version = connection.scalar(sa.text("SELECT current_setting('server_version_num')::int")) // 10_000
        if version < _OLDEST:
            raise DataError(f"PostgreSQL {version} at {self.address}", expected=f"{_OLDEST} or later")
        offered = connection.scalar(
            sa.text("SELECT default_version FROM pg_available_extensions WHERE name = 'vector'")
        )
        if offered is None or tuple(map(int, offered.split(".")[:2])) < _OLDEST_PGVECTOR:
            raise DataError(
                f"{self.address} offers pgvector {offered or 'not at all'}",
                expected=f"{'.'.join(map(str, _OLDEST_PGVECTOR))} or later",
                remedy="install it beside the server, or let `EmbeddedPostgres` bring one",
            )


@contextmanager
def errors_named(address: str) -> Iterator[None]:
    """Turn a database's errors into ours."""
    try:
        yield
    except exc.TimeoutError as error:
        raise DatabaseBusyError(f"all connections to {address} are in use", remedy="try again") from error
    except (exc.OperationalError, exc.InterfaceError) as error:
        kind, remedy = _ERROR_OF_STATE.get(getattr(error.orig, "sqlstate", None) or "", (None, ""))
        if kind is not None:
            raise kind(f"{address} refuses ({_first_line(error)})", remedy=remedy) from error
        raise DatabaseUnavailableError(
            f"{address} cannot be reached ({_first_line(error)})", expected="a running PostgreSQL"
        ) from error
    except (exc.DataError, UnicodeEncodeError) as error:
        raise DataError(f"a value that cannot be stored ({_first_line(error)})") from error
    except exc.ProgrammingError as error:
        raise DataError(
            f"{address} refuses ({_first_line(error)})", expected="a database with our tables"
        ) from error


def _first_line(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
