"""Who may do what."""

from collections.abc import Iterable
from enum import StrEnum


class Role(StrEnum):
    """What somebody, or something, is to this server."""

    DEVICE = "device"
    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    AUDITOR = "auditor"
    ADMIN = "admin"


class Permission(StrEnum):
    """What an endpoint asks for."""

    EMBED = "embed"
    TRACKS = "tracks"
    ENROL = "enrol"
    SEARCH = "search"
    ITEMS = "items"
    CROPS = "crops"
    CASES = "cases"
    VERDICTS = "verdicts"
    WATCHLISTS_READ = "watchlists.read"
    WATCHLISTS = "watchlists"
    EXPORT = "export"
    ERASE = "erase"
    RETENTION = "retention"
    CALIBRATION = "calibration"
    JOBS = "jobs"
    STATISTICS = "statistics"
    MODELS = "models"
    AUDIT = "audit"
    METRICS = "metrics"
    KEYS = "keys"
    TENANTS = "tenants"
    TEMPLATES = "templates"


_P = Permission
_OPERATOR = {_P.EMBED, _P.ENROL, _P.SEARCH, _P.ITEMS, _P.CROPS, _P.CASES, _P.VERDICTS, _P.WATCHLISTS_READ, _P.JOBS,
             _P.STATISTICS, _P.MODELS}  # fmt: skip

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.DEVICE: frozenset({_P.TRACKS, _P.EMBED, _P.MODELS}),
    Role.OPERATOR: frozenset(_OPERATOR),
    Role.SUPERVISOR: frozenset(
        _OPERATOR | {_P.ERASE, _P.EXPORT, _P.RETENTION, _P.CALIBRATION, _P.WATCHLISTS}
    ),
    Role.AUDITOR: frozenset({_P.AUDIT, _P.STATISTICS, _P.MODELS, _P.METRICS}),
    Role.ADMIN: frozenset(
        {
            _P.KEYS,
            _P.TENANTS,
            _P.TEMPLATES,
            _P.RETENTION,
            _P.STATISTICS,
            _P.MODELS,
            _P.METRICS,
            _P.AUDIT,
            _P.JOBS,
        }
    ),
}
"""Nobody who only administers sees a face, and nobody who only audits searches for one."""

BEGINS: dict[str, Permission] = {
    "import": _P.ENROL, "import export": _P.ENROL, "index": _P.TEMPLATES, "renew": _P.TEMPLATES,
    "reembed": _P.TEMPLATES,
}  # fmt: skip
"""What it takes to begin a kind of long work, and to cancel it."""


def to_cancel(kind: str, permissions: frozenset[Permission]) -> Permission:
    """What it takes to cancel a kind of work: what it takes to begin it, or all upkeep of a gallery."""
    return _P.TEMPLATES if _P.TEMPLATES in permissions else BEGINS[kind]


def permissions_of(roles: Iterable[Role]) -> frozenset[Permission]:
    """All that some roles may do together."""
    return frozenset().union(*(PERMISSIONS[role] for role in roles))
