"""The audit log in its table."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from crossreid.gallery.postgres.schema import audit
from crossreid.server.chain import GENESIS, Entry, chained, plain
from crossreid.server.records import StoredRow

_PAGE = 1000


def write(
    connection: Connection,
    tenant: str,
    *,
    actor: str,
    action: str,
    content: dict[str, Any],
    gallery: str = "",
    purpose: str = "",
    reference: str = "",
) -> Entry:
    """Append an entry; it stands when the caller's transaction does. Call it last: the others wait from here on."""
    connection.execute(
        select(func.pg_advisory_xact_lock(func.hashtextextended(f"crossreid audit {tenant}", 0)))
    )
    sequence, previous = head(connection, tenant)
    values = {
        "sequence": sequence + 1,
        "tenant": tenant,
        "at": datetime.now(UTC).isoformat(timespec="microseconds"),
        "actor": actor,
        "action": action,
        "gallery": gallery,
        "purpose": purpose,
        "reference": reference,
        "content": plain(content),
    }
    entry = chained(previous, values)
    stored = values | {
        "at": datetime.fromisoformat(values["at"]),
        "previous": bytes.fromhex(entry.previous),
        "hash": bytes.fromhex(entry.hash),
    }
    connection.execute(insert(audit).values(**stored))
    return entry


def head(connection: Connection, tenant: str) -> tuple[int, str]:
    """Number and hash of the last entry; 0 and `GENESIS` where there is none."""
    last = connection.execute(
        select(audit.c.sequence, audit.c.hash)
        .where(audit.c.tenant == tenant)
        .order_by(audit.c.sequence.desc())
        .limit(1)
    ).one_or_none()
    return (last.sequence, last.hash.hex()) if last else (0, GENESIS)


def page(
    connection: Connection,
    tenant: str,
    *,
    after: int = 0,
    limit: int = 100,
    action: str = "",
    actor: str = "",
    newest: bool = False,
) -> list[Entry]:
    """Entries behind number `after` (before it with `newest`, where 0 is the end), in that order."""
    wanted = select(audit).where(audit.c.tenant == tenant).limit(limit)
    if action:
        wanted = wanted.where(audit.c.action == action)
    if actor:
        wanted = wanted.where(audit.c.actor == actor)
    if newest:
        wanted = wanted.order_by(audit.c.sequence.desc())
        wanted = wanted.where(audit.c.sequence < after) if after else wanted
    else:
        wanted = wanted.order_by(audit.c.sequence).where(audit.c.sequence > after)
    return [_entry(row) for row in connection.execute(wanted)]


def entries(connection: Connection, tenant: str) -> Iterator[Entry]:
    """All of them, in order, some thousand in memory at a time."""
    last = 0
    while found := page(connection, tenant, after=last, limit=_PAGE):
        yield from found
        last = found[-1].sequence


def find_search(connection: Connection, tenant: str, search: str) -> Entry | None:
    """The entry of a search."""
    row = connection.execute(
        select(audit).where(
            audit.c.tenant == tenant, audit.c.action == "search", audit.c.content["search"].astext == search
        )
    ).one_or_none()
    return None if row is None else _entry(row)


def _entry(row: StoredRow) -> Entry:
    return Entry(
        sequence=row.sequence,
        tenant=row.tenant,
        at=row.at.astimezone(UTC).isoformat(timespec="microseconds"),
        actor=row.actor,
        action=row.action,
        gallery=row.gallery,
        purpose=row.purpose,
        reference=row.reference,
        content=row.content,
        previous=row.previous.hex(),
        hash=row.hash.hex(),
    )


def results_of(entry: Entry) -> dict[str, float]:
    """What a search found: item key -> score."""
    found: Sequence[Any] = entry.content.get("results", ())
    return {str(result["item"]): float(result["score"]) for result in found}
