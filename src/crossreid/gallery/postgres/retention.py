"""How long items are kept in PostgreSQL."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa

from crossreid.gallery.postgres import schema

_TABLE = schema.retentions


def set_retention(
    connection: sa.Connection, collection: str, keep: timedelta | None, *, tenant: str, gallery: int
) -> None:
    """Note how long items of a collection are kept; None for ever."""
    own = (_TABLE.c.gallery_id == gallery) & (_TABLE.c.collection == collection)
    connection.execute(sa.delete(_TABLE).where(own))
    if keep is not None:
        row = {"gallery_id": gallery, "collection": collection, "tenant": tenant, "keep": keep}
        connection.execute(sa.insert(_TABLE).values(row))


def read_retentions(connection: sa.Connection, gallery: int) -> Mapping[str, timedelta]:
    """Those of a gallery, by collection."""
    query = sa.select(_TABLE.c.collection, _TABLE.c.keep).where(_TABLE.c.gallery_id == gallery)
    return dict(connection.execute(query).all())


def kept_long_enough(gallery: int, now: datetime) -> sa.ColumnElement[bool]:
    """Of a row of `items`."""
    items = schema.items.c
    passed = sa.exists().where(
        _TABLE.c.gallery_id == items.gallery_id,
        _TABLE.c.collection == items.collection,
        items.enrolled + _TABLE.c.keep <= now,
    )
    return (items.gallery_id == gallery) & passed
