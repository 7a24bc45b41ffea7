"""Forget: on request, and by itself after some time."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends

from crossreid.gallery.records import ErasureProof
from crossreid.gallery.selection import Selection
from crossreid.server import schemas
from crossreid.server.access import Caller, Shared, needs
from crossreid.server.chain import Entry
from crossreid.server.records.items import read_id
from crossreid.server.roles import Permission

router = APIRouter(tags=["erasure"])


class _DryRunError(Exception):
    """Undoes a transaction."""


@router.post("/erase")
def erase(
    asked: schemas.EraseRequest,
    caller: Annotated[Caller, Depends(needs(Permission.ERASE))],
    service: Shared,
) -> schemas.EraseAnswer:
    """Erase items that meet all conditions: vectors, pictures, pins and places on watchlists. What is erased is not
    taken again when it is delivered once more.
    """
    selection = Selection(
        keys=None if asked.items is None else [read_id(item) for item in asked.items],
        people=asked.person,
        tracks=asked.track,
        cameras=asked.camera,
        collections=asked.collection,
        time_range=None if asked.after is None and asked.before is None else (asked.after, asked.before),
    )
    told: list[schemas.EraseAnswer] = []
    try:
        with service.transaction(caller.tenant) as connection:
            proof = (
                service.gallery(caller.tenant).within(connection).erase(selection, reference=asked.reference)
            )
            if asked.dry_run:
                told.append(_answer(proof, None))
                raise _DryRunError
            content = {
                "reason": asked.reason,
                "items": proof.items,
                "crops": proof.crops,
                "digest": proof.digest,
                "erasure": str(proof.id),
                "remaining": proof.remaining,
                "key": caller.key_id,
            }
            entry = service.log(
                connection,
                caller.tenant,
                caller.name,
                "erase",
                gallery="default",
                reference=asked.reference,
                purpose=asked.reason,
                content=content,
            )
            told.append(_answer(proof, entry))
    except _DryRunError:
        return told[0]
    service.metrics.erased.inc(told[0].items)
    service.forget_size(caller.tenant)
    return told[0]


@router.get("/retention")
def retention(
    caller: Annotated[Caller, Depends(needs(Permission.RETENTION))], service: Shared
) -> schemas.Retention:
    """How many days items are kept, by collection."""
    found = service.gallery(caller.tenant).retentions()
    return schemas.Retention(collections={name: keep / timedelta(days=1) for name, keep in found.items()})


@router.put("/retention")
def set_retention(
    asked: schemas.RetentionRule,
    caller: Annotated[Caller, Depends(needs(Permission.RETENTION))],
    service: Shared,
) -> schemas.Retention:
    """Keep a collection for so many days, or for good."""
    with service.transaction(caller.tenant) as connection:
        gallery = service.gallery(caller.tenant).within(connection)
        gallery.retain(asked.collection, None if asked.days is None else timedelta(days=asked.days))
        found = gallery.retentions()
        content = asked.model_dump() | {"key": caller.key_id}
        service.log(connection, caller.tenant, caller.name, "retention", gallery="default", content=content)
    return schemas.Retention(collections={name: keep / timedelta(days=1) for name, keep in found.items()})


def _answer(proof: ErasureProof, entry: Entry | None) -> schemas.EraseAnswer:
    return schemas.EraseAnswer(
        dry_run=entry is None,
        items=proof.items,
        vectors=proof.vectors,
        crops=proof.crops,
        memberships=proof.memberships,
        remaining=0 if entry is None else proof.remaining,
        digest=proof.digest,
        proof=None if entry is None else str(proof.id),
        audit=None if entry is None else schemas.Head(sequence=entry.sequence, hash=entry.hash),
    )
