"""The nearest items of a vector, in one SQL statement.

Through an index: the lists that are nearest by the first coordinates, in half width, give candidates, which are
compared in full width.
Otherwise: everything that satisfies the conditions is compared.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from crossreid.gallery.gallery import Group
from crossreid.gallery.item import GalleryItem
from crossreid.gallery.postgres import schema
from crossreid.gallery.postgres.items import ITEM_COLUMNS, to_item
from crossreid.gallery.postgres.rows import as_text
from crossreid.gallery.records import IndexRecord

EXACT_ROWS = 10_000
"""So few items are compared one by one: that is quick, and misses nobody."""

_SORTED_IN = "64MB"
"""What the opened lists hold is sorted in memory, if it fits."""

_TRIES = 3


@dataclass(frozen=True, slots=True)
class Found:
    """An item, its row, and its cosine."""

    item: GalleryItem
    id: int
    score: float


def nearest(
    connection: sa.Connection,
    vector: np.ndarray,
    *,
    encoder: int,
    conditions: Sequence[sa.ColumnElement[bool]],
    filtered: bool,
    top: int,
    group: Group | None,
    index: IndexRecord | None,
) -> tuple[Found, ...]:
    """The best items, best first; ties keep the order of enrolment.

    Args:
        connection: in the transaction of a tenant.
        vector: float32 [dim], unit length.
        encoder: row of `encoders` whose vectors are searched.
        conditions: on `items`.
        filtered: whether they leave out any of the gallery's items.
        top: how many at most.
        group: one item of each person, or track, only.
        index: through which to search; None compares everything.
    """
    found: tuple[Found, ...] = ()
    if index is not None and (not filtered or _many(connection, conditions)):
        wanted = max(index.candidates, top)
        for _ in range(_TRIES):
            _set(connection, _walk(index))
            found, seen = _through_index(
                connection, vector, encoder, conditions, filtered, top, group, index, wanted
            )
            _set(connection, {"enable_sort": "on"})
            if len(found) == top or seen < wanted:
                break
            wanted *= 4
    if len(found) == top:
        return found
    return _everything(connection, vector, encoder, conditions, top, group)


def principal_order(width: int, vector: str) -> str:
    """The expression that an index of that width is over, with the distance to a vector: two pieces of SQL."""
    first = "(subvector({0}, 1, {1})::halfvec({1}))"
    return f"{first.format('vectors.vector', int(width))} <=> {first.format(vector, int(width))}"


def _many(connection: sa.Connection, conditions: Sequence[sa.ColumnElement[bool]]) -> bool:
    """Whether more items than `EXACT_ROWS` satisfy the conditions."""
    some = sa.select(sa.literal(1)).select_from(schema.items).where(*conditions).limit(EXACT_ROWS + 1)
    return (connection.scalar(sa.select(sa.func.count()).select_from(some.subquery())) or 0) > EXACT_ROWS


def _walk(index: IndexRecord) -> dict[str, str]:
    """Settings by which lists are opened until there are enough candidates that satisfy the conditions.

    The planner does not know what it costs to fetch wide vectors: it might gather and sort all that satisfy the
    conditions, were it not kept from sorting.
    """
    return {
        "enable_sort": "off",
        "jit": "off",
        "work_mem": _SORTED_IN,
        "ivfflat.probes": str(max(1, index.probes)),
        "ivfflat.iterative_scan": "relaxed_order",
        "ivfflat.max_probes": str(max(1, index.lists)),
    }


def _set(connection: sa.Connection, settings: Mapping[str, str]) -> None:
    """Until the transaction ends."""
    parts = [f"set_config('{name}', '{value}', true)" for name, value in settings.items()]
    connection.execute(sa.text(f"SELECT {', '.join(parts)}"))


def _through_index(
    connection: sa.Connection,
    vector: np.ndarray,
    encoder: int,
    conditions: Sequence[sa.ColumnElement[bool]],
    filtered: bool,
    top: int,
    group: Group | None,
    index: IndexRecord,
    wanted: int,
) -> tuple[tuple[Found, ...], int]:
    """The best of the candidates, and how many candidates there were."""
    vectors = schema.vectors.c
    candidates = sa.select(vectors.item_id, vectors.vector).where(_of_encoder(encoder))
    if filtered:
        candidates = candidates.join(schema.items, schema.items.c.id == vectors.item_id).where(*conditions)
    order = sa.text(principal_order(index.width, "CAST(:query AS vector)"))
    near = (
        candidates.order_by(order).limit(wanted).cte("near").prefix_with("MATERIALIZED", dialect="postgresql")
    )
    counted = sa.select(sa.func.count()).select_from(near).scalar_subquery()
    source = near.join(schema.items, schema.items.c.id == near.c.item_id)
    rows = _run(connection, vector, source, near.c.vector, [], top, group, counted)
    return tuple(found for found, _ in rows), rows[0][1] if rows else 0


def _everything(
    connection: sa.Connection,
    vector: np.ndarray,
    encoder: int,
    conditions: Sequence[sa.ColumnElement[bool]],
    top: int,
    group: Group | None,
) -> tuple[Found, ...]:
    vectors = schema.vectors.c
    source = schema.items.join(schema.vectors, schema.items.c.id == vectors.item_id)
    where = [_of_encoder(encoder), *conditions]
    rows = _run(connection, vector, source, vectors.vector, where, top, group, sa.literal(0))
    return tuple(found for found, _ in rows)


def _run(
    connection: sa.Connection,
    vector: np.ndarray,
    source: Any,
    column: sa.ColumnElement[Any],
    where: Sequence[sa.ColumnElement[bool]],
    top: int,
    group: Group | None,
    counted: sa.ColumnElement[int],
) -> list[tuple[Found, int]]:
    query = sa.cast(sa.bindparam("query", type_=sa.Text), schema.Vector)
    distance = column.op("<#>", return_type=sa.Double())(query).label("distance")
    identity = schema.items.c.id.label("identity")
    chosen = sa.select(*ITEM_COLUMNS, identity, distance).select_from(source).where(*where)
    if group is not None:
        label = schema.items.c[group]
        own = sa.case((label != "", sa.literal("=") + label), else_=sa.cast(schema.items.c.id, sa.Text))
        chosen = chosen.ext(distinct_on(own)).order_by(own, distance, identity)
    else:
        chosen = chosen.order_by(distance, identity).limit(top)
    best = chosen.subquery()
    statement = sa.select(best, counted.label("seen")).order_by(best.c.distance, best.c.identity).limit(top)
    rows = connection.execute(statement, {"query": as_text(vector)}).all()
    width = len(ITEM_COLUMNS)
    return [(Found(to_item(row[:width]), row.identity, -float(row.distance)), int(row.seen)) for row in rows]


def _of_encoder(encoder: int) -> sa.ColumnElement[bool]:
    """With the number itself in the statement, since an index holds the vectors of one encoder only."""
    return schema.vectors.c.encoder_id == sa.literal_column(str(int(encoder)))
