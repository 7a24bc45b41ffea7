"""Starts a PostgreSQL of one's own again when it has died."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from crossreid.core.errors import DataError
from crossreid.gallery.postgres.embedded import EmbeddedPostgres

_log = logging.getLogger(__name__)


@contextmanager
def kept_alive(server: EmbeddedPostgres, *, every_s: float = 1.0) -> Iterator[None]:
    """Look each second whether a server is there; start it where it is not, again and again until it starts.

    One that recovers by itself is left alone. On a full disk it may take until there is room.
    """
    stop = threading.Event()
    watchman = threading.Thread(target=_watch, args=(server, stop, every_s), name="watchman", daemon=True)
    watchman.start()
    try:
        yield
    finally:
        stop.set()
        watchman.join()


def _watch(server: EmbeddedPostgres, stop: threading.Event, every_s: float) -> None:
    while not stop.wait(every_s):
        if server.listens:
            continue
        _log.warning("PostgreSQL in %s is gone; it is started again", server.folder)
        try:
            server.start()
        except (DataError, OSError) as error:
            _log.warning("%s", error)
