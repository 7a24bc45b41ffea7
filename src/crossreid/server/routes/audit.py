"""The audit log: read, export, verify."""

import json
from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from crossreid.server import schemas
from crossreid.server.access import Caller, Shared, needs
from crossreid.server.chain import verify
from crossreid.server.records import log
from crossreid.server.roles import Permission

router = APIRouter(prefix="/audit", tags=["audit"])

Auditor = Annotated[Caller, Depends(needs(Permission.AUDIT))]


@router.get("")
def page(
    caller: Auditor,
    service: Shared,
    after_sequence: Annotated[int, Query(ge=0, le=2**62)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    action: schemas.Label = "",
    actor: schemas.Label = "",
    newest: bool = False,
) -> schemas.AuditPage:
    """Entries behind a number, or with `newest` before it."""
    with service.transaction(caller.tenant) as connection:
        found = log.page(
            connection,
            caller.tenant,
            after=after_sequence,
            limit=limit,
            action=action,
            actor=actor,
            newest=newest,
        )
        sequence, hashed = log.head(connection, caller.tenant)
    return schemas.AuditPage(
        entries=[schemas.AuditEntry(**entry.to_dict()) for entry in found],
        next=found[-1].sequence if len(found) == limit else None,
        head=schemas.Head(sequence=sequence, hash=hashed),
    )


@router.get(
    "/export",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/x-ndjson": {}}}},
)
def export(caller: Auditor, service: Shared) -> StreamingResponse:
    """The whole log, an entry a line; `crossreid audit verify` reads it."""
    with service.transaction(caller.tenant) as connection:
        service.log(
            connection, caller.tenant, caller.name, "audit", content={"did": "exported", "key": caller.key_id}
        )

    def lines() -> Iterator[str]:
        with service.transaction(caller.tenant) as connection:
            for entry in log.entries(connection, caller.tenant):
                yield json.dumps(entry.to_dict(), sort_keys=True) + "\n"

    name = f'attachment; filename="audit-{caller.tenant}.ndjson"'
    return StreamingResponse(
        lines(), media_type="application/x-ndjson", headers={"Content-Disposition": name}
    )


@router.get("/verify")
def check(caller: Auditor, service: Shared) -> schemas.AuditVerdict:
    """Follow the chain from its beginning."""
    with service.transaction(caller.tenant) as connection:
        found = verify(entry.to_dict() for entry in log.entries(connection, caller.tenant))
    return schemas.AuditVerdict(
        intact=found.intact, entries=found.entries, head=found.head, problem=found.problem
    )
