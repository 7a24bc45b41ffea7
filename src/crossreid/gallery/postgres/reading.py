"""What a gallery in PostgreSQL holds."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import sqlalchemy as sa

from crossreid.core.embeddings import Embeddings
from crossreid.gallery.item import GalleryItem
from crossreid.gallery.parts import keyed
from crossreid.gallery.postgres import schema
from crossreid.gallery.postgres.items import ITEM_COLUMNS, to_item
from crossreid.gallery.postgres.rows import read_vectors
from crossreid.gallery.postgres.state import StoredEncoder
from crossreid.gallery.records import Batch


def unkeyed(encoder: StoredEncoder, vectors: np.ndarray) -> Embeddings:
    """Vectors of an encoder without keys."""
    count = len(vectors)
    return replace(
        encoder.empty(),
        vectors=vectors,
        modalities=np.full(count, "rgb"),
        person_ids=np.full(count, -1),
        camera_ids=np.full(count, -1),
        source_ids=np.full(count, ""),
        item_ids=np.full(count, ""),
    )


def count_items(connection: sa.Connection, gallery: int) -> int:
    """How many a gallery has."""
    query = sa.select(sa.func.count()).select_from(schema.items).where(schema.items.c.gallery_id == gallery)
    return connection.scalar(query) or 0


def read_items(
    connection: sa.Connection, gallery: int, *where: sa.ColumnElement[bool]
) -> tuple[GalleryItem, ...]:
    """Those of a gallery that satisfy conditions, in the order of enrolment."""
    query = sa.select(*ITEM_COLUMNS).where(schema.items.c.gallery_id == gallery, *where)
    return tuple(map(to_item, connection.execute(query.order_by(schema.items.c.id))))


def read_batch(
    connection: sa.Connection, gallery: int, encoder: StoredEncoder, last: int, rows: int
) -> tuple[Batch, int]:
    """Up to so many items after an id, and the last one's id."""
    items = schema.items.c
    query = sa.select(items.id).where(items.gallery_id == gallery, items.id > last)
    ids = connection.scalars(query.order_by(items.id).limit(rows)).all()
    if not ids:
        return Batch((), encoder.empty()), last
    within = items.id.between(ids[0], ids[-1])
    listed, embeddings = read_rows(
        connection, gallery, encoder, within, f"item_id BETWEEN {ids[0]} AND {ids[-1]}"
    )
    crops = schema.crops.c
    pictures = sa.select(items.key, crops.picture).join(schema.crops, crops.item_id == items.id)
    kept = connection.execute(pictures.where(items.gallery_id == gallery, within)).all()
    known = {item.key for item in listed}
    return Batch(listed, embeddings, {key: bytes(crop) for key, crop in kept if key in known}), ids[-1]


def read_rows(
    connection: sa.Connection,
    gallery: int,
    encoder: StoredEncoder,
    chosen: sa.ColumnElement[bool] | None = None,
    where: str = "true",
) -> tuple[tuple[GalleryItem, ...], Embeddings]:
    """Items by id, with their vectors; what comes or goes between the two questions is left out."""
    query = sa.select(schema.items.c.id, *ITEM_COLUMNS).where(schema.items.c.gallery_id == gallery)
    query = query if chosen is None else query.where(chosen)
    items = {identity: to_item(values) for identity, *values in connection.execute(query)}
    chunks = list(read_vectors(connection, encoder=encoder.id, dim=encoder.dim, where=where))
    ids = np.concatenate([numbers for numbers, _ in chunks] or [np.empty(0, np.int64)])
    vectors = np.concatenate([encoder.empty().vectors, *(rows for _, rows in chunks)])
    kept = np.array([row for row, number in enumerate(ids.tolist()) if number in items], np.int64)
    found = tuple(items[number] for number in ids[kept].tolist())
    return found, keyed(found, unkeyed(encoder, vectors[kept]))


def count_kinds(connection: sa.Connection, where: Sequence[sa.ColumnElement[bool]]) -> Mapping[str, int]:
    """How many items of each kind of picture satisfy conditions."""
    items = schema.items.c
    query = sa.select(items.modality, sa.func.count()).where(*where).group_by(items.modality)
    return dict(connection.execute(query).all())
