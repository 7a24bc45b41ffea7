"""What investigators collect, and what they say of it."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Response
from sqlalchemy import Connection

from crossreid.server import schemas
from crossreid.server.access import Caller, Shared, needs
from crossreid.server.case_files import CaseFile, write_pdf, write_zip
from crossreid.server.crops import open_crop
from crossreid.server.records import StoredRow, cases, log
from crossreid.server.records.items import find_items, read_id
from crossreid.server.refusals import RefusalError
from crossreid.server.roles import Permission
from crossreid.server.routes.items import one_item
from crossreid.server.service import Service
from crossreid.server.telling import record, verified_items

router = APIRouter(tags=["cases"])

Investigator = Annotated[Caller, Depends(needs(Permission.CASES))]


@router.get("/cases")
def list_cases(caller: Investigator, service: Shared) -> schemas.Cases:
    """All cases, newest first."""
    with service.transaction(caller.tenant) as connection:
        rows = cases.list_cases(connection, caller.tenant)
    return schemas.Cases(cases=[_case(row, []) for row in rows])


@router.post("/cases", status_code=201)
def create(asked: schemas.CaseRequest, caller: Investigator, service: Shared) -> schemas.Case:
    """Open a case."""
    with service.transaction(caller.tenant) as connection:
        number = cases.create_case(
            connection,
            caller.tenant,
            title=asked.name,
            reference=asked.reference,
            owner=caller.name,
            content={"purpose": asked.purpose, "note": asked.note},
        )
        told = _case(cases.find_case(connection, caller.tenant, number), [])
        _log(service, connection, caller, "case", told.reference, {"case": number, "did": "opened"})
    return told


@router.get("/cases/{number}")
def read(number: schemas.Number, caller: Investigator, service: Shared) -> schemas.Case:
    """A case with its pins."""
    with service.transaction(caller.tenant) as connection:
        return _read(service, connection, caller, number)


@router.patch("/cases/{number}")
def change(
    number: schemas.Number, asked: schemas.CaseChange, caller: Investigator, service: Shared
) -> schemas.Case:
    """Rename, annotate, close or reopen a case."""
    with service.transaction(caller.tenant) as connection:
        row = cases.find_case(connection, caller.tenant, number)
        values: dict[str, Any] = {} if asked.name is None else {"title": asked.name}
        if asked.note is not None:
            values["content"] = row.content | {"note": asked.note}
        if asked.closed is not None:
            values["closed"] = (row.closed or datetime.now(UTC)) if asked.closed else None
        if values:
            cases.change_case(connection, caller.tenant, number, values)
        told = _read(service, connection, caller, number)
        _log(service, connection, caller, "case", row.reference, {"case": number, "did": sorted(values)})
    return told


@router.post("/cases/{number}/pins", status_code=201)
def pin(
    number: schemas.Number, asked: schemas.PinRequest, caller: Investigator, service: Shared
) -> schemas.Pin:
    """Keep an item in a case."""
    with service.transaction(caller.tenant) as connection:
        row = cases.find_case(connection, caller.tenant, number)
        found = one_item(connection, service.space(connection, caller.tenant), asked.item)
        score = None
        if asked.search is not None:
            score = _score(connection, caller.tenant, asked.search, found.key)[1]
        cases.pin(
            connection,
            caller.tenant,
            number,
            found.id,
            by=caller.name,
            note=asked.note,
            search=asked.search,
            score=score,
        )
        told = next(p for p in _pins(service, connection, caller, row) if p.item.id == asked.item)
        _log(service, connection, caller, "pin", row.reference, {"case": number, "item": found.key})
    return told


@router.delete("/cases/{number}/pins/{item}", status_code=204, response_class=Response)
def unpin(number: schemas.Number, item: schemas.ItemId, caller: Investigator, service: Shared) -> None:
    """Take an item out of a case."""
    with service.transaction(caller.tenant) as connection:
        row = cases.find_case(connection, caller.tenant, number)
        found = one_item(connection, service.space(connection, caller.tenant), item)
        cases.unpin(connection, number, found.id)
        _log(service, connection, caller, "unpin", row.reference, {"case": number, "item": found.key})


@router.post("/verdicts", status_code=201)
def verdict(
    asked: schemas.VerdictRequest,
    caller: Annotated[Caller, Depends(needs(Permission.VERDICTS))],
    service: Shared,
) -> schemas.VerdictAnswer:
    """Say whether a result of a search is the person. It replaces what you said of that result before."""
    with service.transaction(caller.tenant) as connection:
        space = service.space(connection, caller.tenant)
        row = one_item(connection, space, asked.item)
        assert space is not None, "an item was found in it"
        entry, score = _score(connection, caller.tenant, asked.search, row.key)
        cases.give_verdict(
            connection,
            caller.tenant,
            gallery_id=space.gallery_id,
            item_id=row.id,
            search=asked.search,
            score=score,
            evidence=str(entry.content.get("kinds", "")),
            right=asked.verdict == "verified",
            by=caller.name,
        )
        given = cases.verdicts_of(connection, caller.tenant, [row.id], reference=entry.reference)
        shown = row.id in verified_items(service, connection, caller.tenant, [row.id], entry.reference)
        state = cases.state_of(given.get(row.id, []))
        content = {"search": asked.search, "item": row.key, "verdict": asked.verdict, "state": state}
        _log(service, connection, caller, "verdict", entry.reference, content)
    return schemas.VerdictAnswer(
        state=state, person=row.person or None if shown else None, identity_hidden=not shown
    )


@router.get(
    "/cases/{number}/export",
    response_class=Response,
    responses={200: {"content": {"application/zip": {}, "application/pdf": {}}}},
)
def export(
    number: schemas.Number,
    caller: Investigator,
    service: Shared,
    format: Literal["zip", "pdf"] = "zip",
) -> Response:
    """The case as a file: what is known, the pictures, what people said, and where the audit log stood."""
    with service.transaction(caller.tenant) as connection:
        told = _read(service, connection, caller, number)
        space = service.space(connection, caller.tenant)
        gallery = service.gallery(caller.tenant).within(connection)
        pictures: dict[str, bytes] = {}
        for pin in told.pins:
            key = read_id(pin.item.id)
            row = None if space is None else find_items(connection, space, [key]).get(key)
            try:
                if row is not None:
                    pictures[pin.item.id] = open_crop(
                        service, caller.tenant, row.key, row.root, gallery.crop(key)
                    )
            except RefusalError:
                continue  # there is no picture of this one
        content = {"case": number, "format": format, "items": [read_id(pin.item.id) for pin in told.pins]}
        entry = _log(service, connection, caller, "export", told.reference, content)
    file = CaseFile(told, pictures, by=caller.name, tenant=caller.tenant, audit=entry)
    write, kind = (write_zip, "application/zip") if format == "zip" else (write_pdf, "application/pdf")
    name = f"case-{number}.{format}"
    return Response(
        write(file), media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _read(service: Service, connection: Connection, caller: Caller, number: int) -> schemas.Case:
    row = cases.find_case(connection, caller.tenant, number)
    return _case(row, _pins(service, connection, caller, row))


def _case(row: StoredRow, pins: list[schemas.Pin]) -> schemas.Case:
    return schemas.Case(
        id=row.id,
        name=row.title,
        reference=row.reference,
        purpose=row.content.get("purpose", ""),
        note=row.content.get("note", ""),
        closed=row.closed is not None,
        created=row.created,
        by=row.owner,
        pin_count=row.pin_count,
        pins=pins,
    )


def _pins(service: Service, connection: Connection, caller: Caller, case: StoredRow) -> list[schemas.Pin]:
    rows = cases.list_pins(connection, case.id)
    space = service.space(connection, caller.tenant)
    if not rows or space is None:
        return []
    numbers = [row.item_id for row in rows]
    given = cases.verdicts_of(connection, caller.tenant, numbers, reference=case.reference)
    shown = verified_items(service, connection, caller.tenant, numbers, case.reference)
    found = find_items(connection, space, [row.key for row in rows])
    told = []
    for row in rows:
        said = given.get(row.item_id, [])
        item = record(found[row.key], hidden=row.item_id not in shown)
        told.append(
            schemas.Pin(
                id=item.id,
                item=item,
                search=None if row.search is None else str(row.search),
                score=row.score,
                note=row.note,
                created=row.created,
                by=row.pinned_by,
                verdicts=[
                    schemas.GivenVerdict(
                        verdict="verified" if verdict.right else "rejected",
                        by=verdict.given_by,
                        time=verdict.created,
                    )
                    for verdict in said
                ],
                state=cases.state_of(said),
            )
        )
    return told


def _score(connection: Connection, tenant: str, search: str, key: str) -> tuple[log.Entry, float]:
    """The entry of a search, and the score that an item had in it: as it was, not as somebody says that it was."""
    entry = log.find_search(connection, tenant, search)
    scores = {} if entry is None else log.results_of(entry)
    if entry is None or key not in scores:
        raise RefusalError("not_found", "no such result of a search")
    return entry, scores[key]


def _log(
    service: Service,
    connection: Connection,
    caller: Caller,
    action: str,
    reference: str,
    content: dict[str, Any],
) -> log.Entry:
    return service.log(
        connection,
        caller.tenant,
        caller.name,
        action,
        gallery="default",
        reference=reference,
        content=content | {"key": caller.key_id},
    )
