"""A cloud that keeps what it is sent, and a street with people whose boxes are known."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from crossreid.core.errors import DataError
from crossreid.core.modality import Modality
from crossreid.core.track import PATH, Reply, Track, read_batch, write_reply, write_track

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Receiver:
    """What `POST /v1/tracks` has to do, in memory.

    `behave` is asked before each request, and may name a status to answer, "cut" to close the connection after the
    tracks were stored, or "silent" to close it before.
    """

    def __init__(self) -> None:
        self.stored: dict[str, Track] = {}
        self.deliveries: Counter[str] = Counter()
        self.requests: list[dict[str, str]] = []
        self.refusing: dict[str, str] = {}
        self.fingerprints: set[str] = set()
        self.behave: Callable[[int, list[str]], int | str] = lambda number, keys: 200
        self._lock = threading.Lock()

    def answer(self, headers: dict[str, str], path: str, body: bytes) -> tuple[int | str, bytes]:
        with self._lock:
            self.requests.append(headers)
            if path != PATH:
                return 404, b""
            try:
                batch = read_batch(body)
            except DataError:
                return 400, b""
            keys = [track.key for track in batch.tracks]
            what = self.behave(len(self.requests), keys)
            if what not in (200, "cut"):
                return what, b""
            self.fingerprints.add(batch.fingerprint)
            self.deliveries.update(keys)
            known = tuple(key for key in keys if key in self.stored)
            fresh = [t for t in batch.tracks if t.key not in self.stored and t.key not in self.refusing]
            self.stored.update({track.key: track for track in fresh})
            refused = {key: self.refusing[key] for key in keys if key in self.refusing}
            return what, write_reply(Reply(tuple(track.key for track in fresh), known, refused))


@contextmanager
def serving(receiver: Receiver, *, port: int = 0) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, answer = receiver.answer(dict(self.headers), self.path, body)
            if isinstance(status, str):
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def serve() -> Any:
    return serving


@pytest.fixture
def cloud(receiver: Receiver) -> Iterator[str]:
    with serving(receiver) as url:
        yield url


def track(number: int, *, dim: int = 4) -> Track:
    vector = np.zeros(dim, np.float32)
    vector[number % dim] = 1
    return Track(
        key=f"spool-{number}-0",
        camera="cam7",
        modality=Modality.RGB,
        start=NOON,
        end=NOON,
        frames=5,
        crops=1,
        quality=0.5,
        box=(0.0, 0.0, 10.0, 20.0),
        vector=vector,
    )


@pytest.fixture
def make_track() -> Callable[..., Track]:
    return track


@pytest.fixture
def put() -> Callable[..., int]:
    """Queue a track by number; gives the size of its body."""

    def put_(spool: Any, number: int, **changes: Any) -> int:
        made = replace(track(number), **changes)
        body = write_track(made)
        with spool.transaction():
            spool.put(made.key, body, fingerprint="encoder@space", rotation="")
        return len(body)

    return put_


@pytest.fixture(scope="session")
def street(program: Any) -> Any:
    """The module `street.py`."""
    return program("tests/edge/street.py")


@pytest.fixture(scope="session")
def crowd(program: Any) -> Any:
    """The module `crowd.py`."""
    return program("tests/edge/crowd.py")
