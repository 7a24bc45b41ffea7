"""Long work: importing archives, renewing secret rotations."""

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from crossreid.core.errors import CrossReIDError
from crossreid.server.records import jobs
from crossreid.server.refusals import refusal_of
from crossreid.server.service import Service

_log = logging.getLogger(__name__)


class StoppedError(Exception):
    """The job was cancelled, or the server goes down."""


class Progress:
    """What a job reports to.

    Args:
        service: whose job it is.
        tenant: whose data.
        job: its id.
    """

    def __init__(self, service: Service, tenant: str, job: str) -> None:
        self._service, self._tenant, self._job = service, tenant, job

    def report(self, share: float) -> None:
        """So much is done, 0 to 1.

        Raises:
            StoppedError: it is to end here.
        """
        with self._service.transaction(self._tenant) as connection:
            wanted = jobs.note(connection, self._tenant, self._job, state="running", progress=share)
        if not wanted or self._service.closing.is_set():
            raise StoppedError


Work = Callable[[Progress], dict[str, Any]]


def start_job(service: Service, tenant: str, *, kind: str, by: str, work: Work) -> str:
    """Begin a job in the background. Returns its id."""
    with service.transaction(tenant) as connection:
        job = jobs.create_job(connection, tenant, kind=kind, by=by)
    service.workers.submit(_run, service, tenant, job, work)
    return job


def _run(service: Service, tenant: str, job: str, work: Work) -> None:
    values: dict[str, Any]
    alive = threading.Event()
    beat = threading.Thread(target=_beat, args=(service, tenant, job, alive), daemon=True)
    beat.start()
    try:
        values = {"state": "done", "progress": 1.0, "result": work(Progress(service, tenant, job))}
    except StoppedError:
        values = {"state": "failed", "error": "the server went down; start it again: what was done is kept"}
    except CrossReIDError as error:
        problem = refusal_of(error)
        values = {"state": "failed", "error": f"{problem.code}: {problem}"}
    except Exception:
        _log.exception("job %s failed", job)
        values = {"state": "failed", "error": "an error of the server"}
    finally:
        alive.set()
    try:
        with service.transaction(tenant) as connection:
            jobs.note(connection, tenant, job, finished=datetime.now(UTC), **values)
    except Exception:  # the database is away: another server gives the job up later
        _log.exception("job %s could not be noted", job)


def _beat(service: Service, tenant: str, job: str, stop: threading.Event, every_s: float = 20.0) -> None:
    """Say that the job lives, while one of its steps takes long."""
    while not stop.wait(every_s):
        try:
            with service.transaction(tenant) as connection:
                jobs.note(connection, tenant, job)
        except CrossReIDError:
            _log.warning("job %s cannot be noted", job)
