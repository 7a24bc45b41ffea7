"""The tables of a gallery database.

Every table but `tenants` has the column `tenant` and a policy that shows and takes only rows of the session's
tenant, `current_setting('crossreid.tenant')`; a session that names none sees nothing. `Database.transaction` names it.
Keys that point from row to row carry the tenant too, so that no row can refer to another tenant's.
"""

from crossreid.gallery.postgres.schema.access import accounts, api_keys, secrets, tenants
from crossreid.gallery.postgres.schema.columns import Vector, metadata
from crossreid.gallery.postgres.schema.enrolled import crops, encoders, galleries, indexes, items, vectors
from crossreid.gallery.postgres.schema.investigations import cases, pins, verdicts
from crossreid.gallery.postgres.schema.rules import (
    calibrations,
    erased_keys,
    erasures,
    retentions,
    watchlist_members,
    watchlists,
)
from crossreid.gallery.postgres.schema.serving import answers, audit, job_parts, jobs
from crossreid.gallery.postgres.schema.session import PRESENTED_KEY, SERVICE_ROLE, TENANT

__all__ = [
    "GUARDED",
    "PRESENTED_KEY",
    "SERVICE_ROLE",
    "TENANT",
    "Vector",
    "accounts",
    "answers",
    "api_keys",
    "audit",
    "calibrations",
    "cases",
    "crops",
    "encoders",
    "erased_keys",
    "erasures",
    "galleries",
    "indexes",
    "items",
    "job_parts",
    "jobs",
    "metadata",
    "pins",
    "retentions",
    "secrets",
    "tenants",
    "vectors",
    "verdicts",
    "watchlist_members",
    "watchlists",
]

GUARDED = tuple(table for table in metadata.sorted_tables if table is not tenants)
"""Tables with a policy: all but `tenants`."""
