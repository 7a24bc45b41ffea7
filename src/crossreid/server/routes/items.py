"""What is enrolled, and what it looks like."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy import Connection

from crossreid.core.errors import DataError
from crossreid.server import schemas
from crossreid.server.access import Caller, Shared, needs
from crossreid.server.crops import MOST_HEIGHT, read_indexed, show
from crossreid.server.records import StoredRow
from crossreid.server.records.items import Space, find_items, page_of_items, read_id
from crossreid.server.refusals import RefusalError
from crossreid.server.roles import Permission
from crossreid.server.service import Service
from crossreid.server.telling import identity_asked, record

router = APIRouter(tags=["items"])

Reader = Annotated[Caller, Depends(needs(Permission.ITEMS))]


@router.get("/items")
def list_items(
    caller: Reader,
    service: Shared,
    person: schemas.Label = "",
    track: schemas.Label = "",
    camera: schemas.Label = "",
    modality: schemas.Visual | None = None,
    after: schemas.Time | None = None,
    before: schemas.Time | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: Annotated[str, Query(pattern=r"^[0-9]{0,18}$")] = "",
) -> schemas.Page:
    """Enrolled items, the last first."""
    if person and service.settings.two_person:
        raise identity_asked()
    with service.transaction(caller.tenant) as connection:
        space = service.space(connection, caller.tenant)
        if space is None:
            return schemas.Page(items=[], cursor=None)
        rows = page_of_items(
            connection,
            space,
            below=int(cursor) if cursor else None,
            limit=limit,
            person=person,
            track=track,
            camera=camera,
            modality=modality or "",
            after=after,
            before=before,
        )
    hidden = service.settings.two_person
    following = str(rows[-1].id) if len(rows) == limit else None
    return schemas.Page(items=[record(row, hidden=hidden) for row in rows], cursor=following)


@router.get("/items/{item}")
def item(item: schemas.ItemId, caller: Reader, service: Shared) -> schemas.Record:
    """What is known of one."""
    with service.transaction(caller.tenant) as connection:
        row = one_item(connection, service.space(connection, caller.tenant), item)
    return record(row, hidden=service.settings.two_person)


@router.get(
    "/items/{item}/crop",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}}},
)
def crop(
    item: schemas.ItemId,
    caller: Annotated[Caller, Depends(needs(Permission.CROPS))],
    service: Shared,
    height: Annotated[int, Query(ge=16, le=MOST_HEIGHT)] = 280,
) -> Response:
    """Its picture as a JPEG of at most that height."""
    with service.transaction(caller.tenant) as connection:
        row = one_item(connection, service.space(connection, caller.tenant), item)
        sealed = service.gallery(caller.tenant).within(connection).crop(row.key)
    picture = open_crop(service, caller.tenant, row, sealed)
    try:
        return Response(show(picture, height), media_type="image/jpeg")
    except DataError as error:
        raise RefusalError("not_found", "a picture that does not decode any more") from error


def open_crop(service: Service, tenant: str, row: StoredRow, sealed: bytes | None) -> bytes:
    """The picture file of an item, from the store or from the folder that was indexed.

    Raises:
        RefusalError: not_found.
    """
    try:
        if sealed is not None:
            seal = service.seal(tenant)
            if seal is None:
                raise RefusalError("not_found", "a sealed picture", remedy="start the server with its key")
            return seal.open(sealed, row.key)
        if row.root:
            return read_indexed(row.key, row.root)
    except DataError as error:
        raise RefusalError("not_found", "no picture of this item that can be read") from error
    raise RefusalError("not_found", "no picture of this item is kept")


def one_item(connection: Connection, space: Space | None, written: str) -> StoredRow:
    """The row of an item.

    Raises:
        RefusalError: not_found.
    """
    key = read_id(written)
    row = None if space is None else find_items(connection, space, [key]).get(key)
    if row is None:
        raise RefusalError("not_found", "no such item")
    return row
