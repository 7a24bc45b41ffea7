"""Items on their way into and out of PostgreSQL."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from crossreid.core.modality import Modality
from crossreid.gallery.item import GalleryItem
from crossreid.gallery.postgres import schema
from crossreid.gallery.records import key_hash
from crossreid.gallery.selection import Selection, as_names

_TYPES = {
    "key": "text",
    "root": "text",
    "person": "text",
    "camera": "text",
    "time": "timestamptz",
    "modality": "text",
    "source": "text",
    "size_bytes": "bigint",
    "modified_ns": "bigint",
    "content_hash": "text",
    "track": "text",
    "collection": "text",
}
ITEM_COLUMNS = tuple(schema.items.c[name] for name in _TYPES)
"""In the order of the fields of `GalleryItem`."""


def to_item(values: Sequence[Any]) -> GalleryItem:
    """From the values of `ITEM_COLUMNS`."""
    path, root, person, camera, time, modality, *rest = values
    return GalleryItem(path, root, person, camera, time, Modality(modality), *rest)


def insert_items(
    connection: sa.Connection, items: Sequence[GalleryItem], *, tenant: str, gallery: int, replace: bool
) -> dict[str, int]:
    """Add items, whose keys differ. Returns the ids of those that were new, or, with `replace`, of all.

    Ids rise in the order of the items; rows are written in the order of keys, so that two that write
    the same ones wait for each other instead of for ever.
    """
    sequence = "SELECT nextval(pg_get_serial_sequence('items', 'id')) FROM generate_series(1, :count)"
    ids = connection.scalars(sa.text(sequence), {"count": len(items)}).all()
    rows = sorted(zip(items, ids, strict=True), key=lambda row: row[0].key)
    names = ", ".join(_TYPES)
    arrays = ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in _TYPES.items())
    changes = ", ".join(f"{name} = excluded.{name}" for name in _TYPES if name != "key")
    statement = (
        f"INSERT INTO items (tenant, gallery_id, id, {names}) SELECT :tenant, :gallery, *"
        f" FROM unnest(CAST(:ids AS bigint[]), {arrays}) ON CONFLICT (gallery_id, key)"
        f" DO {f'UPDATE SET {changes}' if replace else 'NOTHING'} RETURNING key, id"
    )
    values = _columns([item for item, _ in rows]) | {"ids": [number for _, number in rows]}
    found = connection.execute(sa.text(statement), values | {"tenant": tenant, "gallery": gallery})
    return dict(found.all())


def update_items(connection: sa.Connection, items: Sequence[GalleryItem], *, gallery: int) -> None:
    """Replace what is known of items; those that are not there are passed over."""
    arrays = ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in _TYPES.items())
    changes = ", ".join(f"{name} = new.{name}" for name in _TYPES if name != "key")
    statement = (
        f"UPDATE items SET {changes} FROM unnest({arrays}) AS new ({', '.join(_TYPES)})"
        " WHERE items.gallery_id = :gallery AND items.key = new.key"
    )
    connection.execute(sa.text(statement), _columns(items) | {"gallery": gallery})


def ids_of(connection: sa.Connection, keys: Collection[str], *, gallery: int) -> dict[str, int]:
    """The ids of those keys that are there."""
    items = schema.items.c
    query = sa.select(items.key, items.id).where(items.gallery_id == gallery, items.key == any_of(keys))
    return dict(connection.execute(query).all())


def erased_of(connection: sa.Connection, keys: Collection[str], *, gallery: int) -> set[str]:
    """Those keys that were erased."""
    by_hash = {bytes.fromhex(key_hash(key)): key for key in keys}
    column = schema.erased_keys.c
    query = sa.select(column.key_hash).where(
        column.gallery_id == gallery,
        column.key_hash == sa.any_(sa.bindparam(None, list(by_hash), sa.ARRAY(sa.LargeBinary))),
    )
    return {by_hash[bytes(digest)] for digest in connection.scalars(query)}


def any_of(names: str | Collection[str]) -> Any:
    """What a label is compared with to be among some."""
    return sa.any_(sa.bindparam(None, as_names(names), sa.ARRAY(sa.Text)))


def any_id(ids: Iterable[int]) -> Any:
    """What an id is compared with to be among some."""
    return sa.any_(sa.bindparam(None, list(ids), sa.ARRAY(sa.BigInteger)))


def conditions(selection: Selection, *, gallery: int) -> list[sa.ColumnElement[bool]]:
    """What a row of `items` has to satisfy."""
    items = schema.items.c
    found: list[sa.ColumnElement[bool]] = [items.gallery_id == gallery]
    for name, wanted in selection.labels.items():
        found.append(items["key" if name == "path" else name] == any_of(wanted))
    if selection.watchlists is not None:
        found.append(_watched(selection.watchlists, gallery))
    if selection.modality is not None:
        found.append(items.modality == str(selection.modality))
    if selection.time_range is not None:
        first, last = selection.time_range
        found.append(items.time.is_not(None))
        found += [items.time >= first] if first is not None else []
        found += [items.time <= last] if last is not None else []
    return found


def _watched(names: str | Collection[str], gallery: int) -> sa.ColumnElement[bool]:
    items, lists, members = schema.items.c, schema.watchlists.c, schema.watchlist_members.c

    def labels(kind: str) -> sa.Select[Any]:
        return (
            sa.select(members.label)
            .join(schema.watchlists, lists.id == members.watchlist_id)
            .where(lists.gallery_id == gallery, lists.name == any_of(names), members.kind == kind)
        )

    return items.person.in_(labels("person")) | items.track.in_(labels("track"))


def _columns(items: Sequence[GalleryItem]) -> dict[str, list[Any]]:
    columns = {name: [getattr(item, name) for item in items] for name in _TYPES}
    return columns | {"modality": [str(item.modality) for item in items]}
