"""A gallery in PostgreSQL in numbers."""

from typing import Any

import sqlalchemy as sa

from crossreid.gallery.postgres import schema
from crossreid.gallery.postgres.indexing import read_index
from crossreid.gallery.postgres.state import StoredGallery
from crossreid.gallery.records import Statistics

_VECTOR_HEAD = 8


def read_statistics(connection: sa.Connection, gallery: StoredGallery | None) -> Statistics:
    """See `Gallery.statistics`; `size_bytes` is that of vectors and crops."""
    items, crops = schema.items.c, schema.crops.c
    own = items.gallery_id == (gallery.id if gallery else -1)
    count = sa.func.count
    labels = {"people": items.person, "tracks": items.track, "cameras": items.camera}
    query = sa.select(
        count().label("items"),
        *(count(column.distinct()).filter(column != "").label(name) for name, column in labels.items()),
        sa.func.min(items.time).label("first"),
        sa.func.max(items.time).label("last"),
    ).where(own)
    row = connection.execute(query).mappings().one()
    pictures, crop_bytes = connection.execute(
        sa.select(count(), sa.func.coalesce(sa.func.sum(sa.func.octet_length(crops.picture)), 0))
        .join(schema.items, items.id == crops.item_id)
        .where(own)
    ).one()
    current, coming = (gallery.current, gallery.coming) if gallery else (None, None)
    stored = {encoder.id: _vectors(connection, encoder.id) for encoder in (current, coming) if encoder}
    vector_bytes = sum(
        stored[encoder.id] * (4 * encoder.dim + _VECTOR_HEAD) for encoder in (current, coming) if encoder
    )
    return Statistics(
        items=row["items"],
        people=row["people"],
        tracks=row["tracks"],
        cameras=row["cameras"],
        modalities=_by(connection, items.modality, own),
        collections=_by(connection, items.collection, own),
        first=row["first"],
        last=row["last"],
        crops=pictures,
        size_bytes=vector_bytes + int(crop_bytes),
        encoder=current.record if current else None,
        coming=coming.record if coming else None,
        pending=row["items"] - stored[coming.id] if coming else 0,
        index=read_index(connection, current.id) if current else None,
    )


def _by(connection: sa.Connection, column: Any, own: sa.ColumnElement[bool]) -> dict[str, int]:
    query = sa.select(column, sa.func.count()).where(own).group_by(column)
    return dict(connection.execute(query).all())


def _vectors(connection: sa.Connection, encoder: int) -> int:
    vectors = schema.vectors
    query = sa.select(sa.func.count()).select_from(vectors).where(vectors.c.encoder_id == encoder)
    return connection.scalar(query) or 0
