"""What the tables are made of."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    MetaData,
    Text,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import UserDefinedType


class Vector(UserDefinedType[Any]):
    """pgvector's `vector` of any width: one table holds the vectors of encoders of different widths."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """Its name in SQL."""
        return "vector"


metadata = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s_index",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    }
)


def tenant() -> Column[str]:
    """Of a row that points to another one of its tenant."""
    return Column("tenant", Text, nullable=False)


def root_tenant() -> Column[str]:
    """Of a row that points to no other: it goes with the tenant."""
    return Column("tenant", Text, ForeignKey("tenants.id", ondelete="CASCADE"), nullable=False)


def now(name: str) -> Column[datetime]:
    """A time that is that of the insertion."""
    return Column(name, DateTime(timezone=True), nullable=False, server_default=func.now())


def time(name: str) -> Column[datetime]:
    """A time that may be unknown, or still to come."""
    return Column(name, DateTime(timezone=True))


def words(name: str) -> Column[str]:
    """Text that is "" where nothing is known."""
    return Column(name, Text, nullable=False, server_default="")


def number() -> Column[int]:
    """The number of a row, given by the database."""
    return Column("id", BigInteger, Identity(always=False), primary_key=True)


def document(name: str) -> Column[Any]:
    """JSON; an empty object where nothing is known."""
    return Column(name, JSONB, nullable=False, server_default="{}")


def within(table: str, column: str) -> ForeignKeyConstraint:
    """`column` points to a row of `table` of the same tenant and goes when that goes."""
    return ForeignKeyConstraint(["tenant", column], [f"{table}.tenant", f"{table}.id"], ondelete="CASCADE")
