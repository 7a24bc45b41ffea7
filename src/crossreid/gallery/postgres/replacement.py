"""Another encoder for a gallery in PostgreSQL, beside the one that is searched."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import sqlalchemy as sa

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import DataError, FingerprintError
from crossreid.core.wording import several
from crossreid.gallery.folder_replacement import check_replacement
from crossreid.gallery.item import GalleryItem
from crossreid.gallery.postgres import schema
from crossreid.gallery.postgres.items import ITEM_COLUMNS, ids_of, to_item
from crossreid.gallery.postgres.state import (
    StoredEncoder,
    StoredGallery,
    add_encoder,
    lock_gallery,
    make_gallery,
    settle_space,
)
from crossreid.gallery.records import EncoderRecord, check_fit

if TYPE_CHECKING:
    from crossreid.gallery.postgres.home import PostgresGallery


class PostgresReplacement:
    """See `crossreid.gallery.gallery.Replacement`; made by `PostgresGallery.replacement` only."""

    def __init__(self, gallery: "PostgresGallery", encoder: EncoderRecord) -> None:
        self._gallery, self._encoder = gallery, encoder

    def begin(self) -> None:
        """Note that the encoder is coming, or see that it is the one that was noted."""
        with self._gallery.opened() as (connection, _):
            gallery = make_gallery(connection, self._gallery.tenant, self._gallery.name)
            lock_gallery(connection, gallery.id, alone=True)
            gallery = make_gallery(connection, self._gallery.tenant, self._gallery.name)
            if gallery.current is None:
                raise DataError(f"nothing is enrolled in {self._gallery.uri}", expected="a filled gallery")
            coming = gallery.coming.record if gallery.coming else None
            check_replacement(self._encoder, gallery.current.record, coming)
            if coming is None:
                add_encoder(
                    connection,
                    tenant=self._gallery.tenant,
                    gallery=gallery.id,
                    record=self._encoder,
                    state="coming",
                )

    def pending(self, limit: int) -> tuple[GalleryItem, ...]:
        """See `Replacement.pending`."""
        with self._gallery.opened() as (connection, stored):
            gallery, coming = self._coming(stored)
            query = sa.select(*ITEM_COLUMNS).where(without_vector(gallery.id, coming.id))
            return tuple(map(to_item, connection.execute(query.order_by(schema.items.c.id).limit(limit))))

    def put(self, items: Sequence[GalleryItem], embeddings: Embeddings) -> None:
        """See `Replacement.put`."""
        check_fit(items, embeddings)
        with self._gallery.opened() as (connection, stored):
            gallery, coming = self._coming(stored)
            lock_gallery(connection, gallery.id, alone=coming.dim == 0)
            gallery, coming = self._coming(make_gallery(connection, self._gallery.tenant, self._gallery.name))
            if embeddings.fingerprint != coming.fingerprint:
                raise FingerprintError(
                    f"vectors of encoder {embeddings.fingerprint!r}", expected=coming.fingerprint
                )
            unit = embeddings.unit()
            coming = settle_space(connection, coming, unit)
            ids = ids_of(connection, [item.key for item in items], gallery=gallery.id)
            rows = [row for row, item in enumerate(items) if item.key in ids]
            numbers = [ids[items[row].key] for row in rows]
            self._gallery.add_vectors(connection, coming, numbers, unit.vectors[np.array(rows, np.int64)])

    def finish(self) -> None:
        """See `Replacement.finish`."""
        with self._gallery.opened() as (connection, stored):
            gallery, coming = self._coming(stored)
            lock_gallery(connection, gallery.id, alone=True)
            query = sa.select(sa.func.count()).select_from(schema.items)
            missing = connection.scalar(query.where(without_vector(gallery.id, coming.id)))
            if missing:
                raise DataError(
                    f"{several(missing, 'item')} without a vector of {coming.fingerprint!r}",
                    expected="none",
                    remedy="put vectors of all that is pending, or erase them",
                )
            own = schema.calibrations.c.gallery_id == gallery.id
            connection.execute(sa.delete(schema.calibrations).where(own))
            take_over(connection, gallery, coming)
        self._gallery.drop_index(gallery.current)

    def abandon(self) -> None:
        """See `Replacement.abandon`."""
        with self._gallery.opened() as (connection, stored):
            _, coming = self._coming(stored)
            connection.execute(sa.delete(schema.encoders).where(schema.encoders.c.id == coming.id))

    def _coming(self, stored: StoredGallery | None) -> tuple[StoredGallery, StoredEncoder]:
        if stored is None or stored.coming is None or stored.coming.fingerprint != self._encoder.fingerprint:
            raise DataError(
                f"no replacement by {self._encoder.fingerprint!r}", expected="one that has been begun"
            )
        return stored, stored.coming


def without_vector(gallery: int, encoder: int) -> sa.ColumnElement[bool]:
    """Of a row of `items`: that the encoder has no vector of it."""
    vectors, items = schema.vectors.c, schema.items.c
    known = sa.exists().where(vectors.item_id == items.id, vectors.encoder_id == encoder)
    return (items.gallery_id == gallery) & ~known


def take_over(connection: sa.Connection, gallery: StoredGallery, coming: StoredEncoder) -> None:
    """Search by the vectors of the coming encoder from now on, and forget the others."""
    encoders = schema.encoders
    if gallery.current is not None:
        connection.execute(sa.delete(encoders).where(encoders.c.id == gallery.current.id))
    connection.execute(sa.update(encoders).where(encoders.c.id == coming.id).values(state="current"))
