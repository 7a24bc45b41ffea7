"""What a gallery notes beside its items: how long they are kept, who is watched, what scores mean, what was erased."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Interval,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import UUID

from crossreid.gallery.postgres.schema.columns import document, metadata, now, number, tenant, within, words

retentions = Table(
    "retentions",
    metadata,
    Column("gallery_id", BigInteger, primary_key=True),
    Column("collection", Text, primary_key=True),
    tenant(),
    Column("keep", Interval, nullable=False),
    within("galleries", "gallery_id"),
)
"""How long items of a collection are kept, from their enrolment on."""

watchlists = Table(
    "watchlists",
    metadata,
    number(),
    tenant(),
    Column("gallery_id", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    now("created"),
    UniqueConstraint("gallery_id", "name"),
    UniqueConstraint("tenant", "id"),
    within("galleries", "gallery_id"),
)
"""Named lists of people and tracks."""

watchlist_members = Table(
    "watchlist_members",
    metadata,
    Column("watchlist_id", BigInteger, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("label", Text, primary_key=True),
    tenant(),
    now("added"),
    within("watchlists", "watchlist_id"),
    CheckConstraint("kind IN ('person', 'track')", name="kind"),
)
"""`label` is an item's `person` or `track`."""

calibrations = Table(
    "calibrations",
    metadata,
    Column("gallery_id", BigInteger, primary_key=True),
    Column("query_fingerprint", Text, primary_key=True),
    Column("gallery_fingerprint", Text, primary_key=True),
    tenant(),
    document("content"),
    within("galleries", "gallery_id"),
)
"""What scores mean, as in the file `calibration.json`."""

erasures = Table(
    "erasures",
    metadata,
    Column("id", UUID(as_uuid=True), primary_key=True),
    tenant(),
    Column("gallery_id", BigInteger, nullable=False),
    now("at"),
    words("reference"),
    document("content"),
    within("galleries", "gallery_id"),
)
"""The proof of each erasure, as in `ErasureProof`."""

erased_keys = Table(
    "erased_keys",
    metadata,
    Column("gallery_id", BigInteger, primary_key=True),
    Column("key_hash", LargeBinary, primary_key=True),
    tenant(),
    Column("erasure_id", UUID(as_uuid=True), nullable=False),
    within("galleries", "gallery_id"),
)
"""SHA-256 of the keys that were erased, so that no second delivery brings them back."""
