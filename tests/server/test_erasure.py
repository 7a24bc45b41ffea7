import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from crossreid.gallery.postgres import schema
from crossreid.server.housekeeping import clean_up

WHY = {"reason": "subject request", "reference": "DSR-7"}


def test_what_is_erased_is_gone_with_a_proof(filled: Any, asking: Any, people: list[dict[str, Any]]) -> None:
    answer = filled.supervisor.post("/erase", WHY | {"person": "ann"})
    assert (answer["items"], answer["vectors"], answer["crops"], answer["remaining"]) == (2, 2, 2, 0)
    hashes = sorted(hashlib.sha256(key.encode()).hexdigest() for key in ("ann/1", "ann/2"))
    assert answer["digest"] == hashlib.sha256("".join(hashes).encode()).hexdigest()
    (entry,) = filled.auditor.get("/audit", params={"action": "erase"})["entries"]
    assert (entry["reference"], entry["purpose"], entry["content"]["digest"]) == (
        "DSR-7",
        "subject request",
        answer["digest"],
    )
    assert answer["audit"] == {"sequence": entry["sequence"], "hash": entry["hash"]}
    found = filled.operator.post("/search", asking("red"))
    assert {result["item"]["person"] for result in found["results"]} == {"bob", "cat"}
    again = filled.operator.post("/items", {"items": people}, status=201)["items"]
    assert [item["status"] for item in again] == ["erased"] * 2 + ["known"] * 3


def test_a_dry_run_counts_and_changes_nothing(filled: Any) -> None:
    counted = filled.supervisor.post("/erase", WHY | {"camera": "door", "dry_run": True})
    assert (counted["items"], counted["dry_run"], counted["proof"], counted["audit"]) == (3, True, None, None)
    assert filled.operator.get("/statistics")["items"] == 5
    done = filled.supervisor.post("/erase", WHY | {"camera": "door"})
    assert (done["items"], done["digest"]) == (3, counted["digest"])


@pytest.mark.parametrize(
    "body", [WHY, WHY | {"items": []}, {"person": "ann"}, WHY | {"person": "ann", "reason": ""}]
)
def test_an_erasure_needs_a_condition_and_a_reason(filled: Any, body: dict[str, Any]) -> None:
    assert filled.supervisor.code("POST", "/erase", status=400, json=body) == "malformed"
    assert filled.operator.get("/statistics")["items"] == 5


def test_what_has_expired_goes_by_itself_and_is_written_down(filled: Any, paint: Any) -> None:
    kept = {"items": [{"id": "kept", "picture": paint("red"), "collection": "evidence"}]}
    filled.operator.post("/items", kept, status=201)
    assert filled.supervisor.get("/retention") == {"collections": {}}
    rule = {"collection": "", "days": 1}
    assert filled.supervisor.ask("PUT", "/retention", json=rule) == {"collections": {"": 1}}
    assert clean_up(filled.service) == 0
    with filled.service.transaction(filled.name) as connection:
        connection.execute(sa.update(schema.items).values(enrolled=datetime.now(UTC) - timedelta(days=2)))
    assert clean_up(filled.service) == 5
    assert [item["id"] for item in filled.operator.get("/items")["items"]] == ["a2VwdA"]
    (entry,) = filled.auditor.get("/audit", params={"action": "expiry"})["entries"]
    assert (entry["actor"], entry["content"]["items"], entry["content"]["remaining"]) == ("server", 5, 0)
    assert filled.supervisor.ask("PUT", "/retention", json=rule | {"days": None}) == {"collections": {}}
