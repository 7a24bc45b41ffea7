"""Erasing from PostgreSQL."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

import sqlalchemy as sa

from crossreid.gallery.postgres import schema
from crossreid.gallery.postgres.items import any_id, any_of
from crossreid.gallery.postgres.watching import remove_lost_members
from crossreid.gallery.proofs import proof_content, read_proof
from crossreid.gallery.records import ErasureProof, digest_of, key_hash
from crossreid.gallery.selection import Selection, asked_labels


def erase_rows(
    connection: sa.Connection,
    where: sa.ColumnElement[bool],
    selections: Sequence[Selection],
    *,
    tenant: str,
    gallery: int,
    reference: str,
) -> ErasureProof:
    """Remove items and all that hangs on them, and note the proof.

    Args:
        connection: in a transaction that has locked the gallery.
        where: on `items`.
        selections: whose people and tracks lose their places on watchlists even where they had no items.
        tenant: whose gallery it is.
        gallery: row of `galleries`.
        reference: of the request.
    """
    items = schema.items.c
    rows = connection.execute(sa.select(items.id, items.key, items.person, items.track).where(where)).all()
    ids, keys = [row.id for row in rows], [row.key for row in rows]
    vectors, crops = (_count(connection, table, ids) for table in (schema.vectors, schema.crops))
    connection.execute(sa.delete(schema.items).where(items.id == any_id(ids)))
    people, tracks = asked_labels(selections)
    labels = {"person": people | {row.person for row in rows}, "track": tracks | {row.track for row in rows}}
    memberships = remove_lost_members(connection, labels, gallery=gallery)
    left = sa.select(sa.func.count()).where(items.gallery_id == gallery, items.key == any_of(keys))
    remaining = (connection.scalar(left) or 0) + sum(
        _count(connection, table, ids) for table in (schema.vectors, schema.crops)
    )
    proof = ErasureProof(
        id=uuid4(),
        at=datetime.now(UTC),
        reference=reference,
        items=len(keys),
        vectors=vectors,
        crops=crops,
        memberships=memberships,
        digest=digest_of(keys),
        remaining=remaining,
    )
    _note(connection, proof, keys, tenant=tenant, gallery=gallery)
    return proof


def read_proofs(connection: sa.Connection, gallery: int) -> tuple[ErasureProof, ...]:
    """Those of a gallery, oldest first."""
    table = schema.erasures.c
    query = sa.select(table.content).where(table.gallery_id == gallery).order_by(table.at, table.id)
    return tuple(map(read_proof, connection.scalars(query)))


def _note(
    connection: sa.Connection, proof: ErasureProof, keys: Sequence[str], *, tenant: str, gallery: int
) -> None:
    own = {"tenant": tenant, "gallery_id": gallery}
    row = {"id": proof.id, "at": proof.at, "reference": proof.reference, "content": proof_content(proof)}
    connection.execute(sa.insert(schema.erasures).values(own | row))
    hashes = "unnest(CAST(:hashes AS bytea[]))"
    statement = (
        "INSERT INTO erased_keys (tenant, gallery_id, erasure_id, key_hash)"
        f" SELECT :tenant, :gallery_id, :erasure, hash FROM {hashes} AS hash ON CONFLICT DO NOTHING"
    )
    digests = [bytes.fromhex(key_hash(key)) for key in keys]
    connection.execute(sa.text(statement), own | {"erasure": proof.id, "hashes": digests})


def _count(connection: sa.Connection, table: sa.Table, ids: Sequence[int]) -> int:
    query = sa.select(sa.func.count()).select_from(table).where(table.c.item_id == any_id(ids))
    return connection.scalar(query) or 0
