"""One writer at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crossreid.core.errors import DataError


@contextmanager
def exclusive_lock(path: Path) -> Iterator[None]:
    """Hold a lock file that names its process.

    The system holds the lock, not the file: it ends with the process, however that ends, so that a file left by a
    killed one blocks nobody.

    Raises:
        DataError: another process holds it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
            raise DataError(
                f"{path.parent} is being written by process {holder}",
                expected="one writer at a time",
                remedy="wait until it has finished, or stop it",
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)
