"""What answers say of items, and of whom they are silent."""

from collections.abc import Collection

from sqlalchemy import Connection

from crossreid.server import schemas
from crossreid.server.records import StoredRow, cases
from crossreid.server.records.items import write_id
from crossreid.server.refusals import RefusalError
from crossreid.server.service import Service


def record(row: StoredRow, *, hidden: bool) -> schemas.Record:
    """What an answer tells of an item; `hidden` leaves out who it is."""
    return schemas.Record(
        id=write_id(row.key),
        person=None if hidden else row.person or None,
        identity_hidden=hidden,
        track=row.track,
        camera=row.camera,
        time=row.time,
        modality=row.modality,
        source="" if hidden else row.source,
        collection=row.collection,
        crop=bool(row.has_crop or row.root),
    )


def verified_items(
    service: Service, connection: Connection, tenant: str, item_ids: Collection[int], reference: str
) -> set[int]:
    """Of which items the identity may be shown under a reference."""
    if not service.settings.two_person:
        return set(item_ids)
    given = cases.verdicts_of(connection, tenant, item_ids, reference=reference)
    return {item_id for item_id, rows in given.items() if cases.state_of(rows) == "verified"}


def identity_asked() -> RefusalError:
    """The refusal of a search by name where two people have to agree before a name is shown."""
    return RefusalError(
        "forbidden",
        "a search by name, with two-person verification in force",
        expected="a search by evidence",
        remedy="leave people and watchlists out",
    )
