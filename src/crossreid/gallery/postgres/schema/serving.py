"""What a server does and did: the audit log, jobs, answers."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import UUID

from crossreid.gallery.postgres.schema.columns import (
    document,
    metadata,
    now,
    root_tenant,
    tenant,
    time,
    within,
    words,
)

audit = Table(
    "audit",
    metadata,
    Column("tenant", Text, ForeignKey("tenants.id"), primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    now("at"),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    words("gallery"),
    words("purpose"),
    words("reference"),
    document("content"),
    Column("previous", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)
"""Append-only by a trigger: a row is never changed or removed. `hash` covers the row and `previous`, the hash of the
row before; `sequence` counts from 1 without gaps within a tenant. The server computes them."""

jobs = Table(
    "jobs",
    metadata,
    Column("id", UUID(as_uuid=True), primary_key=True, server_default=func.gen_random_uuid()),
    root_tenant(),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="waiting"),
    document("parameters"),
    document("result"),
    words("error"),
    words("step"),
    Column("progress", Double, server_default="0"),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    words("created_by"),
    words("server"),
    now("created"),
    time("started"),
    time("finished"),
    UniqueConstraint("tenant", "id"),
    CheckConstraint("state IN ('waiting', 'running', 'done', 'failed', 'cancelled')", name="state"),
    Index("jobs_state_created_index", "state", "created"),
)
"""Long work. `progress` is that of a `step`, where there are several, and null where it is unknown. `server` names
who works on it; when that one's lock is free it has died, and another may take the job."""

job_parts = Table(
    "job_parts",
    metadata,
    Column("job_id", UUID(as_uuid=True), primary_key=True),
    Column("part", Integer, primary_key=True, autoincrement=False),
    tenant(),
    Column("content", LargeBinary, nullable=False),
    within("jobs", "job_id"),
)
"""What was sent with a job, sealed, until the job ends."""

answers = Table(
    "answers",
    metadata,
    Column("tenant", Text, ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True),
    Column("idempotency_key", Text, primary_key=True),
    Column("request_hash", LargeBinary, nullable=False),
    Column("status", SmallInteger, nullable=False),
    document("content"),
    now("created"),
)
"""What was answered to a request with an idempotency key, stored in the transaction that did the work."""
