"""What is searched: galleries, encoders, items, vectors."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from crossreid.gallery.postgres.schema.columns import (
    Vector,
    metadata,
    now,
    number,
    root_tenant,
    tenant,
    time,
    within,
    words,
)

galleries = Table(
    "galleries",
    metadata,
    number(),
    root_tenant(),
    Column("name", Text, nullable=False),
    now("created"),
    UniqueConstraint("tenant", "name"),
    UniqueConstraint("tenant", "id"),
)
"""What one address opens; a tenant may have several."""

encoders = Table(
    "encoders",
    metadata,
    number(),
    tenant(),
    Column("gallery_id", BigInteger, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("rotation", Text, nullable=False),
    Column("dim", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("basis", LargeBinary),
    now("created"),
    UniqueConstraint("tenant", "id"),
    within("galleries", "gallery_id"),
    CheckConstraint("state IN ('current', 'coming')", name="state"),
    Index("encoders_gallery_id_state_key", "gallery_id", "state", unique=True),
)
"""Which encoders' vectors a gallery holds: one is searched (`current`), another may be on its way to replace it
(`coming`). `rotation` is of the stored vectors; `basis`, float32 [dim, dim], turns the encoder's onto them, where the
gallery does that itself."""

items = Table(
    "items",
    metadata,
    number(),
    tenant(),
    Column("gallery_id", BigInteger, nullable=False),
    Column("key", Text, nullable=False),
    words("root"),
    words("person"),
    words("track"),
    words("camera"),
    time("time"),
    Column("modality", Text, nullable=False),
    words("source"),
    words("collection"),
    Column("size_bytes", BigInteger, nullable=False, server_default="0"),
    Column("modified_ns", BigInteger, nullable=False, server_default="0"),
    words("content_hash"),
    now("enrolled"),
    UniqueConstraint("gallery_id", "key"),
    UniqueConstraint("tenant", "id"),
    within("galleries", "gallery_id"),
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
    tenant(),
    Column("vector", Vector, nullable=False),
    within("encoders", "encoder_id"),
    within("items", "item_id"),
    Index("vectors_item_id_index", "item_id"),
)
"""Unit-length vectors, one an item and encoder. Of encoders with many, an index holds the first coordinates."""

indexes = Table(
    "indexes",
    metadata,
    Column("encoder_id", BigInteger, primary_key=True),
    tenant(),
    Column("width", Integer, nullable=False),
    Column("candidates", Integer, nullable=False),
    Column("energy", Double, nullable=False),
    Column("target", Double, nullable=False),
    Column("recall", Double, nullable=False),
    Column("sample", Integer, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("lists", Integer, nullable=False),
    Column("probes", Integer, nullable=False),
    now("built"),
    within("encoders", "encoder_id"),
)
"""The index of an encoder's vectors: as in `IndexRecord`."""

crops = Table(
    "crops",
    metadata,
    Column("item_id", BigInteger, primary_key=True),
    tenant(),
    Column("picture", LargeBinary, nullable=False),
    within("items", "item_id"),
)
"""Pictures of items, as they were given: the server seals them first."""
