"""Vectors on their way into and out of PostgreSQL, in the binary format of COPY."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import sqlalchemy as sa

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_FEW = 64


def insert_vectors(
    connection: sa.Connection, *, encoder: int, tenant: str, item_ids: Sequence[int], vectors: np.ndarray
) -> None:
    """Add vectors float32 [n, dim] of items to those of an encoder; what is there stays.

    COPY does not go into tables with policies, so that many rows take the way through a temporary table.
    """
    target = "INSERT INTO vectors (encoder_id, item_id, tenant, vector)"
    values = {"encoder": encoder, "tenant": tenant}
    if len(item_ids) <= _FEW:
        source = "unnest(CAST(:ids AS bigint[]), CAST(:vectors AS text[])) AS new (item_id, vector)"
        values |= {"ids": list(item_ids), "vectors": [as_text(vector) for vector in vectors]}
    else:
        source = "pg_temp.incoming AS new"
        _copy_in(connection, item_ids, vectors)
    statement = f"{target} SELECT :encoder, item_id, :tenant, CAST(vector AS vector) FROM {source}"
    connection.execute(sa.text(f"{statement} ON CONFLICT DO NOTHING"), values)
    if len(item_ids) > _FEW:
        connection.execute(sa.text("TRUNCATE pg_temp.incoming"))


def read_vectors(
    connection: sa.Connection, *, encoder: int, dim: int, where: str = "true", chunk_rows: int = 8192
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The vectors of an encoder in the order of their items, some at a time: ids int64 [n] and float32 [n, dim].

    Args:
        connection: in a tenant's transaction.
        encoder: row of `encoders`.
        dim: their width.
        where: a condition on `item_id`, in SQL.
        chunk_rows: how many at a time.
    """
    record = _record(dim)
    query = (
        f"SELECT item_id, vector FROM vectors WHERE encoder_id = {int(encoder)} AND {where} ORDER BY item_id"
    )
    buffer, start = bytearray(), len(_HEADER)
    with (
        _driver(connection).cursor() as cursor,
        cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT BINARY)") as copy,
    ):
        for block in copy:
            buffer += block
            if len(buffer) - start >= record.itemsize * chunk_rows:
                count = (len(buffer) - start) // record.itemsize
                yield _decoded(buffer, start, count, record)
                del buffer[: start + count * record.itemsize]
                start = 0
    count = (len(buffer) - start) // record.itemsize
    if count:
        yield _decoded(buffer, start, count, record)


def among(item_ids: Iterable[int]) -> str:
    """The condition `where` of `read_vectors` for some items."""
    return f"item_id = ANY(ARRAY[{','.join(map(str, map(int, item_ids)))}]::bigint[])"


def as_text(vector: np.ndarray) -> str:
    """A vector as pgvector reads it; nine digits tell every float32."""
    return "[" + ",".join([f"{number:.9g}" for number in vector.tolist()]) + "]"


def _copy_in(connection: sa.Connection, item_ids: Sequence[int], vectors: np.ndarray) -> None:
    connection.execute(
        sa.text(
            "CREATE TEMPORARY TABLE IF NOT EXISTS incoming (item_id bigint, vector vector) ON COMMIT DELETE ROWS"
        )
    )
    rows = np.zeros(len(item_ids), _record(vectors.shape[1]))
    rows["fields"], rows["id_bytes"], rows["id"] = 2, 8, item_ids
    rows["vector_bytes"], rows["dim"], rows["vector"] = 4 + 4 * vectors.shape[1], vectors.shape[1], vectors
    with (
        _driver(connection).cursor() as cursor,
        cursor.copy("COPY pg_temp.incoming FROM STDIN (FORMAT BINARY)") as copy,
    ):
        copy.write(_HEADER)
        copy.write(rows.tobytes())
        copy.write(_TRAILER)


def _record(dim: int) -> np.dtype:
    """One row (item_id, vector): each field after its length in bytes, in network order."""
    return np.dtype(
        [
            ("fields", ">i2"),
            ("id_bytes", ">i4"),
            ("id", ">i8"),
            ("vector_bytes", ">i4"),
            ("dim", ">i2"),
            ("unused", ">i2"),
            ("vector", ">f4", (dim,)),
        ]
    )


def _decoded(buffer: bytearray, start: int, count: int, record: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    rows = np.frombuffer(bytes(buffer[start : start + count * record.itemsize]), record)
    return rows["id"].astype(np.int64), rows["vector"].astype(np.float32)


def _driver(connection: sa.Connection) -> Any:
    """Psycopg's connection, since SQLAlchemy knows no COPY."""
    return connection.connection.driver_connection
