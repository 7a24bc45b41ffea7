"""The audit log, and jobs."""

from datetime import datetime
from typing import Any, Literal

from crossreid.server.schemas.fields import Told


class Head(Told):
    """Where the audit log stands."""

    sequence: int
    hash: str


class AuditEntry(Told):
    """One line of the audit log; see docs/server.md for its hash."""

    sequence: int
    tenant: str
    at: str
    actor: str
    action: str
    gallery: str
    purpose: str
    reference: str
    content: dict[str, Any]
    previous: str
    hash: str


class AuditPage(Told):
    """Some entries, where to go on, and where the log stands."""

    entries: list[AuditEntry]
    next: int | None
    head: Head


class AuditVerdict(Told):
    """Whether the log is as it was written."""

    intact: bool
    entries: int
    head: str
    problem: str


class Job(Told):
    """Long work.

    Args:
        step: which of several goes on; "" for work of one kind.
        progress: how far the step is, or the work that has no steps, 0 to 1; null where it is unknown.
        may_cancel: it goes on, and the caller may cancel it.
    """

    id: str
    kind: str
    state: Literal["waiting", "running", "done", "failed", "cancelled"]
    step: str
    progress: float | None
    error: str
    result: dict[str, Any]
    created: datetime
    finished: datetime | None
    by: str
    may_cancel: bool


class Jobs(Told):
    """The latest hundred."""

    jobs: list[Job]
