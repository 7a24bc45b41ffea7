"""What is done now and then: what has expired goes, lost jobs end, old answers are dropped."""

import logging
import threading

from crossreid.core.errors import CrossReIDError
from crossreid.server.records import answers, jobs
from crossreid.server.service import GALLERY, Service

_log = logging.getLogger(__name__)


class Housekeeper:
    """A thread that looks after all tenants.

    Args:
        service: the server.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._thread = threading.Thread(target=self._run, name="housekeeper", daemon=True)

    def start(self) -> None:
        """Begin; it ends with the service."""
        self._thread.start()

    def _run(self) -> None:
        while not self._service.closing.wait(self._service.settings.retention_check_s):
            try:
                clean_up(self._service)
            except CrossReIDError as error:
                _log.warning("housekeeping: %s", error)
            except Exception:
                _log.exception("housekeeping")


def clean_up(service: Service) -> int:
    """Look after every tenant once. Returns how many items had expired."""
    expired = 0
    for tenant in service.database.tenants():
        with service.transaction(tenant) as connection:
            jobs.give_up_lost(connection, tenant)
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
