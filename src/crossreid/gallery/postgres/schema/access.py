"""Who shares a database, who may do what in it, and what a tenant keeps secret."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, LargeBinary, Table, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY

from crossreid.gallery.postgres.schema.columns import (
    metadata,
    now,
    number,
    root_tenant,
    tenant,
    time,
    within,
    words,
)

tenants = Table("tenants", metadata, Column("id", Text, primary_key=True), now("created"))
"""Who shares the database. Names only, without a policy: a worker goes from one to the next."""

accounts = Table(
    "accounts",
    metadata,
    number(),
    root_tenant(),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    words("issuer"),
    words("subject"),
    now("created"),
    time("disabled"),
    UniqueConstraint("tenant", "name"),
    UniqueConstraint("tenant", "id"),
    CheckConstraint("role IN ('device', 'operator', 'supervisor', 'auditor', 'admin')", name="role"),
)
"""People and devices: `issuer` and `subject` of their OIDC tokens, "" for those with API keys."""

Index(
    "accounts_subject_index", accounts.c.issuer, accounts.c.subject, postgresql_where=accounts.c.subject != ""
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),
    tenant(),
    Column("account_id", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False, server_default="{}"),
    words("name"),
    now("created"),
    time("expires"),
    time("revoked"),
    time("last_used"),
    within("accounts", "account_id"),
)
"""`id` is the public part that a caller presents; `hash` is of the secret part, which is stored nowhere. A session
that presents a public part (`crossreid.presented_key`) sees that one row, whoever's it is: so a caller's tenant is
found."""

secrets = Table(
    "secrets",
    metadata,
    number(),
    root_tenant(),
    Column("purpose", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    now("created"),
    time("retired"),
)
"""A tenant's own secrets, such as the seed of its transform, sealed with the server's key."""
