"""The index of a gallery in PostgreSQL: lists of vectors that are near by their first principal coordinates."""

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from crossreid.core.basis import PrincipalBasis
from crossreid.core.errors import DataError
from crossreid.gallery.gallery import Progress
from crossreid.gallery.postgres import schema
from crossreid.gallery.postgres.building import build
from crossreid.gallery.postgres.nearest import nearest
from crossreid.gallery.postgres.replacement import take_over, without_vector
from crossreid.gallery.postgres.rows import among, insert_vectors, read_vectors
from crossreid.gallery.postgres.state import (
    StoredEncoder,
    StoredGallery,
    add_encoder,
    lock_gallery,
    make_gallery,
)
from crossreid.gallery.principal import (
    SAMPLE_ROWS,
    SHOWN,
    Survey,
    check_target,
    learn_rotation,
    recalls_of,
    surely_reached,
)
from crossreid.gallery.records import IndexRecord

if TYPE_CHECKING:
    from crossreid.gallery.postgres.database import Database
    from crossreid.gallery.postgres.home import PostgresGallery

_COLUMNS = ("width", "candidates", "energy", "target", "recall", "sample", "rows", "lists", "probes")
_TURNED_AT_A_TIME = 8192
_MOST_LISTS = 4000
_FIRST_SHARE, _FARTHER = 0.02, 1.4
_BYTES_PER_ROW = 300
"""Of k-means over 50 vectors a list, and as many lists as the square root of the rows: a distance for each pair."""


def read_index(connection: sa.Connection, encoder: int) -> IndexRecord | None:
    """That of an encoder's vectors."""
    table = schema.indexes.c
    query = sa.select(*(table[name] for name in _COLUMNS)).where(table.encoder_id == encoder)
    row = connection.execute(query).first()
    return None if row is None else IndexRecord(*row)


def build_index(gallery: "PostgresGallery", *, target: float, seed: int, progress: Progress) -> IndexRecord:
    """See `Gallery.build_index`."""
    check_target(target)
    generator, rows, seen = np.random.default_rng(seed), len(gallery), 0
    with gallery.opened() as (connection, _):
        stored = make_gallery(connection, gallery.tenant, gallery.name)
        current = stored.current
        assert current is not None
        ids = _sample(connection, current, SAMPLE_ROWS, seed)
        sample = _vectors(connection, current, ids)
        rotation = None if current.rotation else learn_rotation(sample)
        survey = Survey(sample, ids, rotation, generator)
        for numbers, vectors in read_vectors(connection, encoder=current.id, dim=current.dim):
            progress("reading the vectors", min(1.0, seen / rows))
            survey.add(numbers, vectors)
            seen += len(numbers)
    plan = survey.plan(target)
    if plan is None:
        _forget(gallery, current)
        return IndexRecord(0, 0, 0.0, target, 0.0, 0, rows)
    encoder = current if rotation is None else _rotate(gallery, rotation, progress)
    lists = _create(gallery.database, encoder, plan.width, rows=rows, progress=progress)
    _forget(gallery, encoder)
    _put_in_place(gallery.database, encoder)
    asked = survey.queries if rotation is None else survey.queries @ rotation.directions
    asked = asked / np.linalg.norm(asked, axis=1, keepdims=True)
    record = IndexRecord(plan.width, plan.candidates, plan.energy, target, 0.0, len(asked), rows, lists)
    try:
        with gallery.opened() as (connection, _):
            record = _measured(connection, encoder, asked, survey, record, progress)
            if record.used:
                values = {name: getattr(record, name) for name in _COLUMNS}
                own = {"encoder_id": encoder.id, "tenant": gallery.tenant}
                connection.execute(insert(schema.indexes).values(own | values))
    except BaseException:
        drop_index(gallery.database, encoder.id)
        raise
    if not record.used:
        drop_index(gallery.database, encoder.id)
    return record


def drop_index(database: "Database", encoder: int) -> None:
    """Remove the index of an encoder, if there is one, and what was left of one that was being built."""
    with database.alone() as connection:
        for name in (_name(encoder), _coming(encoder)):
            connection.execute(sa.text(f"DROP INDEX CONCURRENTLY IF EXISTS {name}"))


def index_bytes(database: "Database", encoder: int) -> int:
    """Size of the index of an encoder on the disk."""
    with database.alone() as connection:
        return connection.scalar(sa.text(f"SELECT pg_relation_size('{_name(encoder)}')")) or 0


def _create(
    database: "Database", encoder: StoredEncoder, width: int, *, rows: int, progress: Progress
) -> int:
    """Put the vectors of an encoder, about `rows`, into lists, while others read and write. Returns how many lists.

    They are made beside those that are searched, which stay when it is stopped.

    Source: IVFFlat (Jégou, Douze & Schmid, IEEE TPAMI 2011), as pgvector has it.
    """
    drop = sa.text(f"DROP INDEX CONCURRENTLY IF EXISTS {_coming(encoder.id)}")
    with database.alone() as connection:
        connection.execute(drop)
    lists = int(np.clip(math.isqrt(rows), 1, _MOST_LISTS))
    expression = f"(subvector(vector, 1, {int(width)})::halfvec({int(width)}))"
    statement = (
        f"CREATE INDEX CONCURRENTLY {_coming(encoder.id)} ON vectors USING ivfflat"
        f" ({expression} halfvec_cosine_ops) WITH (lists = {lists}) WHERE encoder_id = {encoder.id}"
    )
    try:
        build(database, statement, memory_mib=_memory_mib(rows), progress=progress)
    except BaseException:
        with database.alone() as connection:
            connection.execute(drop)
        raise
    return lists


def _forget(gallery: "PostgresGallery", encoder: StoredEncoder) -> None:
    """Search without the index of an encoder, and remove it, but not the one that is coming."""
    with gallery.opened() as (connection, _):
        connection.execute(sa.delete(schema.indexes).where(schema.indexes.c.encoder_id == encoder.id))
    with gallery.database.alone() as connection:
        connection.execute(sa.text(f"DROP INDEX CONCURRENTLY IF EXISTS {_name(encoder.id)}"))


def _put_in_place(database: "Database", encoder: StoredEncoder) -> None:
    with database.alone() as connection:
        connection.execute(sa.text(f"ALTER INDEX {_coming(encoder.id)} RENAME TO {_name(encoder.id)}"))


def _name(encoder: int) -> str:
    return f"vectors_principal_{int(encoder)}"


def _coming(encoder: int) -> str:
    return f"{_name(encoder)}_coming"


def _memory_mib(rows: int) -> int:
    """In which the lists are found."""
    return int(np.clip(rows * _BYTES_PER_ROW / 2**20, 64, 4096))


def _rotate(gallery: "PostgresGallery", rotation: PrincipalBasis, progress: Progress) -> StoredEncoder:
    """Turn all vectors of a gallery onto principal coordinates, beside the old ones; then search by them."""
    with gallery.opened() as (connection, _):
        stored = make_gallery(connection, gallery.tenant, gallery.name)
        lock_gallery(connection, stored.id, alone=True)
        stored = make_gallery(connection, gallery.tenant, gallery.name)
        if stored.coming is not None or stored.current is None:
            raise DataError(
                "an index of a gallery whose encoder is being replaced", expected="one that stays as it is"
            )
        turned = add_encoder(
            connection,
            tenant=gallery.tenant,
            gallery=stored.id,
            record=stored.current.record,
            state="coming",
            rotation=rotation.fingerprint,
            dim=stored.current.dim,
            basis=rotation,
        )
    rows, done = len(gallery), 0
    try:
        while more := _turn_some(gallery, stored, turned, rotation, _TURNED_AT_A_TIME):
            done += more
            progress("turning the vectors", min(1.0, done / rows))
        with gallery.opened() as (connection, _):
            lock_gallery(connection, stored.id, alone=True)
            while _turn(connection, gallery.tenant, stored, turned, rotation, _TURNED_AT_A_TIME):
                pass
            take_over(connection, stored, turned)
    except BaseException:
        with gallery.opened() as (connection, _):
            connection.execute(sa.delete(schema.encoders).where(schema.encoders.c.id == turned.id))
        raise
    gallery.drop_index(stored.current)
    return turned


def _turn_some(
    gallery: "PostgresGallery",
    stored: StoredGallery,
    turned: StoredEncoder,
    rotation: PrincipalBasis,
    limit: int,
) -> int:
    with gallery.opened() as (connection, _):
        return _turn(connection, gallery.tenant, stored, turned, rotation, limit)


def _turn(
    connection: sa.Connection,
    tenant: str,
    stored: StoredGallery,
    turned: StoredEncoder,
    rotation: PrincipalBasis,
    limit: int,
) -> int:
    """Turn the vectors of some items that have no turned one yet. Returns how many."""
    assert stored.current is not None
    query = sa.select(schema.items.c.id).where(without_vector(stored.id, turned.id))
    ids = connection.scalars(query.order_by(schema.items.c.id).limit(limit)).all()
    if ids:
        vectors = _vectors(connection, stored.current, np.array(ids)) @ rotation.directions
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        insert_vectors(connection, encoder=turned.id, tenant=tenant, item_ids=ids, vectors=vectors)
    return len(ids)


def _sample(connection: sa.Connection, encoder: StoredEncoder, rows: int, seed: int) -> np.ndarray:
    """Ids int64 of items, rising, the same for one seed."""
    vectors = schema.vectors.c
    query = sa.select(vectors.item_id).where(vectors.encoder_id == encoder.id)
    order = sa.func.hashint8extended(vectors.item_id, seed)
    return np.sort(np.array(connection.scalars(query.order_by(order).limit(rows)).all(), np.int64))


def _vectors(connection: sa.Connection, encoder: StoredEncoder, ids: np.ndarray) -> np.ndarray:
    """float32 [n, dim] of items in the order of their ids, which rise."""
    chunks = read_vectors(connection, encoder=encoder.id, dim=encoder.dim, where=among(ids.tolist()))
    return np.concatenate([rows for _, rows in chunks])


def _measured(
    connection: sa.Connection,
    encoder: StoredEncoder,
    queries: np.ndarray,
    survey: Survey,
    record: IndexRecord,
    progress: Progress,
) -> IndexRecord:
    """The record with the recall of searches, which open more lists until the target is surely reached."""
    record = replace(record, probes=max(1, round(_FIRST_SHARE * record.lists)))
    while True:
        progress("measuring what it finds", None)
        found = [
            [number for number in _ids(connection, encoder, query, record) if number != itself][:SHOWN]
            for query, itself in zip(queries, survey.own.tolist(), strict=True)
        ]
        recalls = recalls_of(found, survey.nearest)
        record = replace(record, recall=float(recalls.mean()))
        if surely_reached(recalls, record.target) or record.probes >= record.lists:
            return record
        record = replace(record, probes=min(math.ceil(_FARTHER * record.probes), record.lists))


def _ids(
    connection: sa.Connection, encoder: StoredEncoder, query: np.ndarray, record: IndexRecord
) -> list[int]:
    found = nearest(
        connection,
        query,
        encoder=encoder.id,
        conditions=(),
        filtered=False,
        top=SHOWN + 1,
        group=None,
        index=record,
    )
    return [one.id for one in found]
