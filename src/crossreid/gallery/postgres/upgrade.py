"""Bringing the tables up to date."""

from functools import cache
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from crossreid.gallery.postgres import schema

_LOCK = 0x63726F7373726964
_READ_AND_WRITE = "SELECT, INSERT, UPDATE, DELETE"


def upgrade_tables(connection: sa.Connection, revision: str = "head") -> None:
    """Run what has not been run yet, in the transaction that is open, while no other does."""
    connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
    _grant(connection)


def current_revision(connection: sa.Connection) -> str | None:
    """The version of the tables; None where there are none."""
    return MigrationContext.configure(connection).get_current_revision()


@cache
def head_revision() -> str:
    """The version that this program works with."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def revisions() -> tuple[str, ...]:
    """All versions, oldest first."""
    return tuple(script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions())[::-1]


def bypasses_policies(connection: sa.Connection) -> bool:
    """Whether the session's user is one whom policies do not bind."""
    query = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = session_user"
    return bool(connection.scalar(sa.text(query)))


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _grant(connection: sa.Connection) -> None:
    """Let a superuser's sessions work as a role whom policies bind."""
    if not bypasses_policies(connection):
        return
    role = schema.SERVICE_ROLE
    known = sa.text("SELECT 1 FROM pg_roles WHERE rolname = :role")
    if not connection.scalar(known, {"role": role}):
        connection.execute(sa.text(f"CREATE ROLE {role} NOLOGIN"))
    present = set(sa.inspect(connection).get_table_names())
    for table in schema.metadata.sorted_tables:
        if table.name in present:
            rights = "SELECT, INSERT" if table is schema.audit else _READ_AND_WRITE
            connection.execute(sa.text(f"GRANT {rights} ON {table.name} TO {role}"))
    connection.execute(sa.text(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}"))
