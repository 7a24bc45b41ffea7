"""The spool -> the cloud, in a thread of its own: the camera does not wait for the network."""

import contextlib
import logging
import random
import threading
import time
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from crossreid.core.errors import ConfigurationError, DataError
from crossreid.core.track import PATH, Reply, read_reply, write_batch
from crossreid.edge.spool import Spool, Waiting

_log = logging.getLogger(__name__)

_BATCH = 64
_IDLE_S = 0.5
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 60.0
_LONGEST_REPLY = 2**20


class _NoRedirects(HTTPRedirectHandler):
    """Vectors of people go where the operator said, and nowhere else."""

    def redirect_request(
        self, req: Request, fp: object, code: int, msg: str, headers: object, newurl: str
    ) -> None:
        """Refuse."""


class Cloud:
    """Where tracks are delivered.

    Args:
        url: of the server, `http://` or `https://`.
        token: for `Authorization: Bearer`; "" for none.
        timeout_s: of one request.

    Raises:
        ConfigurationError: the address is of another kind.
    """

    def __init__(self, url: str, *, token: str = "", timeout_s: float = 20.0) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigurationError(f"the cloud at {url!r}", expected="http://... or https://...")
        self.url, self.timeout_s = url.rstrip("/") + PATH, timeout_s
        self._headers = {"Content-Type": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._opener = build_opener(_NoRedirects)

    def deliver(self, body: bytes) -> Reply:
        """Send one batch.

        Raises:
            HTTPError: the server did not take it.
            OSError, HTTPException, DataError: it could not be asked, or what answered is no server of ours.
        """
        request = Request(self.url, data=body, headers=self._headers, method="POST")
        with self._opener.open(request, timeout=self.timeout_s) as answer:
            return read_reply(answer.read(_LONGEST_REPLY))


class Sender:
    """Delivers what is in a spool until it is closed; every failure is waited out and tried again.

    Args:
        folder: of the spool.
        cloud: where it goes.
    """

    def __init__(self, folder: Path, cloud: Cloud) -> None:
        self._folder, self._cloud = folder, cloud
        self._stop, self._finish_by = threading.Event(), float("inf")
        self._broken: BaseException | None = None
        self._draining = False
        self._random = (
            random.Random()
        )  # a thread that draws from the common one disturbs whoever has seeded it
        self._thread = threading.Thread(target=self._guarded, name="sender", daemon=True)

    def __enter__(self) -> "Sender":
        self._thread.start()
        return self

    def __exit__(self, *arguments: object) -> None:
        self._stop.set()
        self._thread.join()

    def drain(self, patience_s: float) -> None:
        """Wait until all is delivered, but no longer than so many seconds.

        Raises:
            DataError: the spool broke down under the sender.
        """
        self._finish_by, self._draining = time.monotonic() + patience_s, True
        self._thread.join(patience_s)
        if self._broken is not None:
            raise self._broken

    def _guarded(self) -> None:
        try:
            with contextlib.closing(Spool(self._folder)) as spool:
                self._run(spool)
        except BaseException as error:  # raised again where it is seen: in `drain`
            self._broken = error

    def _run(self, spool: Spool) -> None:
        most, pause_s = _BATCH, _FIRST_PAUSE_S
        while not self._stop.is_set() and time.monotonic() < self._finish_by:
            batch = spool.waiting(most)
            if batch is None:
                if self._draining:
                    return
                self._stop.wait(_IDLE_S)
                continue
            try:
                self._send(spool, batch)
                most, pause_s = min(2 * most, _BATCH), _FIRST_PAUSE_S
                continue
            except HTTPError as error:
                status, wait_s = error.code, _retry_after(error)
                error.close()
            except (URLError, OSError, HTTPException, DataError) as error:
                status, wait_s = 0, 0.0
                _log.warning("%s: %s", self._cloud.url, error)
            if status in (400, 413):
                if most > 1:  # find the one that it does not take
                    most = max(1, len(batch.keys) // 2)
                else:
                    _log.warning("%s refuses %s (status %d)", self._cloud.url, batch.keys[0], status)
                    spool.settle([], batch.keys, sent_bytes=0)
                continue
            if status:
                _log.warning("%s answers %d; %d tracks wait", self._cloud.url, status, spool.counts().waiting)
            # Many devices that lost one server must not all come back in the same instant.
            self._pause(max(wait_s, pause_s * self._random.uniform(0.5, 1.0)))
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    def _send(self, spool: Spool, batch: Waiting) -> None:
        body = write_batch(batch.bodies, fingerprint=batch.fingerprint, rotation=batch.rotation)
        reply = self._cloud.deliver(body)
        asked = set(batch.keys)
        delivered = asked.intersection([*reply.accepted, *reply.known])
        refused = asked.intersection(reply.refused) - delivered
        if not delivered and not refused:
            raise DataError("an answer without a verdict on any key", expected="a reply to the batch")
        for key in refused:
            _log.warning("%s refuses %s: %s", self._cloud.url, key, reply.refused[key])
        spool.settle(sorted(delivered), sorted(refused), sent_bytes=len(body))

    def _pause(self, seconds: float) -> None:
        """Wait, but not beyond the time by which everything ends."""
        end = time.monotonic() + seconds
        while not self._stop.is_set() and time.monotonic() < min(end, self._finish_by):
            self._stop.wait(0.05)


def _retry_after(error: HTTPError) -> float:
    written = error.headers.get("Retry-After", "") if error.headers else ""
    return min(float(written), _LONGEST_PAUSE_S) if written.isdecimal() else 0.0
