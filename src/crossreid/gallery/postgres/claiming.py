"""Which gallery and which encoder of it a transaction writes to."""

import sqlalchemy as sa

from crossreid.gallery.postgres import schema
from crossreid.gallery.postgres.reading import count_items
from crossreid.gallery.postgres.state import (
    StoredEncoder,
    StoredGallery,
    add_encoder,
    lock_gallery,
    make_gallery,
)
from crossreid.gallery.records import EncoderRecord
from crossreid.gallery.refusals import check_same_encoder


def claim(
    connection: sa.Connection, record: EncoderRecord, *, tenant: str, name: str, uri: str
) -> tuple[StoredGallery, StoredEncoder]:
    """The gallery and its encoder, which stays until the transaction ends; both are made where there is none.

    A gallery that has been emptied may be filled by another encoder.

    Raises:
        FingerprintError: the gallery was filled by another encoder.
    """
    gallery = make_gallery(connection, tenant, name)
    other = gallery.current is None or gallery.current.fingerprint != record.fingerprint
    lock_gallery(connection, gallery.id, alone=other)
    gallery = make_gallery(connection, tenant, name)
    if other and gallery.current is not None and not count_items(connection, gallery.id):
        own = schema.encoders.c.gallery_id == gallery.id
        connection.execute(sa.delete(schema.encoders).where(own))
        gallery = StoredGallery(gallery.id)
    encoder = gallery.current or add_encoder(
        connection, tenant=tenant, gallery=gallery.id, record=record, state="current"
    )
    check_same_encoder(uri, encoder.record, record)
    return gallery, encoder
