"""Find somebody."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from crossreid.server import schemas
from crossreid.server.access import Caller, Shared, needs
from crossreid.server.refusals import RefusalError
from crossreid.server.roles import Permission
from crossreid.server.routes.embedding import check_count
from crossreid.server.searching import search as answer
from crossreid.server.telling import identity_asked

router = APIRouter(tags=["search"])


@router.post("/search")
def search(
    asked: schemas.SearchRequest,
    request: Request,
    caller: Annotated[Caller, Depends(needs(Permission.SEARCH))],
    service: Shared,
) -> schemas.SearchAnswer:
    """Search by one piece of evidence or several. The search is in the audit log before its answer goes out."""
    for name in ("purpose", "reference"):
        if not getattr(asked, name).strip():
            raise RefusalError(
                f"{name}_required", f"a search without a {name}", expected=f"a {name}", remedy="say why"
            )
    limits = service.settings.limits
    check_count(len(asked.evidence), limits.evidence, "pieces of evidence")
    check_count(asked.top, limits.top, "results")
    if service.settings.two_person and (asked.people or asked.watchlist is not None):
        raise identity_asked()
    return answer(service, caller, asked, deadline=request.state.deadline)
