"""The one writer of a gallery in PostgreSQL, as `index_folder` needs it."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import FingerprintError
from crossreid.gallery.item import GalleryItem
from crossreid.gallery.postgres import schema
from crossreid.gallery.postgres.items import any_id, any_of, insert_items, update_items
from crossreid.gallery.postgres.state import StoredEncoder, lock_gallery, make_gallery, settle_space
from crossreid.gallery.query import turn
from crossreid.gallery.records import EncoderRecord, check_fit

if TYPE_CHECKING:
    from crossreid.gallery.postgres.home import PostgresGallery


class PostgresWriter:
    """See `crossreid.gallery.gallery.GalleryWriter`; made by `PostgresGallery.writing`. A call is a transaction."""

    def __init__(self, gallery: "PostgresGallery", encoder: EncoderRecord, *, rebuild: bool) -> None:
        self._gallery, self._encoder, self._rebuild = gallery, encoder, rebuild

    def check(self) -> None:
        """Refuse another encoder than the gallery's, unless everything is made anew."""
        if not self._rebuild and len(self._gallery):
            with self._gallery.opened() as (connection, _):
                self._gallery.claim(connection, self._encoder)

    def put(self, items: Sequence[GalleryItem], embeddings: Embeddings) -> None:
        """See `GalleryWriter.put`."""
        check_fit(items, embeddings)
        if embeddings.fingerprint != self._encoder.fingerprint:
            raise FingerprintError(
                f"vectors of encoder {embeddings.fingerprint!r}", expected=self._encoder.fingerprint
            )
        if not items:
            return
        rows = {item.key: row for row, item in enumerate(items)}
        with self._gallery.opened() as (connection, _):
            old = self._make_room(connection)
            gallery, encoder = self._gallery.claim(connection, self._encoder)
            turned = turn(embeddings, self._gallery.basis(connection, encoder)).unit()
            encoder = settle_space(connection, encoder, turned)
            ids = insert_items(
                connection,
                [items[row] for row in rows.values()],
                tenant=self._gallery.tenant,
                gallery=gallery.id,
                replace=True,
            )
            for table in (schema.vectors, schema.crops):
                connection.execute(sa.delete(table).where(table.c.item_id == any_id(ids.values())))
            numbers = [ids[key] for key in rows]
            self._gallery.add_vectors(connection, encoder, numbers, turned.vectors[list(rows.values())])
        self._gallery.drop_index(old)
        self._rebuild = False

    def relabel(self, items: Sequence[GalleryItem]) -> None:
        """See `GalleryWriter.relabel`."""
        with self._gallery.opened() as (connection, stored):
            if stored and items:
                update_items(connection, items, gallery=stored.id)

    def remove(self, paths: Collection[str]) -> None:
        """See `GalleryWriter.remove`."""
        with self._gallery.opened() as (connection, stored):
            if stored:
                own = schema.items.c.gallery_id == stored.id
                connection.execute(sa.delete(schema.items).where(own, schema.items.c.key == any_of(paths)))

    def _make_room(self, connection: sa.Connection) -> StoredEncoder | None:
        """Forget everything, if that was asked for. Returns the encoder of what there was."""
        if not self._rebuild:
            return None
        gallery = make_gallery(connection, self._gallery.tenant, self._gallery.name)
        lock_gallery(connection, gallery.id, alone=True)
        connection.execute(sa.delete(schema.items).where(schema.items.c.gallery_id == gallery.id))
        connection.execute(sa.delete(schema.encoders).where(schema.encoders.c.gallery_id == gallery.id))
        return gallery.current
