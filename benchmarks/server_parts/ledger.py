"""Whether what was acknowledged is there: in the gallery, in full, and in the audit log."""

import json
from typing import Any
from urllib.parse import quote

from server_parts.crowd import Ledger
from server_parts.serving import Caller

_PAGE = 500


def balance(url: str, *, supervisor: str, auditor: str, ledger: Ledger) -> dict[str, Any]:
    """Counts; all is well where `lost`, `twice`, `foreign`, `without_picture`, `enrolled_unnoted`, `searches_unnoted`
    are 0 and `log_intact` is true."""
    with Caller(url, supervisor) as reader:
        items = _items(reader)
        crops = [_crop_status(reader, item) for item in items[:: max(1, len(items) // 50)]]
    with Caller(url, auditor) as inspector:
        entries = _log(inspector)
        intact = inspector.tell("GET", "/v1/audit/verify")["intact"]
    names = [item["person"] for item in items]
    noted = [name for entry in entries if entry["action"] == "enrol" for name in entry["content"]["items"]]
    searches = {entry["content"]["search"] for entry in entries if entry["action"] == "search"}
    return {
        "sent": len(ledger.sent),
        "acknowledged": len(ledger.acknowledged),
        "lost": len(ledger.acknowledged.difference(names)),
        "kept_unacknowledged": len(set(names) - ledger.acknowledged),
        "twice": len(names) - len(set(names)),
        "foreign": len(set(names) - ledger.sent),
        "without_picture": sum(status != 200 for status in crops),
        "enrolled_unnoted": len(set(names).symmetric_difference(noted)) + len(noted) - len(set(noted)),
        "searches_answered": len(ledger.searches),
        "searches_unnoted": len(ledger.searches - searches),
        "log_entries": len(entries),
        "log_intact": intact,
    }


def sound(counts: dict[str, Any]) -> bool:
    """Nothing acknowledged is lost, nothing is there twice, and the log says all of it."""
    wrong = ("lost", "twice", "foreign", "without_picture", "enrolled_unnoted", "searches_unnoted")
    return counts["log_intact"] and not any(counts[name] for name in wrong) and counts["acknowledged"] > 0


def _items(caller: Caller) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = caller.tell("GET", f"/v1/items?limit={_PAGE}&cursor={cursor}")
        found += page["items"]
        cursor = page["cursor"]
    return found


def _crop_status(caller: Caller, item: dict[str, Any]) -> int:
    return caller.ask("GET", f"/v1/items/{quote(item['id'])}/crop")[0]


def _log(caller: Caller) -> list[dict[str, Any]]:
    status, body, _ = caller.ask("GET", "/v1/audit/export")
    assert status == 200, body
    return [json.loads(line) for line in body.splitlines()]
