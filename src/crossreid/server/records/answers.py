"""Answers to requests that carry an idempotency key: whoever asks twice is told what was told the first time."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from crossreid.gallery.postgres.schema import answers
from crossreid.server.refusals import RefusalError

KEPT = timedelta(hours=24)


def find_answer(connection: Connection, tenant: str, key: str, body: bytes) -> dict[str, Any] | None:
    """What was answered, if anything was. Until the transaction ends nobody else works on this key.

    Raises:
        RefusalError: idempotency_in_progress, or idempotency_key_reused with another body.
    """
    lock = func.hashtextextended(f"crossreid answer {tenant} {key}", 0)
    if not connection.execute(select(func.pg_try_advisory_xact_lock(lock))).scalar_one():
        raise RefusalError(
            "idempotency_in_progress",
            "a request with this idempotency key that is still worked on",
            remedy="wait, and ask again",
            retry_after_s=1,
        )
    row = connection.execute(
        select(answers).where(answers.c.tenant == tenant, answers.c.idempotency_key == key)
    ).one_or_none()
    if row is None:
        return None
    if row.request_hash != _hash(body):
        raise RefusalError(
            "idempotency_key_reused",
            "an idempotency key that came with another body before",
            expected="a new key for a new request",
        )
    return row.content


def keep_answer(connection: Connection, tenant: str, key: str, body: bytes, content: dict[str, Any]) -> None:
    """Keep an answer, in the transaction that did the work."""
    connection.execute(
        insert(answers).values(
            tenant=tenant, idempotency_key=key, request_hash=_hash(body), status=200, content=content
        )
    )


def forget_answers(connection: Connection, tenant: str) -> None:
    """Drop those of yesterday."""
    old = datetime.now(UTC) - KEPT
    connection.execute(delete(answers).where(answers.c.tenant == tenant, answers.c.created < old))


def _hash(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()
