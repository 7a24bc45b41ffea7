"""The tables of a gallery database.

Every table but `tenants` has the column `tenant` and a policy that shows and takes only rows of the session's
tenant, `current_setting('crossreid.tenant')`; a session that names none sees nothing. `Database.transaction` names it.
Keys that point from row to row carry the tenant too, so that no row can refer to another tenant's.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    Interval,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID
from sqlalchemy.types import UserDefinedType

TENANT, PRESENTED_KEY = "crossreid.tenant", "crossreid.presented_key"
"""Settings of a session: whose rows it works on; and the public part of an API key whose owner it asks for."""

SERVICE_ROLE = "crossreid_service"
"""The role without privileges that a superuser's sessions take on, since policies do not bind a superuser."""


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


def _tenant() -> Column[str]:
    """Of a row that points to another one of its tenant."""
    return Column("tenant", Text, nullable=False)


def _root_tenant() -> Column[str]:
    """Of a row that points to no other: it goes with the tenant."""
    return Column("tenant", Text, ForeignKey("tenants.id", ondelete="CASCADE"), nullable=False)


def _now(name: str) -> Column[datetime]:
    return Column(name, DateTime(timezone=True), nullable=False, server_default=func.now())


def _time(name: str) -> Column[datetime]:
    return Column(name, DateTime(timezone=True))


def _words(name: str) -> Column[str]:
    """Text that is "" where nothing is known."""
    return Column(name, Text, nullable=False, server_default="")


def _number() -> Column[int]:
    return Column("id", BigInteger, Identity(always=False), primary_key=True)


def _document(name: str) -> Column[Any]:
    return Column(name, JSONB, nullable=False, server_default="{}")


def _within(table: str, column: str) -> ForeignKeyConstraint:
    """`column` points to a row of `table` of the same tenant and goes when that goes."""
    return ForeignKeyConstraint(["tenant", column], [f"{table}.tenant", f"{table}.id"], ondelete="CASCADE")


tenants = Table("tenants", metadata, Column("id", Text, primary_key=True), _now("created"))
"""Who shares the database. Names only, without a policy: a worker goes from one to the next."""

accounts = Table(
    "accounts",
    metadata,
    _number(),
    _root_tenant(),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    _words("issuer"),
    _words("subject"),
    _now("created"),
    _time("disabled"),
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
    _tenant(),
    Column("account_id", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False, server_default="{}"),
    _words("name"),
    _now("created"),
    _time("expires"),
    _time("revoked"),
    _time("last_used"),
    _within("accounts", "account_id"),
)
"""`id` is the public part that a caller presents; `hash` is of the secret part, which is stored nowhere. A session
that presents a public part (`crossreid.presented_key`) sees that one row, whoever's it is: so a caller's tenant is
found."""

galleries = Table(
    "galleries",
    metadata,
    _number(),
    _root_tenant(),
    Column("name", Text, nullable=False),
    _now("created"),
    UniqueConstraint("tenant", "name"),
    UniqueConstraint("tenant", "id"),
)
"""What one address opens; a tenant may have several."""

encoders = Table(
    "encoders",
    metadata,
    _number(),
    _tenant(),
    Column("gallery_id", BigInteger, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("rotation", Text, nullable=False),
    Column("dim", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("basis", LargeBinary),
    _now("created"),
    UniqueConstraint("tenant", "id"),
    _within("galleries", "gallery_id"),
    CheckConstraint("state IN ('current', 'coming')", name="state"),
    Index("encoders_gallery_id_state_key", "gallery_id", "state", unique=True),
)
"""Which encoders' vectors a gallery holds: one is searched (`current`), another may be on its way to replace it
(`coming`). `rotation` is of the stored vectors; `basis`, float32 [dim, dim], turns the encoder's onto them, where the
gallery does that itself."""

items = Table(
    "items",
    metadata,
    _number(),
    _tenant(),
    Column("gallery_id", BigInteger, nullable=False),
    Column("key", Text, nullable=False),
    _words("root"),
    _words("person"),
    _words("track"),
    _words("camera"),
    _time("time"),
    Column("modality", Text, nullable=False),
    _words("source"),
    _words("collection"),
    Column("size_bytes", BigInteger, nullable=False, server_default="0"),
    Column("modified_ns", BigInteger, nullable=False, server_default="0"),
    _words("content_hash"),
    _now("enrolled"),
    UniqueConstraint("gallery_id", "key"),
    UniqueConstraint("tenant", "id"),
    _within("galleries", "gallery_id"),
    CheckConstraint("modality IN ('rgb', 'ir', 'sketch')", name="modality"),
    Index("items_gallery_id_camera_time_index", "gallery_id", "camera", "time"),
    Index("items_gallery_id_time_index", "gallery_id", "time"),
    Index("items_gallery_id_person_index", "gallery_id", "person", postgresql_where=Column("person") != ""),
    Index("items_gallery_id_track_index", "gallery_id", "track", postgresql_where=Column("track") != ""),
    Index("items_gallery_id_collection_index", "gallery_id", "collection", "enrolled"),
)
"""What is known of everything enrolled; `key` is the `path` of a `GalleryItem`."""

vectors = Table(
    "vectors",
    metadata,
    Column("encoder_id", BigInteger, primary_key=True),
    Column("item_id", BigInteger, primary_key=True),
    _tenant(),
    Column("vector", Vector, nullable=False),
    _within("encoders", "encoder_id"),
    _within("items", "item_id"),
    Index("vectors_item_id_index", "item_id"),
)
"""Unit-length vectors, one an item and encoder. Of encoders with many, an index holds the first coordinates."""

indexes = Table(
    "indexes",
    metadata,
    Column("encoder_id", BigInteger, primary_key=True),
    _tenant(),
    Column("width", Integer, nullable=False),
    Column("candidates", Integer, nullable=False),
    Column("energy", Double, nullable=False),
    Column("target", Double, nullable=False),
    Column("recall", Double, nullable=False),
    Column("sample", Integer, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("lists", Integer, nullable=False),
    Column("probes", Integer, nullable=False),
    _now("built"),
    _within("encoders", "encoder_id"),
)
"""The index of an encoder's vectors: as in `IndexRecord`."""

crops = Table(
    "crops",
    metadata,
    Column("item_id", BigInteger, primary_key=True),
    _tenant(),
    Column("picture", LargeBinary, nullable=False),
    _within("items", "item_id"),
)
"""Pictures of items, as they were given: the server seals them first."""

retentions = Table(
    "retentions",
    metadata,
    Column("gallery_id", BigInteger, primary_key=True),
    Column("collection", Text, primary_key=True),
    _tenant(),
    Column("keep", Interval, nullable=False),
    _within("galleries", "gallery_id"),
)
"""How long items of a collection are kept, from their enrolment on."""

watchlists = Table(
    "watchlists",
    metadata,
    _number(),
    _tenant(),
    Column("gallery_id", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    _now("created"),
    UniqueConstraint("gallery_id", "name"),
    UniqueConstraint("tenant", "id"),
    _within("galleries", "gallery_id"),
)
"""Named lists of people and tracks."""

watchlist_members = Table(
    "watchlist_members",
    metadata,
    Column("watchlist_id", BigInteger, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("label", Text, primary_key=True),
    _tenant(),
    _now("added"),
    _within("watchlists", "watchlist_id"),
    CheckConstraint("kind IN ('person', 'track')", name="kind"),
)
"""`label` is an item's `person` or `track`."""

calibrations = Table(
    "calibrations",
    metadata,
    Column("gallery_id", BigInteger, primary_key=True),
    Column("query_fingerprint", Text, primary_key=True),
    Column("gallery_fingerprint", Text, primary_key=True),
    _tenant(),
    _document("content"),
    _within("galleries", "gallery_id"),
)
"""What scores mean, as in the file `calibration.json`."""

erasures = Table(
    "erasures",
    metadata,
    Column("id", UUID(as_uuid=True), primary_key=True),
    _tenant(),
    Column("gallery_id", BigInteger, nullable=False),
    _now("at"),
    _words("reference"),
    _document("content"),
    _within("galleries", "gallery_id"),
)
"""The proof of each erasure, as in `ErasureProof`."""

erased_keys = Table(
    "erased_keys",
    metadata,
    Column("gallery_id", BigInteger, primary_key=True),
    Column("key_hash", LargeBinary, primary_key=True),
    _tenant(),
    Column("erasure_id", UUID(as_uuid=True), nullable=False),
    _within("galleries", "gallery_id"),
)
"""SHA-256 of the keys that were erased, so that no second delivery brings them back."""

audit = Table(
    "audit",
    metadata,
    Column("tenant", Text, ForeignKey("tenants.id"), primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    _now("at"),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    _words("gallery"),
    _words("purpose"),
    _words("reference"),
    _document("content"),
    Column("previous", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)
"""Append-only by a trigger: a row is never changed or removed. `hash` covers the row and `previous`, the hash of the
row before; `sequence` counts from 1 without gaps within a tenant. The server computes them."""

jobs = Table(
    "jobs",
    metadata,
    Column("id", UUID(as_uuid=True), primary_key=True, server_default=func.gen_random_uuid()),
    _root_tenant(),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="waiting"),
    _document("parameters"),
    _document("result"),
    _words("error"),
    Column("progress", Double, nullable=False, server_default="0"),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    _words("created_by"),
    _words("server"),
    _now("created"),
    _time("started"),
    _time("finished"),
    UniqueConstraint("tenant", "id"),
    CheckConstraint("state IN ('waiting', 'running', 'done', 'failed', 'cancelled')", name="state"),
    Index("jobs_state_created_index", "state", "created"),
)
"""Long work. `server` names who works on it; when that one's lock is free it has died, and another may take the job."""

job_parts = Table(
    "job_parts",
    metadata,
    Column("job_id", UUID(as_uuid=True), primary_key=True),
    Column("part", Integer, primary_key=True, autoincrement=False),
    _tenant(),
    Column("content", LargeBinary, nullable=False),
    _within("jobs", "job_id"),
)
"""What was sent with a job, sealed, until the job ends."""

answers = Table(
    "answers",
    metadata,
    Column("tenant", Text, ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True),
    Column("idempotency_key", Text, primary_key=True),
    Column("request_hash", LargeBinary, nullable=False),
    Column("status", SmallInteger, nullable=False),
    _document("content"),
    _now("created"),
)
"""What was answered to a request with an idempotency key, stored in the transaction that did the work."""

secrets = Table(
    "secrets",
    metadata,
    _number(),
    _root_tenant(),
    Column("purpose", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    _now("created"),
    _time("retired"),
)
"""A tenant's own secrets, such as the seed of its transform, sealed with the server's key."""

cases = Table(
    "cases",
    metadata,
    _number(),
    _root_tenant(),
    Column("title", Text, nullable=False),
    _words("reference"),
    _words("owner"),
    _document("content"),
    _now("created"),
    _time("closed"),
    UniqueConstraint("tenant", "id"),
)
"""What an investigator collects under one reference."""

pins = Table(
    "pins",
    metadata,
    Column("case_id", BigInteger, primary_key=True),
    Column("item_id", BigInteger, primary_key=True),
    _tenant(),
    _words("note"),
    _words("pinned_by"),
    Column("search", UUID(as_uuid=True)),
    Column("score", Double),
    _now("created"),
    _within("cases", "case_id"),
    _within("items", "item_id"),
    Index("pins_item_id_index", "item_id"),
)
"""Items in a case, and the search that found them; erasing an item unpins it."""

verdicts = Table(
    "verdicts",
    metadata,
    _number(),
    _tenant(),
    Column("gallery_id", BigInteger, nullable=False),
    Column("item_id", BigInteger),
    Column("search", UUID(as_uuid=True), nullable=False),
    Column("score", Double, nullable=False),
    _words("evidence"),
    Column("right", Boolean, nullable=False),
    _words("given_by"),
    _now("created"),
    _within("galleries", "gallery_id"),
    ForeignKeyConstraint(["item_id"], ["items.id"], ondelete="SET NULL"),
    Index("verdicts_search_index", "search"),
    Index("verdicts_item_id_index", "item_id"),
)
"""What people said of a search's answers; `evidence` as in a calibration, to learn from."""

GUARDED = tuple(table for table in metadata.sorted_tables if table is not tenants)
"""Tables with a policy: all but `tenants`."""
