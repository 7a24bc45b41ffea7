"""What investigators collect and say of answers."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKeyConstraint,
    Index,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import UUID

from crossreid.gallery.postgres.schema.columns import (
    document,
    metadata,
    now,
    number,
    root_tenant,
    tenant,
    time,
    within,
    words,
)

cases = Table(
    "cases",
    metadata,
    number(),
    root_tenant(),
    Column("title", Text, nullable=False),
    words("reference"),
    words("owner"),
    document("content"),
    now("created"),
    time("closed"),
    UniqueConstraint("tenant", "id"),
)
"""What an investigator collects under one reference."""

pins = Table(
    "pins",
    metadata,
    Column("case_id", BigInteger, primary_key=True),
    Column("item_id", BigInteger, primary_key=True),
    tenant(),
    words("note"),
    words("pinned_by"),
    Column("search", UUID(as_uuid=True)),
    Column("score", Double),
    now("created"),
    within("cases", "case_id"),
    within("items", "item_id"),
    Index("pins_item_id_index", "item_id"),
)
"""Items in a case, and the search that found them; erasing an item unpins it."""

verdicts = Table(
    "verdicts",
    metadata,
    number(),
    tenant(),
    Column("gallery_id", BigInteger, nullable=False),
    Column("item_id", BigInteger),
    Column("search", UUID(as_uuid=True), nullable=False),
    Column("score", Double, nullable=False),
    words("evidence"),
    Column("right", Boolean, nullable=False),
    words("given_by"),
    now("created"),
    within("galleries", "gallery_id"),
    ForeignKeyConstraint(["item_id"], ["items.id"], ondelete="SET NULL"),
    Index("verdicts_search_index", "search"),
    Index("verdicts_item_id_index", "item_id"),
)
"""What people said of a search's answers; `evidence` as in a calibration, to learn from."""
