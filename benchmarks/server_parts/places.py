"""Where faults happen: a server with its keys, databases and disks that are made for it."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crossreid.gallery.postgres.embedded import EmbeddedPostgres
from server_parts.crowd import Crowd
from server_parts.ledger import balance, sound
from server_parts.serving import Caller, Serving, own_folder, served


@dataclass(frozen=True, slots=True)
class Site:
    """A server with the keys that are needed, and the folder of its PostgreSQL."""

    server: Serving
    postgres: EmbeddedPostgres
    supervisor: str
    auditor: str

    def caller(self) -> Caller:
        return Caller(self.server.url, self.supervisor)

    def crowd(self, clients: int, **how: Any) -> Crowd:
        return Crowd([self.server.url], self.supervisor, clients=clients, **how)

    def settle(self, crowd: Crowd, told: dict[str, Any]) -> dict[str, Any]:
        """Let the clients end, and balance the books."""
        crowd.__exit__()
        self.server.wait_until_ready()
        counts = balance(
            self.server.url, supervisor=self.supervisor, auditor=self.auditor, ledger=crowd.ledger
        )
        return told | {"counts": counts, "sound": sound(counts)}


@contextmanager
def site(encoder: str, *, folder: Path | None = None, address: str = "", **how: Any) -> Iterator[Site]:
    """A server on a folder, or on a database by address, whose PostgreSQL ends with the block."""
    with contextlib.ExitStack() as stack:
        place = folder or stack.enter_context(own_folder())
        if not address:
            stack.enter_context(ending_postgres(place))
        server = stack.enter_context(served(address or place, encoder, **how))
        supervisor, auditor = server.keys("supervisor", "auditor")
        yield Site(server, EmbeddedPostgres(place / ".server" / "postgres"), supervisor, auditor)


@contextmanager
def database() -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL that belongs to no server."""
    with own_folder() as folder:
        postgres = EmbeddedPostgres(folder / "database")
        postgres.start()
        try:
            yield postgres
        finally:
            _end(postgres)


@contextmanager
def ending_postgres(folder: Path) -> Iterator[None]:
    """A server that was killed and started again leaves the PostgreSQL running that it found."""
    try:
        yield
    finally:
        _end(EmbeddedPostgres(folder / ".server" / "postgres"))


def _end(postgres: EmbeddedPostgres) -> None:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        os.kill(postgres.pid(), signal.SIGINT)
        while postgres.listens:
            time.sleep(0.05)


@contextmanager
def small_disk(mib: int) -> Iterator[Path]:
    """A file system of that size, in memory; it takes root."""
    with own_folder() as folder:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=755", "tmpfs", folder], check=True)
        try:
            yield folder
        finally:
            subprocess.run(["umount", "-l", folder], check=True)


def fill(file: Path, *, leave: int) -> None:
    with file.open("wb", buffering=0) as stream:
        step = b"\0" * 2**20
        with contextlib.suppress(OSError):
            while (free := _free(file)) > leave:
                stream.write(step[: min(len(step), free - leave)])


def _free(file: Path) -> int:
    found = os.statvfs(file.parent)
    return found.f_bavail * found.f_frsize


def faketime() -> Path:
    for folder in ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"):
        file = Path(folder) / "faketime" / "libfaketimeMT.so.1"
        if file.is_file():
            return file
    raise FileNotFoundError("libfaketime is not installed (apt-get install libfaketime)")
