"""Watchlists in PostgreSQL."""

from collections.abc import Collection, Mapping

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from crossreid.gallery.postgres import schema
from crossreid.gallery.postgres.items import any_of
from crossreid.gallery.records import Watchlist

_LISTS, _MEMBERS = schema.watchlists, schema.watchlist_members


def read_watchlists(connection: sa.Connection, gallery: int) -> tuple[Watchlist, ...]:
    """Those of a gallery, by name."""
    query = (
        sa.select(_LISTS.c.name, _MEMBERS.c.kind, _MEMBERS.c.label)
        .select_from(_LISTS.outerjoin(_MEMBERS, _MEMBERS.c.watchlist_id == _LISTS.c.id))
        .where(_LISTS.c.gallery_id == gallery)
    )
    found: dict[str, dict[str | None, list[str]]] = {}
    for name, kind, label in connection.execute(query):
        found.setdefault(name, {}).setdefault(kind, []).append(label)
    return tuple(
        Watchlist(name, tuple(sorted(kinds.get("person", ()))), tuple(sorted(kinds.get("track", ()))))
        for name, kinds in sorted(found.items())
    )


def change_watchlist(
    connection: sa.Connection,
    name: str,
    labels: Mapping[str, Collection[str]],
    *,
    tenant: str,
    gallery: int,
    add: bool,
) -> None:
    """Put labels of each kind on a list, which is made where there is none, or take them away."""
    if add:
        row = {"tenant": tenant, "gallery_id": gallery, "name": name}
        connection.execute(insert(_LISTS).values(row).on_conflict_do_nothing())
    identity = connection.scalar(
        sa.select(_LISTS.c.id).where(_LISTS.c.gallery_id == gallery, _LISTS.c.name == name)
    )
    if identity is None:
        return
    for kind, names in labels.items():
        if add and names:
            rows = [
                {"watchlist_id": identity, "kind": kind, "label": label, "tenant": tenant}
                for label in sorted(names)
            ]
            connection.execute(insert(_MEMBERS).values(rows).on_conflict_do_nothing())
        elif names:
            own = (_MEMBERS.c.watchlist_id == identity) & (_MEMBERS.c.kind == kind)
            connection.execute(sa.delete(_MEMBERS).where(own, _MEMBERS.c.label == any_of(names)))


def remove_watchlist(connection: sa.Connection, name: str, *, gallery: int) -> None:
    """Forget a list, if there is one of the name."""
    connection.execute(sa.delete(_LISTS).where(_LISTS.c.gallery_id == gallery, _LISTS.c.name == name))


def remove_lost_members(
    connection: sa.Connection, labels: Mapping[str, Collection[str]], *, gallery: int
) -> int:
    """Take labels of which no item is left from all lists of a gallery. Returns how many places that were."""
    removed = 0
    lists = sa.select(_LISTS.c.id).where(_LISTS.c.gallery_id == gallery)
    items = schema.items.c
    for kind, names in labels.items():
        left = sa.exists().where(items.gallery_id == gallery, items[kind] == _MEMBERS.c.label)
        where = (_MEMBERS.c.kind == kind) & (_MEMBERS.c.label == any_of(names)) & ~left
        statement = sa.delete(_MEMBERS).where(_MEMBERS.c.watchlist_id.in_(lists), where)
        removed += connection.execute(statement).rowcount
    return removed
