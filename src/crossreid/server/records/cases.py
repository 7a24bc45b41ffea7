"""Cases, what is pinned in them, and what people said of what was found."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Text, and_, cast, delete, func, insert, select, update

from crossreid.gallery.postgres.schema import audit, cases, items, pins, verdicts
from crossreid.server.records import StoredRow
from crossreid.server.refusals import RefusalError

VERIFIERS = 2
"""So many people have to agree where two are asked for."""


def create_case(
    connection: Connection, tenant: str, *, title: str, reference: str, owner: str, content: dict[str, Any]
) -> int:
    """A new case. Returns its number."""
    return connection.execute(
        insert(cases)
        .values(tenant=tenant, title=title, reference=reference, owner=owner, content=content)
        .returning(cases.c.id)
    ).scalar_one()


def list_cases(connection: Connection, tenant: str, *, number: int | None = None) -> Sequence[StoredRow]:
    """Rows of `cases` with `pin_count`, newest first; all, or one."""
    count = select(func.count()).where(pins.c.case_id == cases.c.id).scalar_subquery().label("pin_count")
    wanted = select(cases, count).where(cases.c.tenant == tenant).order_by(cases.c.id.desc()).limit(1000)
    return connection.execute(wanted if number is None else wanted.where(cases.c.id == number)).all()


def find_case(connection: Connection, tenant: str, number: int) -> StoredRow:
    """One case.

    Raises:
        RefusalError: not_found.
    """
    found = list_cases(connection, tenant, number=number)
    if not found:
        raise RefusalError("not_found", "no such case")
    return found[0]


def change_case(connection: Connection, tenant: str, number: int, values: dict[str, Any]) -> None:
    """Set columns of a case."""
    connection.execute(update(cases).where(cases.c.tenant == tenant, cases.c.id == number).values(**values))


def pin(
    connection: Connection,
    tenant: str,
    number: int,
    item_id: int,
    *,
    by: str,
    note: str,
    search: str | None,
    score: float | None,
) -> None:
    """Put an item into a case.

    Raises:
        RefusalError: conflict, where it is there already.
    """
    there = select(pins.c.item_id).where(pins.c.case_id == number, pins.c.item_id == item_id)
    if connection.execute(there).one_or_none():
        raise RefusalError("conflict", "an item that is in this case already")
    connection.execute(
        insert(pins).values(
            tenant=tenant,
            case_id=number,
            item_id=item_id,
            pinned_by=by,
            note=note,
            search=search,
            score=score,
        )
    )


def unpin(connection: Connection, number: int, item_id: int) -> None:
    """Take an item out of a case.

    Raises:
        RefusalError: not_found.
    """
    done = connection.execute(delete(pins).where(pins.c.case_id == number, pins.c.item_id == item_id))
    if not done.rowcount:
        raise RefusalError("not_found", "no such item in this case")


def list_pins(connection: Connection, number: int) -> Sequence[StoredRow]:
    """Rows of `pins` with the item's `key`, in the order of pinning."""
    return connection.execute(
        select(pins, items.c.key)
        .join(items, items.c.id == pins.c.item_id)
        .where(pins.c.case_id == number)
        .order_by(pins.c.created, pins.c.item_id)
    ).all()


def give_verdict(
    connection: Connection,
    tenant: str,
    *,
    gallery_id: int,
    item_id: int,
    search: str,
    score: float,
    evidence: str,
    right: bool,
    by: str,
) -> None:
    """Note what somebody says; it replaces what the same person said of the same result before."""
    connection.execute(
        delete(verdicts).where(
            verdicts.c.tenant == tenant,
            verdicts.c.search == search,
            verdicts.c.item_id == item_id,
            verdicts.c.given_by == by,
        )
    )
    connection.execute(
        insert(verdicts).values(
            tenant=tenant,
            gallery_id=gallery_id,
            item_id=item_id,
            search=search,
            score=score,
            evidence=evidence,
            right=right,
            given_by=by,
            created=datetime.now(UTC),
        )
    )


def verdicts_of(
    connection: Connection, tenant: str, item_ids: Iterable[int], *, reference: str
) -> dict[int, list[StoredRow]]:
    """For each item the latest verdict of each person in searches under a reference, in the order of time."""
    wanted = (
        select(verdicts.c.item_id, verdicts.c.given_by, verdicts.c.right, verdicts.c.created)
        .join(
            audit,
            and_(
                audit.c.tenant == verdicts.c.tenant,
                audit.c.action == "search",
                audit.c.content["search"].astext == cast(verdicts.c.search, Text),
            ),
        )
        .where(
            verdicts.c.tenant == tenant,
            verdicts.c.item_id.in_(list(item_ids)),
            audit.c.reference == reference,
        )
        .order_by(verdicts.c.created)
    )
    latest: dict[int, dict[str, StoredRow]] = defaultdict(dict)
    for row in connection.execute(wanted):
        latest[row.item_id].pop(row.given_by, None)
        latest[row.item_id][row.given_by] = row
    return {item_id: list(given.values()) for item_id, given in latest.items()}


def state_of(given: Sequence[StoredRow]) -> str:
    """What verdicts, one a person, say together."""
    if any(not verdict.right for verdict in given):
        return "rejected"
    if not given:
        return "open"
    return "verified" if len(given) >= VERIFIERS else "verified once"


def scores_by_evidence(
    connection: Connection, tenant: str, gallery_id: int
) -> dict[str, tuple[list[float], list[float]]]:
    """Scores of verified and of rejected results, by combination of evidence."""
    found: dict[str, tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
    rows = connection.execute(
        select(verdicts.c.evidence, verdicts.c.score, verdicts.c.right).where(
            verdicts.c.tenant == tenant, verdicts.c.gallery_id == gallery_id, verdicts.c.evidence != ""
        )
    )
    for evidence, score, right in rows:
        found[evidence][0 if right else 1].append(score)
    return dict(found)
