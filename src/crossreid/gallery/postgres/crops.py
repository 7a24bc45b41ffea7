"""Pictures of items in PostgreSQL."""

from collections.abc import Mapping

import sqlalchemy as sa

from crossreid.gallery.postgres import schema


def read_crop(connection: sa.Connection, gallery: int, key: str) -> bytes | None:
    """That of an item; None where there is none."""
    items, crops = schema.items.c, schema.crops.c
    query = sa.select(crops.picture).join(schema.items, items.id == crops.item_id)
    picture = connection.scalar(query.where(items.gallery_id == gallery, items.key == key))
    return None if picture is None else bytes(picture)


def insert_crops(connection: sa.Connection, crops: Mapping[int, bytes], *, tenant: str) -> None:
    """Keep pictures, by the ids of their items."""
    if crops:
        rows = [{"item_id": item, "tenant": tenant, "picture": picture} for item, picture in crops.items()]
        connection.execute(sa.insert(schema.crops), rows)
