"""Keys and tenants."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Response

from crossreid.server import schemas
from crossreid.server.access import Anybody, Caller, Shared, needs
from crossreid.server.records import StoredRow, accounts
from crossreid.server.refusals import RefusalError
from crossreid.server.roles import Permission, Role
from crossreid.server.service import MAIN
from crossreid.server.start import one_time_key

router = APIRouter(tags=["accounts"])

Admin = Annotated[Caller, Depends(needs(Permission.KEYS))]
KeyId = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$")]


@router.get("/keys")
def list_keys(caller: Admin, service: Shared) -> schemas.Keys:
    """All keys of your tenant, without what opens anything."""
    with service.transaction(caller.tenant) as connection:
        rows = accounts.list_keys(connection, caller.tenant)
    return schemas.Keys(keys=[schemas.Key(**_key(row)) for row in rows])


@router.post("/keys", status_code=201)
def create(asked: schemas.KeyRequest, caller: Admin, service: Shared) -> schemas.FreshKey:
    """Make a key; it is told once."""
    if asked.expires is not None and asked.expires <= datetime.now(UTC):
        raise RefusalError("malformed", "expires: in the past", expected="a time to come")
    scopes = [*asked.scopes, *(accounts.CAMERA + camera for camera in asked.cameras)]
    with service.transaction(caller.tenant) as connection:
        key_id, key = accounts.create_key(
            connection,
            caller.tenant,
            name=asked.name,
            role=asked.role,
            scopes=scopes,
            expires=asked.expires,
        )
        (row,) = accounts.list_keys(connection, caller.tenant, key_id=key_id)
        content = {"did": "made", "id": key_id, "name": asked.name, "role": asked.role, "scopes": scopes}
        service.log(connection, caller.tenant, caller.name, "key", content=content)
    return schemas.FreshKey(key=key, **_key(row))


@router.post("/keys/exchange", status_code=201)
def exchange(asked: schemas.ExchangeRequest, caller: Anybody, service: Shared) -> schemas.FreshKey:
    """Make the first key of a tenant with its one-time key, which is then worthless."""
    if not caller.one_time:
        raise RefusalError(
            "forbidden", "a key that is no one-time key", expected="the one-time key of the first start"
        )
    with service.transaction(caller.tenant) as connection:
        accounts.revoke_key(connection, caller.tenant, caller.key_id)
        key_id, key = accounts.create_key(connection, caller.tenant, name=asked.name, role=asked.role)
        (row,) = accounts.list_keys(connection, caller.tenant, key_id=key_id)
        content = {"did": "exchanged", "id": key_id, "name": asked.name, "role": asked.role}
        service.log(connection, caller.tenant, caller.name, "key", content=content)
    return schemas.FreshKey(key=key, **_key(row))


@router.post("/keys/{key}/rotate", status_code=201)
def rotate(key: KeyId, asked: schemas.RotateRequest, caller: Admin, service: Shared) -> schemas.FreshKey:
    """Another key in place of this one, which ends at once or after `overlap_s`."""
    with service.transaction(caller.tenant) as connection:
        overlap = timedelta(seconds=asked.overlap_s)
        fresh_id, fresh = accounts.rotate_key(connection, caller.tenant, key, overlap=overlap)
        (row,) = accounts.list_keys(connection, caller.tenant, key_id=fresh_id)
        content = {"did": "rotated", "id": key, "fresh": fresh_id, "overlap_s": asked.overlap_s}
        service.log(connection, caller.tenant, caller.name, "key", content=content)
    return schemas.FreshKey(key=fresh, **_key(row))


@router.delete("/keys/{key}", status_code=204, response_class=Response)
def revoke(key: KeyId, caller: Admin, service: Shared) -> None:
    """From now on it opens nothing."""
    with service.transaction(caller.tenant) as connection:
        accounts.revoke_key(connection, caller.tenant, key)
        content = {"did": "revoked", "id": key}
        service.log(connection, caller.tenant, caller.name, "key", content=content)


@router.get("/tenants")
def list_tenants(
    caller: Annotated[Caller, Depends(needs(Permission.TENANTS))], service: Shared
) -> schemas.Tenants:
    """All tenants, for admins of the main one; else your own."""
    names = service.database.tenants() if caller.tenant == MAIN else (caller.tenant,)
    return schemas.Tenants(tenants=[schemas.Tenant(name=name) for name in sorted(names)])


@router.post("/tenants", status_code=201)
def add_tenant(
    asked: schemas.TenantRequest,
    caller: Annotated[Caller, Depends(needs(Permission.TENANTS))],
    service: Shared,
) -> schemas.Tenant:
    """Another tenant, with a one-time key for its first admin."""
    if caller.tenant != MAIN:
        raise RefusalError("forbidden", f"an admin of {caller.tenant}", expected=f"an admin of {MAIN}")
    if asked.name in service.database.tenants():
        raise RefusalError("conflict", f"the tenant {asked.name}, which exists", expected="another name")
    service.database.add_tenant(asked.name)
    key = one_time_key(service, asked.name)
    with service.transaction(caller.tenant) as connection:
        service.log(connection, caller.tenant, caller.name, "tenant", content={"name": asked.name})
    return schemas.Tenant(name=asked.name, one_time_key=key)


def _key(row: StoredRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "role": str(Role(row.role)),
        "scopes": [scope for scope in row.scopes if not scope.startswith(accounts.CAMERA)],
        "cameras": [s.removeprefix(accounts.CAMERA) for s in row.scopes if s.startswith(accounts.CAMERA)],
        "created": row.created,
        "expires": row.expires,
        "revoked": row.revoked,
        "last_used": row.last_used,
    }
