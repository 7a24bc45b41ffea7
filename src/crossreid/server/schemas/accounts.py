"""Keys, tenants, and who is asking."""

from datetime import datetime

from pydantic import ConfigDict, Field

from crossreid.server.roles import Permission, Role
from crossreid.server.schemas.fields import Asked, Name, TenantName, Time, Told


class KeyRequest(Asked):
    """A key for somebody, or something."""

    name: Name
    role: Role
    scopes: list[Permission] = Field(default=[], description="Nothing but these; empty: all of the role")
    cameras: list[Name] = Field(default=[], max_length=500, description="Tracks of these only; empty: of all")
    expires: Time | None = None

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "ann", "role": "operator"}]})


class ExchangeRequest(Asked):
    """Who is behind the one-time key."""

    name: Name
    role: Role = Role.ADMIN


class RotateRequest(Asked):
    """How long the old secret is still good."""

    overlap_s: int = Field(0, ge=0, le=7 * 86400)


class Key(Told):
    """What is known of a key; the key itself is told once."""

    id: str
    name: str
    role: str
    scopes: list[str]
    cameras: list[str]
    created: datetime
    expires: datetime | None
    revoked: datetime | None
    last_used: datetime | None


class FreshKey(Key):
    """A key that is told now, and never again."""

    key: str


class Keys(Told):
    """All keys of the tenant."""

    keys: list[Key]


class TenantRequest(Asked):
    """A new tenant."""

    name: TenantName


class Tenant(Told):
    """A tenant, and how its first admin gets in."""

    name: str
    one_time_key: str | None = None


class Tenants(Told):
    """All tenants."""

    tenants: list[Tenant]


class Me(Told):
    """Who is asking."""

    name: str
    tenant: str
    roles: list[str]
    permissions: list[str]
    one_time: bool
    two_person: bool
    keeps_crops: bool
    limits: dict[str, int]
