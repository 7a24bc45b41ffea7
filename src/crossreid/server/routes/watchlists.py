"""Named lists of people and tracks, to search among."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from crossreid.server import schemas
from crossreid.server.access import Caller, Shared, needs
from crossreid.server.refusals import RefusalError
from crossreid.server.roles import Permission

router = APIRouter(prefix="/watchlists", tags=["watchlists"])

Writer = Annotated[Caller, Depends(needs(Permission.WATCHLISTS))]


@router.get("")
def list_watchlists(
    caller: Annotated[Caller, Depends(needs(Permission.WATCHLISTS_READ))], service: Shared
) -> schemas.Watchlists:
    """All of them."""
    found = service.gallery(caller.tenant).watchlists()
    return schemas.Watchlists(
        watchlists=[
            schemas.Watchlist(name=w.name, people=list(w.people), tracks=list(w.tracks)) for w in found
        ]
    )


@router.put("")
def put(asked: schemas.WatchlistRequest, caller: Writer, service: Shared) -> schemas.Watchlist:
    """Make a list, or replace it."""
    with service.transaction(caller.tenant) as connection:
        gallery = service.gallery(caller.tenant).within(connection)
        if asked.name in {w.name for w in gallery.watchlists()}:
            gallery.remove_watchlist(asked.name)
        gallery.watch(asked.name, people=asked.people, tracks=asked.tracks)
        content = asked.model_dump() | {"did": "put", "key": caller.key_id}
        service.log(connection, caller.tenant, caller.name, "watchlist", gallery="default", content=content)
    return schemas.Watchlist(**asked.model_dump())


@router.delete("/{name}", status_code=204, response_class=Response)
def remove(name: schemas.Name, caller: Writer, service: Shared) -> None:
    """Forget a list; the people on it stay enrolled."""
    with service.transaction(caller.tenant) as connection:
        gallery = service.gallery(caller.tenant).within(connection)
        if name not in {w.name for w in gallery.watchlists()}:
            raise RefusalError("not_found", "no such watchlist")
        gallery.remove_watchlist(name)
        content = {"name": name, "did": "removed", "key": caller.key_id}
        service.log(connection, caller.tenant, caller.name, "watchlist", gallery="default", content=content)
