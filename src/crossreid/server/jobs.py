"""Long work: importing archives, renewing secret rotations, building indexes.

What a step does and how far the job is are committed together, so that nothing is done or counted twice, and a server
that has lost a job to another one cannot go on with it.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from crossreid.server.access import Caller
from crossreid.server.records import jobs
from crossreid.server.service import Service


class StoppedError(Exception):
    """The job was cancelled, the server goes down, or the job is another server's by now."""


@dataclass(frozen=True, slots=True)
class Job:
    """Some work on its way.

    Args:
        service: of the server.
        id: of the job.
        caller: on whose behalf.
        progress: of earlier attempts.
        result: what they have noted.
        body: what was sent with it; b"" for most.
    """

    service: Service
    id: str
    caller: Caller
    progress: float
    result: dict[str, Any]
    body: bytes

    def report(self, share: float | None, step: str = "") -> None:
        """So much is done, 0 to 1, of a step where there are several; None where it is unknown.

        Raises:
            StoppedError: it is to end here.
        """
        with self.service.transaction(self.caller.tenant) as connection:
            self.note(connection, progress=share, step=step)

    def note(self, connection: Connection, **values: Any) -> None:
        """Set columns of the job, within the transaction of a step.

        Raises:
            StoppedError: it is to end here, and the step is not to be.
        """
        server = self.service.presence.name
        own = jobs.note(connection, self.caller.tenant, self.id, server=server, **values)
        if not own or self.service.closing.is_set():
            raise StoppedError

    def finish(self, connection: Connection, result: dict[str, Any]) -> None:
        """Note that it is done, within the transaction of its last step.

        Raises:
            StoppedError: it was cancelled, or is another server's.
        """
        server = self.service.presence.name
        values = {"state": "done", "step": "", "progress": 1.0, "result": result}
        if not jobs.end(connection, self.caller.tenant, self.id, server=server, **values):
            raise StoppedError
