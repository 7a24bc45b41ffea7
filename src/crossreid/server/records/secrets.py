"""A tenant's secret rotations, sealed."""

from sqlalchemy import Connection, insert, select

from crossreid.core.errors import ConfigurationError
from crossreid.gallery.postgres.schema import secrets
from crossreid.server.records import StoredRow
from crossreid.server.sealing import KEY_VARIABLE, MasterKey
from crossreid.server.templates import Template

_PURPOSE = "template"


def keep_template(connection: Connection, tenant: str, template: Template, key: MasterKey) -> None:
    """Keep one."""
    sealed = key.seal(_PURPOSE, tenant).close(template.to_bytes(), template.name)
    connection.execute(
        insert(secrets).values(tenant=tenant, purpose=f"{_PURPOSE}:{template.name}", sealed=sealed)
    )


def find_template(connection: Connection, tenant: str, name: str, key: MasterKey | None) -> Template:
    """That of a name.

    Raises:
        ConfigurationError: the server was started without the key that opens it.
        DataError: with another key.
    """
    row: StoredRow | None = connection.execute(
        select(secrets).where(secrets.c.tenant == tenant, secrets.c.purpose == f"{_PURPOSE}:{name}")
    ).one_or_none()
    if key is None or row is None:
        raise ConfigurationError(
            f"the gallery of {tenant} is under the secret rotation {name}, which does not open",
            expected="the key that it was made with",
            remedy=f"start the server with --key-file or {KEY_VARIABLE}",
        )
    return Template.from_bytes(key.seal(_PURPOSE, tenant).open(row.sealed, name))


def drop_template(connection: Connection, tenant: str, name: str) -> None:
    """Forget one: whatever is still under it is worthless from now on."""
    connection.execute(
        secrets.delete().where(secrets.c.tenant == tenant, secrets.c.purpose == f"{_PURPOSE}:{name}")
    )


def drop_other_templates(connection: Connection, tenant: str, name: str) -> None:
    """Forget all but that of a name: what an attempt that died has drawn."""
    others = secrets.c.purpose.startswith(f"{_PURPOSE}:") & (secrets.c.purpose != f"{_PURPOSE}:{name}")
    connection.execute(secrets.delete().where(secrets.c.tenant == tenant, others))
