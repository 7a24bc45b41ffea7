"""What is done now and then: lost jobs are taken up, what has expired goes, old answers are dropped."""

import logging
import threading
import time
from collections.abc import Callable

from crossreid.core.errors import CrossReIDError
from crossreid.server.clock import SteadyClock
from crossreid.server.records import answers
from crossreid.server.service import GALLERY, Service
from crossreid.server.work import take_up

_log = logging.getLogger(__name__)


class Housekeeper:
    """A thread that looks after all tenants. When the clock jumps nothing goes for its age before it is believed again.

    Args:
        service: the server.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._clock = SteadyClock(
            tolerance_s=service.settings.clock_tolerance_s, settle_s=service.settings.clock_settles_s
        )
        self._thread = threading.Thread(target=self._run, name="housekeeper", daemon=True)

    def start(self) -> None:
        """Begin; it ends with the service."""
        self._thread.start()

    def _run(self) -> None:
        settings, closing = self._service.settings, self._service.closing
        due = time.monotonic() + settings.retention_check_s
        while True:
            _attempt(lambda: take_up_all(self._service))
            if time.monotonic() >= due:
                due = time.monotonic() + settings.retention_check_s
                if self._clock.believed():
                    _attempt(lambda: clean_up(self._service))
            if closing.wait(min(settings.jobs_check_s, settings.retention_check_s)):
                return


def _attempt(work: Callable[[], object]) -> None:
    try:
        work()
    except CrossReIDError as error:
        _log.warning("housekeeping: %s", error)
    except Exception:
        _log.exception("housekeeping")


def take_up_all(service: Service) -> int:
    """Take up the jobs of servers that have died. Returns how many."""
    return sum(take_up(service, tenant) for tenant in service.database.tenants())


def clean_up(service: Service) -> int:
    """Look after every tenant once. Returns how many items had expired."""
    expired = 0
    for tenant in service.database.tenants():
        with service.transaction(tenant) as connection:
            answers.forget_answers(connection, tenant)
            proof = service.gallery(tenant).within(connection).expire()
            if proof is not None and proof.items:
                expired += proof.items
                content = {
                    "items": proof.items,
                    "crops": proof.crops,
                    "digest": proof.digest,
                    "remaining": proof.remaining,
                }
                service.log(connection, tenant, "server", "expiry", gallery=GALLERY, content=content)
        service.forget_size(tenant)
    service.metrics.erased.inc(expired)
    return expired
