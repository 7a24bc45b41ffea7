"""The index of a gallery in PostgreSQL: lists of vectors that are near by their first principal coordinates."""

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from crossreid.core.basis import PrincipalBasis
from crossreid.core.errors import DataError
from crossreid.gallery.postgres import schema
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


def build_index(gallery: "PostgresGallery", *, target: float, seed: int) -> IndexRecord:
    """See `Gallery.build_index`."""
    check_target(target)
    generator = np.random.default_rng(seed)
    with gallery.opened() as (connection, _):
        stored = make_gallery(connection, gallery.tenant, gallery.name)
        current = stored.current
        assert current is not None
        ids = _sample(connection, current, SAMPLE_ROWS, seed)
        sample = _vectors(connection, current, ids)
        rotation = None if current.rotation else learn_rotation(sample)
        survey = Survey(sample, ids, rotation, generator)
        for numbers, vectors in read_vectors(connection, encoder=current.id, dim=current.dim):
            survey.add(numbers, vectors)
    plan = survey.plan(target)
    if plan is None:
        drop_index(gallery.database, current.id)
        return IndexRecord(0, 0, 0.0, target, 0.0, 0, len(gallery))
    encoder = current if rotation is None else _rotate(gallery, rotation)
    lists = create_index(gallery.database, encoder.id, plan.width, rows=len(gallery))
    asked = survey.queries if rotation is None else survey.queries @ rotation.directions
    asked = asked / np.linalg.norm(asked, axis=1, keepdims=True)
    record = IndexRecord(
        plan.width, plan.candidates, plan.energy, target, 0.0, len(asked), len(gallery), lists
    )
    with gallery.opened() as (connection, _):
        record = _measured(connection, encoder, asked, survey, record)
        table = schema.indexes
        own = {"encoder_id": encoder.id, "tenant": gallery.tenant}
        connection.execute(sa.delete(table).where(table.c.encoder_id == encoder.id))
        if record.used:
            values = {name: getattr(record, name) for name in _COLUMNS}
            connection.execute(insert(table).values(own | values))
    if not record.used:
        drop_index(gallery.database, encoder.id)
    return record


def create_index(database: "Database", encoder: int, width: int, *, rows: int) -> int:
    """Put the vectors of an encoder, about `rows`, into lists, while others read and write. Returns how many lists.

    Source: IVFFlat (Jégou, Douze & Schmid, IEEE TPAMI 2011), as pgvector has it.
    """
    drop_index(database, encoder)
    lists = int(np.clip(math.isqrt(rows), 1, _MOST_LISTS))
    expression = f"(subvector(vector, 1, {int(width)})::halfvec({int(width)}))"
    with database.alone() as connection:
        connection.execute(sa.text(f"SET maintenance_work_mem = '{_memory_mib(rows)}MB'"))
        connection.execute(
            sa.text(
                f"CREATE INDEX CONCURRENTLY {_name(encoder)} ON vectors USING ivfflat"
                f" ({expression} halfvec_cosine_ops) WITH (lists = {lists}) WHERE encoder_id = {int(encoder)}"
            )
        )
        connection.execute(sa.text("RESET maintenance_work_mem"))
    return lists


def drop_index(database: "Database", encoder: int) -> None:
    """Remove the index of an encoder, if there is one."""
    with database.alone() as connection:
        connection.execute(sa.text(f"DROP INDEX CONCURRENTLY IF EXISTS {_name(encoder)}"))


def index_bytes(database: "Database", encoder: int) -> int:
    """Size of the index of an encoder on the disk."""
    with database.alone() as connection:
        return connection.scalar(sa.text(f"SELECT pg_relation_size('{_name(encoder)}')")) or 0


def _name(encoder: int) -> str:
    return f"vectors_principal_{int(encoder)}"


def _memory_mib(rows: int) -> int:
    """In which the lists are found."""
    return int(np.clip(rows * _BYTES_PER_ROW / 2**20, 64, 4096))


def _rotate(gallery: "PostgresGallery", rotation: PrincipalBasis) -> StoredEncoder:
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
    try:
        while _turn_some(gallery, stored, turned, rotation, _TURNED_AT_A_TIME):
            pass
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
) -> IndexRecord:
    """The record with the recall of searches, which open more lists until the target is surely reached."""
    record = replace(record, probes=max(1, round(_FIRST_SHARE * record.lists)))
    while True:
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
