"""Whatever two tenants do, neither ever sees anything of the other."""

import base64
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossreid.server.records.items import write_id

COLOURS = ("red", "green", "blue")


def vector(encoder: Any, word: str) -> str:
    row = encoder.encode([word], modality="text").vectors[0]
    return base64.b64encode(row.astype("<f4").tobytes()).decode()


def everything(client: Any, body: dict[str, Any]) -> str:
    """All that a supervisor can read, as text."""
    told = [
        client.get("/items", params={"limit": 500}),
        *(client.get(path) for path in ("/statistics", "/models", "/me", "/cases", "/watchlists", "/jobs")),
        client.get("/calibration/verdicts"),
    ]
    if told[0]["items"]:
        told += [
            client.post("/search", body),
            client.post("/search", body | {"group_by": "person", "explain": True}),
        ]
    return json.dumps(told)


# One letter of the alphabet stands for each tenant, so that a leak can be seen in any text.
_people = st.lists(st.tuples(st.sampled_from(COLOURS), st.integers(0, 3)), max_size=4)


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(_people, _people, st.sampled_from(COLOURS))
def test_no_answer_holds_anything_of_another_tenant(
    new_tenant: Callable[..., Any], service: Any, url: str, encoder: Any, asking: Callable[..., dict[str, Any]],
    ours: list[tuple[str, int]], theirs: list[tuple[str, int]], word: str,
) -> None:  # fmt: skip
    tenants = [new_tenant(service, url), new_tenant(service, url)]
    for mark, tenant, people in zip(("OURS", "THEIRS"), tenants, (ours, theirs), strict=True):
        client = tenant.client("supervisor", name=f"{mark}-chief")
        tenant.chief = client
        items = [
            # The same name in both: a key of one must not be known in the other.
            {"id": f"item-{n}", "person": f"{mark}-{who}", "camera": f"{mark}-cam", "track": f"{mark}-t",
             "vector": vector(encoder, colour)} for n, (colour, who) in enumerate(people)
        ]  # fmt: skip
        if items:
            body = {"items": items, "fingerprint": encoder.fingerprint}
            said = client.post("/items", body, status=201)["items"]
            assert {item["status"] for item in said} == {"enrolled"}
        client.post("/cases", {"name": f"{mark}-case", "reference": mark}, status=201)
        client.ask("PUT", "/watchlists", json={"name": f"{mark}-list", "people": [f"{mark}-0"]})
    for mark, other, tenant in (("OURS", "THEIRS", tenants[0]), ("THEIRS", "OURS", tenants[1])):
        told = everything(tenant.chief, asking(word))
        assert other not in told
        assert f"{mark}-case" in told
        log = json.dumps(tenant.auditor.get("/audit", params={"limit": 1000}))
        assert other not in log
    removed = tenants[0].chief.post("/erase", {"camera": "THEIRS-cam", "reason": "x", "reference": "x"})
    assert removed["items"] == 0
    assert tenants[1].chief.get("/statistics")["items"] == len(theirs)


@pytest.fixture
def pair(
    new_tenant: Callable[..., Any], service: Any, url: str, people: list[dict[str, Any]], asking: Any
) -> tuple[Any, Any]:
    """Two tenants; the second has items, a case with a pin, a search, a job, a key and a watchlist."""
    ours, theirs = new_tenant(service, url), new_tenant(service, url)
    theirs.supervisor.post("/items", {"items": people}, status=201)
    theirs.found = theirs.supervisor.post("/search", asking("red"))
    theirs.case = theirs.supervisor.post("/cases", {"name": "x"}, status=201)["id"]
    theirs.supervisor.ask("PUT", "/watchlists", json={"name": "wanted", "people": ["ann"]})
    theirs.made = theirs.admin.post("/keys", {"name": "new", "role": "operator"}, status=201)
    theirs.job = theirs.admin.post("/index", status=202)["id"]
    return ours, theirs


def test_a_foreign_number_names_nothing(pair: tuple[Any, Any]) -> None:
    ours, theirs = pair
    item = write_id("ann/1")
    verdict = {"search": theirs.found["search"], "item": item, "verdict": "verified"}
    asked = [
        (ours.operator, "GET", f"/items/{item}", {}), (ours.operator, "GET", f"/items/{item}/crop", {}),
        (ours.operator, "GET", f"/cases/{theirs.case}", {}), (ours.operator, "GET", f"/cases/{theirs.case}/export", {}),
        (ours.operator, "PATCH", f"/cases/{theirs.case}", {"json": {"name": "mine"}}),
        (ours.operator, "POST", f"/cases/{theirs.case}/pins", {"json": {"item": item}}),
        (ours.operator, "POST", "/verdicts", {"json": verdict}), (ours.operator, "GET", f"/jobs/{theirs.job}", {}),
        (ours.operator, "POST", f"/jobs/{theirs.job}/cancel", {}),
        (ours.supervisor, "DELETE", "/watchlists/wanted", {}), (ours.admin, "DELETE", f"/keys/{theirs.made['id']}", {}),
        (ours.admin, "POST", f"/keys/{theirs.made['id']}/rotate", {"json": {}}),
    ]  # fmt: skip
    for client, method, path, options in asked:
        assert client.code(method, path, status=404, **options) == "not_found", path
    assert theirs.supervisor.get(f"/cases/{theirs.case}")["name"] == "x"
    assert theirs.supervisor.get("/statistics")["items"] == 5


def test_the_same_person_is_another_vector_in_another_tenant(
    pair: tuple[Any, Any], people: list[dict[str, Any]]
) -> None:
    ours, theirs = pair
    ours.supervisor.post("/items", {"items": people}, status=201)
    stored = [tenant.service.gallery(tenant.name).vectors(["ann/1"]) for tenant in (ours, theirs)]
    assert abs(float(np.sum(stored[0].vectors * stored[1].vectors))) < 0.8
    assert stored[0].rotation != stored[1].rotation
