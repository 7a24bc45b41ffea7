"""Accounts and their keys."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from crossreid.gallery.postgres.schema import accounts, api_keys
from crossreid.server.keys import new_key
from crossreid.server.records import StoredRow
from crossreid.server.refusals import RefusalError
from crossreid.server.roles import Role

EXCHANGE = "exchange"
"""The scope of a one-time key: it makes another key, and nothing else."""

CAMERA = "camera:"
"""Begins a scope that names a camera."""

_NOTED_EVERY = timedelta(minutes=1)


def find_key(connection: Connection, key_id: str) -> StoredRow | None:
    """A key by its public part; `connection` of `Database.presenting`."""
    return connection.execute(select(api_keys).where(api_keys.c.id == key_id)).one_or_none()


def find_account(connection: Connection, account_id: int) -> StoredRow | None:
    """An account."""
    return connection.execute(select(accounts).where(accounts.c.id == account_id)).one_or_none()


def note_use(connection: Connection, key: StoredRow) -> None:
    """When a key was last used, to the minute."""
    now = datetime.now(UTC)
    if key.last_used is None or now - key.last_used > _NOTED_EVERY:
        connection.execute(update(api_keys).where(api_keys.c.id == key.id).values(last_used=now))


def create_key(
    connection: Connection,
    tenant: str,
    *,
    name: str,
    role: Role,
    scopes: Sequence[str] = (),
    expires: datetime | None = None,
) -> tuple[str, str]:
    """A key for the account of that name, which is made unless it exists. Returns its id and the key.

    Raises:
        RefusalError: conflict, where the account has another role.
    """
    account = connection.execute(
        select(accounts).where(accounts.c.tenant == tenant, accounts.c.name == name)
    ).one_or_none()
    if account is None:
        account_id = connection.execute(
            insert(accounts).values(tenant=tenant, name=name, role=str(role)).returning(accounts.c.id)
        ).scalar_one()
    elif account.role != role or account.subject:
        raise RefusalError(
            "conflict",
            f"the account {name!r}, which is {account.role}",
            expected=f"another name for {role}",
            remedy="an account has one role: choose another name",
        )
    else:
        account_id = account.id
    key_id, key, kept = new_key()
    connection.execute(
        insert(api_keys).values(
            id=key_id,
            tenant=tenant,
            account_id=account_id,
            hash=bytes.fromhex(kept),
            scopes=list(scopes),
            name=name,
            expires=expires,
        )
    )
    return key_id, key


def list_keys(connection: Connection, tenant: str, *, key_id: str | None = None) -> Sequence[StoredRow]:
    """Keys with the names and roles of their accounts, newest first; all of them, or one."""
    wanted = (
        select(
            api_keys.c.id,
            accounts.c.name,
            accounts.c.role,
            api_keys.c.scopes,
            api_keys.c.created,
            api_keys.c.expires,
            api_keys.c.revoked,
            api_keys.c.last_used,
        )
        .join(accounts, accounts.c.id == api_keys.c.account_id)
        .where(api_keys.c.tenant == tenant)
        .order_by(api_keys.c.created.desc(), api_keys.c.id)
    )
    return connection.execute(wanted if key_id is None else wanted.where(api_keys.c.id == key_id)).all()


def revoke_key(connection: Connection, tenant: str, key_id: str) -> None:
    """From now on it opens nothing.

    Raises:
        RefusalError: not_found.
    """
    done = connection.execute(
        update(api_keys)
        .where(api_keys.c.tenant == tenant, api_keys.c.id == key_id, api_keys.c.revoked.is_(None))
        .values(revoked=datetime.now(UTC))
    )
    if not done.rowcount:
        raise RefusalError("not_found", "no such key in force")


def rotate_key(connection: Connection, tenant: str, key_id: str, *, overlap: timedelta) -> tuple[str, str]:
    """Another key for the same account and scopes; the old one ends after `overlap`. Returns id and key.

    Raises:
        RefusalError: not_found.
    """
    now = datetime.now(UTC)
    old = connection.execute(
        select(api_keys).where(
            api_keys.c.tenant == tenant, api_keys.c.id == key_id, api_keys.c.revoked.is_(None)
        )
    ).one_or_none()
    if old is None or (old.expires is not None and old.expires <= now):
        raise RefusalError("not_found", "no such key in force")
    account = find_account(connection, old.account_id)
    assert account is not None, "a key goes with its account"
    fresh = create_key(
        connection, tenant, name=account.name, role=Role(account.role), scopes=old.scopes, expires=old.expires
    )
    end = now + overlap if old.expires is None else min(old.expires, now + overlap)
    values: dict[str, Any] = {"expires": end} if overlap else {"revoked": now}
    connection.execute(update(api_keys).where(api_keys.c.id == key_id).values(**values))
    return fresh


def account_of_subject(
    connection: Connection, tenant: str, *, issuer: str, subject: str, name: str, role: Role
) -> StoredRow:
    """Return the account of a person whom the identity provider names; create it at the first sign-in."""
    known = select(accounts).where(
        accounts.c.tenant == tenant, accounts.c.issuer == issuer, accounts.c.subject == subject
    )
    found = connection.execute(known).one_or_none()
    if found is not None:
        return found
    taken = connection.execute(
        select(accounts.c.id).where(accounts.c.tenant == tenant, accounts.c.name == name)
    )
    unique = name if taken.one_or_none() is None else f"{name} ({subject})"
    connection.execute(
        insert(accounts).values(tenant=tenant, name=unique, role=str(role), issuer=issuer, subject=subject)
    )
    return connection.execute(known).one()
