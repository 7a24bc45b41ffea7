"""What is enrolled, and what it looks like."""

import shutil
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import FileResponse
from sqlalchemy import Connection
from starlette.background import BackgroundTask

from crossreid.core.errors import DataError
from crossreid.server import schemas
from crossreid.server.access import Caller, Shared, needs
from crossreid.server.crops import MOST_HEIGHT, open_crop, show
from crossreid.server.moving import PARQUET, write_export
from crossreid.server.records import StoredRow
from crossreid.server.records.items import Space, find_items, page_of_items, read_id
from crossreid.server.refusals import RefusalError
from crossreid.server.roles import Permission
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


@router.get(
    "/export",
    response_class=FileResponse,
    responses={200: {"content": {PARQUET: {"schema": {"type": "string", "format": "binary"}}}}},
)
def export(
    caller: Annotated[Caller, Depends(needs(Permission.EXPORT))],
    service: Shared,
    purpose: schemas.Label = "",
    reference: schemas.Label = "",
    crops: bool = False,
) -> FileResponse:
    """The whole gallery as one Parquet file, with its pictures if they are asked for; `POST /imports` takes it."""
    for code, given in (("purpose_required", purpose), ("reference_required", reference)):
        if not given.strip():
            raise RefusalError(code, "an export without one", expected="purpose and reference")
    if service.settings.two_person:
        raise identity_asked()
    file = write_export(service, caller, crops=crops, purpose=purpose, reference=reference)
    return FileResponse(
        file,
        media_type=PARQUET,
        filename=f"gallery-{caller.tenant}.parquet",
        background=BackgroundTask(shutil.rmtree, file.parent, ignore_errors=True),
    )


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
    picture = open_crop(service, caller.tenant, row.key, row.root, sealed)
    try:
        return Response(show(picture, height), media_type="image/jpeg")
    except DataError as error:
        raise RefusalError("not_found", "a picture that does not decode any more") from error


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
