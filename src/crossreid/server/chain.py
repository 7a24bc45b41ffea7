"""The audit log: each entry holds the hash of the one before, so that nothing can be changed or taken out unseen."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from crossreid.core.errors import DataError

GENESIS = "0" * 64
"""What the first entry holds in place of a hash."""

_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was done.

    Args:
        sequence: from 1, without gaps.
        tenant: whose log it is.
        at: ISO 8601, UTC, with microseconds.
        actor: name of the account that did it.
        action: such as `search`.
        gallery: its name; "" where it is about none.
        purpose: why, in the actor's words; "" where none is asked for.
        reference: such as a case number; "" where none is asked for.
        content: what exactly; JSON of `plain`.
        previous: hash of the entry before, or `GENESIS`.
        hash: of everything above.
    """

    sequence: int
    tenant: str
    at: str
    actor: str
    action: str
    gallery: str
    purpose: str
    reference: str
    content: dict[str, Any]
    previous: str
    hash: str

    def to_dict(self) -> dict[str, Any]:
        """As it is exported."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a look at a whole log gave.

    Args:
        intact: every entry follows from the one before.
        entries: how many were looked at.
        head: hash of the last intact one.
        problem: what is wrong with the first that does not.
    """

    intact: bool
    entries: int
    head: str
    problem: str = ""


def chained(previous: str, values: dict[str, Any]) -> Entry:
    """The entry that comes after the one with the hash `previous`.

    Args:
        previous: that hash, or `GENESIS`.
        values: the fields of `Entry` but `previous` and `hash`.
    """
    hashed: dict[str, Any] = values | {"previous": previous}
    return Entry(**hashed, hash=_hash(hashed))


def plain(value: Any) -> Any:
    """JSON that a database gives back as it was: no more than six decimals, and no negative zero."""
    if isinstance(value, dict):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return round(value, _DECIMALS) + 0.0 if isinstance(value, float) else value


def verify(entries: Iterable[dict[str, Any]], *, head: str = "") -> Verdict:
    """Follow the chain from its beginning.

    Args:
        entries: exported, in order.
        head: a hash of the log that was noted elsewhere; the log must contain it. Without one, entries that are
            missing at the end cannot be noticed.
    """
    previous, number, seen, tenant = GENESIS, 0, {GENESIS}, None
    for number, entry in enumerate(entries, start=1):
        problem = _problem(entry, number, previous, tenant)
        if problem:
            return Verdict(False, number, previous, f"entry {number}: {problem}")
        previous, tenant = entry["hash"], entry["tenant"]
        seen.add(previous)
    if head and head not in seen:
        return Verdict(False, number, previous, f"the log does not contain {head}: its end is missing")
    return Verdict(True, number, previous)


def read_export(lines: Iterable[str]) -> Iterable[dict[str, Any]]:
    """Entries of an exported file, one JSON a line.

    Raises:
        DataError: a line is no entry.
    """
    for number, line in enumerate(lines, start=1):
        try:
            entry = json.loads(line)
            if not isinstance(entry, dict):
                raise ValueError("no object")
        except (ValueError, RecursionError) as error:
            raise DataError(
                f"line {number} is no entry ({error})", expected="JSON, an entry a line"
            ) from error
        yield entry


def _problem(entry: dict[str, Any], number: int, previous: str, tenant: str | None) -> str:
    content = {name: value for name, value in entry.items() if name != "hash"}
    if set(entry) != set(Entry.__slots__):
        return "its fields are not those of an entry"
    if entry["sequence"] != number:
        return f"it is numbered {entry['sequence']}"
    if tenant not in (None, entry["tenant"]):
        return f"it belongs to {entry['tenant']!r}"
    if entry["previous"] != previous:
        return "it does not follow the one before"
    if entry["hash"] != _hash(content):
        return "it was changed"
    return ""


def _hash(content: dict[str, Any]) -> str:
    """SHA-256 of the JSON with sorted keys and no spaces."""
    written = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(written.encode()).hexdigest()
