"""Who is asking, and whether they may."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from crossreid.server.keys import same_secret, split_key
from crossreid.server.records import accounts
from crossreid.server.refusals import RefusalError
from crossreid.server.roles import Permission, Role, permissions_of
from crossreid.server.service import Service

_bearer = HTTPBearer(auto_error=False, description="An API key (`crk_...`) or a token of the OpenID provider")


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody whom the server knows.

    Args:
        tenant: whose data they see.
        name: of the account, unique in the tenant.
        key_id: of the key; "" with a token.
        roles: of the account.
        permissions: what the roles allow and the key does not withhold.
        cameras: whose tracks may be delivered; none means all.
        one_time: the key makes another key, and nothing else.
    """

    tenant: str
    name: str
    key_id: str
    roles: frozenset[Role]
    permissions: frozenset[Permission]
    cameras: frozenset[str] = frozenset()
    one_time: bool = False


def service_of(request: Request) -> Service:
    """The server behind a request."""
    return request.app.state.service


Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
Shared = Annotated[Service, Depends(service_of)]


def authenticate(service: Service, credentials: HTTPAuthorizationCredentials | None) -> Caller:
    """Who presents these credentials.

    Raises:
        RefusalError: unauthenticated, key_expired, key_revoked or token_invalid.
    """
    if credentials is None or not credentials.credentials:
        raise RefusalError(
            "unauthenticated",
            "no key or token",
            expected="Authorization: Bearer KEY",
            remedy="ask an admin for a key",
        )
    presented = split_key(credentials.credentials)
    if presented is not None:
        caller = _by_key(service, *presented)
    elif service.tokens is not None and not credentials.credentials.startswith("crk_"):
        caller = _by_token(service, credentials.credentials)
    else:
        raise _unknown()
    service.turnstile.enter(f"{caller.tenant}/{caller.name}/{caller.key_id}")
    return caller


def needs(permission: Permission) -> Callable[..., Caller]:
    """A dependency: the caller, if they may."""

    def check(service: Shared, credentials: Credentials) -> Caller:
        caller = authenticate(service, credentials)
        if caller.one_time:
            raise RefusalError(
                "one_time_key",
                "a one-time key",
                expected="a key that was made with it",
                remedy="POST /v1/keys/exchange",
            )
        check_may(caller, permission)
        return caller

    return check


def check_may(caller: Caller, permission: Permission) -> None:
    """Refuse somebody who may not.

    Raises:
        RefusalError: forbidden.
    """
    if permission not in caller.permissions:
        raise RefusalError(
            "forbidden",
            f"the role {', '.join(sorted(caller.roles))}, which may not do {permission}",
            expected=f"a role that may do {permission}",
            remedy="use another key, or ask an admin",
        )


def anybody(service: Shared, credentials: Credentials) -> Caller:
    """A dependency: the caller, whatever they may, one-time keys included."""
    return authenticate(service, credentials)


Anybody = Annotated[Caller, Depends(anybody)]


def _by_key(service: Service, key_id: str, secret: str) -> Caller:
    with service.database.presenting(key_id) as connection:
        key = accounts.find_key(connection, key_id)
    # Compared in any case: the time must not tell whether the id exists.
    if not same_secret(secret, key.hash.hex() if key else "0" * 64) or key is None:
        raise _unknown()
    if key.revoked is not None:
        raise RefusalError("key_revoked", "this key was revoked", remedy="ask an administrator for another")
    if key.expires is not None and key.expires <= datetime.now(UTC):
        raise RefusalError("key_expired", "this key has expired", remedy="ask an administrator for another")
    with service.transaction(key.tenant) as connection:
        account = accounts.find_account(connection, key.account_id)
        if account is None or account.disabled is not None:
            raise RefusalError("key_revoked", "a key of a closed account", remedy="ask an admin")
        accounts.note_use(connection, key)
    roles = frozenset({Role(account.role)})
    scopes = frozenset(key.scopes)
    cameras = frozenset(s.removeprefix(accounts.CAMERA) for s in scopes if s.startswith(accounts.CAMERA))
    named = frozenset(Permission(scope) for scope in scopes & frozenset(Permission))
    one_time = accounts.EXCHANGE in scopes
    allowed = permissions_of(roles)
    return Caller(
        tenant=key.tenant,
        name=account.name,
        key_id=key.id,
        roles=roles,
        permissions=frozenset() if one_time else allowed & named if named else allowed,
        cameras=cameras,
        one_time=one_time,
    )


def _by_token(service: Service, token: str) -> Caller:
    assert service.tokens is not None, "the caller looks whether there is a reader"
    claims = service.tokens.read(token)
    if claims.tenant not in service.database.tenants():
        raise RefusalError(
            "forbidden", f"the tenant {claims.tenant!r}, which is not served here", remedy="ask an admin"
        )
    with service.transaction(claims.tenant) as connection:
        account = accounts.account_of_subject(
            connection,
            claims.tenant,
            issuer=claims.issuer,
            subject=claims.subject,
            name=claims.name[:150],
            role=min(claims.roles),
        )
    if account.disabled is not None:
        raise RefusalError("key_revoked", "a closed account", remedy="ask an admin")
    return Caller(
        tenant=claims.tenant,
        name=account.name,
        key_id="",
        roles=claims.roles,
        permissions=permissions_of(claims.roles),
    )


def _unknown() -> RefusalError:
    return RefusalError(
        "unauthenticated", "this key is not valid", remedy="check it, or ask an administrator"
    )
