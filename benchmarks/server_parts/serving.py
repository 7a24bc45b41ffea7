"""`crossreid serve` as a process of its own: started, killed, started again on the same port."""

import base64
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PROGRAM = "from crossreid.cli.main import run; run()"
_START_S = 300.0


class Caller:
    """One client on one connection, which is opened again after it broke."""

    def __init__(self, url: str, key: str, *, timeout_s: float = 120.0) -> None:
        where = urlsplit(url)
        self._connection = HTTPConnection(where.hostname or "", where.port, timeout=timeout_s)
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def ask(
        self, method: str, path: str, content: Any = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes, Mapping[str, str]]:
        """Status, body and headers.

        Raises:
            OSError, HTTPException: there was no answer.
        """
        body = content if content is None or isinstance(content, bytes) else json.dumps(content).encode()
        try:
            self._connection.request(method, path, body, self._headers | dict(headers or {}))
            answer = self._connection.getresponse()
            return (
                answer.status,
                answer.read(),
                {name.lower(): value for name, value in answer.headers.items()},
            )
        except (OSError, HTTPException):
            self._connection.close()
            raise

    def tell(self, method: str, path: str, content: Any = None) -> Any:
        """The JSON of an answer that must be good. A connection that was closed while it was idle is opened again."""
        try:
            status, body, _ = self.ask(method, path, content)
        except ConnectionError:
            status, body, _ = self.ask(method, path, content)
        assert status < 300, (status, body)
        return json.loads(body) if body else None

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> "Caller":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Serving:
    """One server.

    Args:
        gallery: a folder, or the address of a PostgreSQL.
        encoder: as of `crossreid serve`.
        options: more of its words.
        environment: more of that.
    """

    def __init__(
        self,
        gallery: Path | str,
        encoder: str,
        *,
        options: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        words = ["serve", "--gallery", str(gallery), "--encoder", encoder, "--port", str(self.port)]
        self._words = [sys.executable, "-c", PROGRAM, *words, "--rate", "100000", *options]
        self._environment = {
            "CROSSREID_KEY": base64.b64encode(bytes(32)).decode(), "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        } | dict(environment or {})  # fmt: skip
        self.printed = ""
        self._process: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> "Serving":
        """Returns when it serves."""
        self._process = subprocess.Popen(
            self._words,
            env=os.environ | self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.printed += line
            if line.startswith("Serving "):
                return self
        raise AssertionError(f"the server ended ({self._process.wait()}): {self.printed}")

    def kill(self) -> None:
        """At once, as a crash would; PostgreSQL lives on."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """In order."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.communicate(timeout=_START_S)
            self._process = None

    def keys(self, *roles: str) -> list[str]:
        """Keys of these roles; only once, by the one-time key of the first start."""
        once = re.search(r"crk_\S+", self.printed)
        assert once is not None, self.printed
        with Caller(self.url, once[0]) as caller:
            admin = caller.tell("POST", "/v1/keys/exchange", {"name": "admin", "role": "admin"})["key"]
        with Caller(self.url, admin) as caller:
            return [caller.tell("POST", "/v1/keys", {"name": role, "role": role})["key"] for role in roles]

    def wait_until_ready(self, seconds: float = 240.0) -> float:
        """For how long that took."""
        began = time.monotonic()
        with Caller(self.url, "") as caller:
            while time.monotonic() - began < seconds:
                with contextlib.suppress(OSError, HTTPException):
                    if caller.ask("GET", "/v1/ready")[0] == 200:
                        return time.monotonic() - began
                time.sleep(0.05)
        raise AssertionError(f"not ready after {seconds} s")


@contextmanager
def served(gallery: Path | str, encoder: str, **how: Any) -> Iterator[Serving]:
    """A server, until the end of the block."""
    server = Serving(gallery, encoder, **how)
    try:
        yield server.start()
    finally:
        server.stop()


@contextmanager
def own_folder() -> Iterator[Path]:
    """A folder that PostgreSQL's user can reach, until the end of the block."""
    folder = Path(tempfile.mkdtemp(prefix="crossreid-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as asking:
        asking.bind(("127.0.0.1", 0))
        return asking.getsockname()[1]
