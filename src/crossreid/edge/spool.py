"""What a device has seen and not yet delivered, in one SQLite file that survives a kill at any moment.

All that a frame changes (open tracks, their crops, finished tracks, the position in the source) is written in one
transaction. After a crash the device goes on behind the last frame that was written.
"""

import json
import sqlite3
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crossreid.core.errors import DataError

FILE = "spool.sqlite"
LOCK = "spool.lock"
StoredCrop = tuple[int, dict[str, Any], bytes, bytes]
"""Number, facts, vector and picture."""

_FORMAT = 2
_BUSY_S = 30.0
_JOURNAL_BYTES = 8 * 2**20

_SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS crops (
    number INTEGER PRIMARY KEY, track INTEGER NOT NULL, facts TEXT NOT NULL, vector BLOB NOT NULL, picture BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS outbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, fingerprint TEXT NOT NULL,
    rotation TEXT NOT NULL, body BLOB NOT NULL
);
"""


@dataclass(frozen=True, slots=True)
class Counts:
    """Of tracks, since the spool was made.

    Args:
        finished: written into the spool.
        short: seen too briefly to be worth sending.
        sent: delivered.
        refused: that the cloud will never take.
        dropped: the oldest ones, given up when the spool was full.
        sent_bytes: of the bodies that delivered them.
        waiting: not delivered yet.
        waiting_bytes: of those.
    """

    finished: int
    short: int
    sent: int
    refused: int
    dropped: int
    sent_bytes: int
    waiting: int
    waiting_bytes: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """The oldest undelivered tracks of one encoder: keys and JSON bodies in the same order."""

    fingerprint: str
    rotation: str
    keys: tuple[str, ...]
    bodies: tuple[bytes, ...]


class Spool:
    """One connection to the file; each thread has its own.

    Args:
        folder: is made where it is missing.
        limit_bytes: of undelivered tracks; beyond it the oldest are dropped.

    Raises:
        DataError: the file cannot be opened, or is something else.
    """

    def __init__(self, folder: Path, *, limit_bytes: int = 512 * 2**20) -> None:
        self.file, self.limit_bytes = folder / FILE, limit_bytes
        with self._explained():
            folder.mkdir(parents=True, exist_ok=True)
            self.connection = sqlite3.connect(self.file, timeout=_BUSY_S, isolation_level=None)
            self.connection.execute("PRAGMA journal_mode = WAL")
            # Even a power cut must not take back a number that was given to a track which was then sent.
            self.connection.execute("PRAGMA synchronous = FULL")
            self.connection.execute(f"PRAGMA journal_size_limit = {_JOURNAL_BYTES}")
            with self.transaction():
                for statement in _SCHEMA.split(";"):
                    self.connection.execute(statement)
                if self.fact("format") is None:
                    self.set_fact("format", _FORMAT)
                    self.set_fact("spool", uuid.uuid4().hex[:12])
        if self.fact("format") != _FORMAT:
            raise DataError(f"{self.file} of format {self.fact('format')}", expected=f"format {_FORMAT}")

    @property
    def name(self) -> str:
        """No other spool has it; keys begin with it."""
        return self.fact("spool")

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of what is written inside, or nothing.

        Raises:
            DataError: the disk is full, or the file is damaged.
        """
        with self._explained():
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise

    def fact(self, name: str) -> Any:
        """What `set_fact` wrote; None where it did not."""
        row = self.connection.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else json.loads(row[0])

    def set_fact(self, name: str, value: Any) -> None:
        """Remember a JSON value."""
        self.connection.execute(
            "INSERT INTO facts VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
            (name, json.dumps(value, separators=(",", ":"))),
        )

    def count(self, name: str, more: int = 1) -> None:
        """Add to a counter."""
        self.connection.execute(
            "INSERT INTO counters VALUES (?, ?) ON CONFLICT DO UPDATE SET value = value + excluded.value",
            (name, more),
        )

    def counts(self) -> Counts:
        """All counters."""
        known = dict(self.connection.execute("SELECT name, value FROM counters"))
        return Counts(**{name: known.get(name, 0) for name in Counts.__dataclass_fields__})

    def add_crop(self, track: int, facts: dict[str, Any], vector: bytes, picture: bytes) -> int:
        """Keep a crop of an open track. Returns its number."""
        cursor = self.connection.execute(
            "INSERT INTO crops (track, facts, vector, picture) VALUES (?, ?, ?, ?)",
            (track, json.dumps(facts), vector, picture),
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def crops(self, track: int) -> list[StoredCrop]:
        """Each crop of a track, oldest first."""
        rows = self.connection.execute(
            "SELECT number, facts, vector, picture FROM crops WHERE track = ? ORDER BY number", (track,)
        )
        return [(number, json.loads(facts), vector, picture) for number, facts, vector, picture in rows]

    def forget_crops(self, numbers: Sequence[int]) -> None:
        """Let crops go."""
        self.connection.executemany("DELETE FROM crops WHERE number = ?", [(number,) for number in numbers])

    def put(self, key: str, body: bytes, *, fingerprint: str, rotation: str) -> None:
        """Queue a finished track. When the spool is over its limit, the oldest tracks are dropped and counted."""
        self.connection.execute(
            "INSERT INTO outbox (key, fingerprint, rotation, body) VALUES (?, ?, ?, ?)",
            (key, fingerprint, rotation, body),
        )
        self.count("finished")
        self._waits(1, len(body))
        while self.counts().waiting_bytes > self.limit_bytes:
            number, size = self.connection.execute(
                "SELECT number, length(body) FROM outbox ORDER BY number LIMIT 1"
            ).fetchone()
            self.connection.execute("DELETE FROM outbox WHERE number = ?", (number,))
            self._waits(-1, -size)
            self.count("dropped")

    def waiting(self, most: int) -> Waiting | None:
        """The oldest undelivered tracks, at most so many; None when there are none."""
        rows = self.connection.execute(
            "SELECT key, fingerprint, rotation, body FROM outbox ORDER BY number LIMIT ?", (most,)
        ).fetchall()
        if not rows:
            return None
        _, fingerprint, rotation, _ = rows[0]
        same = [row for row in rows if row[1:3] == (fingerprint, rotation)]
        return Waiting(fingerprint, rotation, tuple(row[0] for row in same), tuple(row[3] for row in same))

    def settle(self, delivered: Sequence[str], refused: Sequence[str], *, sent_bytes: int) -> None:
        """Forget tracks that the cloud has, and those that it will never take."""
        with self.transaction():
            for name, keys in (("sent", delivered), ("refused", refused)):
                for key in keys:
                    row = self.connection.execute(
                        "DELETE FROM outbox WHERE key = ? RETURNING length(body)", (key,)
                    ).fetchone()
                    if row is not None:
                        self._waits(-1, -row[0])
                        self.count(name)
            self.count("sent_bytes", sent_bytes)

    def _waits(self, tracks: int, size: int) -> None:
        self.count("waiting", tracks)
        self.count("waiting_bytes", size)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise DataError(
                f"{self.file}: {error}",
                expected="a spool that can be written",
                remedy="make room, or name another --spool",
            ) from error
