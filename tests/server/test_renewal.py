"""Secret rotations are renewed, and indexes built, while searches go on."""

import base64
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from crossreid.gallery.postgres import schema
from crossreid.server.records.items import find_space
from crossreid.server.service import GALLERY
from crossreid.server.templates import secret_of


def finish(client: Any, job: dict[str, Any]) -> dict[str, Any]:
    end = time.monotonic() + 120
    while job["state"] in ("waiting", "running"):
        assert time.monotonic() < end
        time.sleep(0.05)
        job = client.get(f"/jobs/{job['id']}")
    return job


def rotation(tenant: Any) -> str:
    with tenant.service.transaction(tenant.name) as connection:
        space = find_space(connection, tenant.name, GALLERY)
    assert space is not None
    return space.rotation


def secrets(tenant: Any) -> list[str]:
    with tenant.service.transaction(tenant.name) as connection:
        return [
            purpose.partition(":")[2] for purpose in connection.scalars(sa.select(schema.secrets.c.purpose))
        ]


def scores(answer: dict[str, Any]) -> dict[str, float]:
    return {result["item"]["id"]: result["score"] for result in answer["results"]}


def test_a_renewed_rotation_changes_vectors_and_no_score(
    filled: Any, asking: Callable[..., dict[str, Any]], people: list[dict[str, Any]]
) -> None:
    before, first = filled.operator.post("/search", asking("red and blue", explain=True)), rotation(filled)
    stored = filled.service.gallery(filled.name).vectors(["ann/1"]).vectors[0]
    assert secrets(filled) == [secret_of(first)]
    wrong: list[Any] = []
    stop = threading.Event()
    client = filled.operator

    def keep_searching() -> None:
        while not stop.is_set():
            found = scores(client.post("/search", asking("red and blue")))
            if found != pytest.approx(scores(before), abs=1e-4):
                wrong.append(found)

    searching = threading.Thread(target=keep_searching)
    searching.start()
    try:
        job = finish(filled.admin, filled.admin.post("/templates/renew", status=202))
    finally:
        stop.set()
        searching.join()
    assert (job["state"], job["result"]["items"]) == ("done", 5), job
    assert wrong == []
    after = filled.operator.post("/search", asking("red and blue", explain=True))
    assert scores(after) == pytest.approx(scores(before), abs=1e-4)
    assert rotation(filled) != first
    assert secrets(filled) == [secret_of(rotation(filled))]
    assert abs(float(filled.service.gallery(filled.name).vectors(["ann/1"]).vectors[0] @ stored)) < 0.9
    more = [people[0] | {"id": "later"}]
    filled.operator.post("/items", {"items": more}, status=201)
    assert len(filled.operator.post("/search", asking("red"))["results"]) == 6
    (entry,) = filled.auditor.get("/audit", params={"action": "template"})["entries"]
    assert entry["content"]["from"] == secret_of(first)
    assert finish(filled.admin, filled.admin.post("/templates/renew", status=202))["state"] == "done"


def test_an_unprotected_gallery_can_be_put_under_a_rotation_later(
    make_service: Callable[..., Any], serve: Any, new_tenant: Any, people: list[dict[str, Any]],
    asking: Callable[..., dict[str, Any]], url: str, service: Any,
) -> None:  # fmt: skip
    plain = make_service(key=None)
    with serve(plain) as plain_url:
        tenant = new_tenant(plain, plain_url)
        tenant.operator.post("/items", {"items": people}, status=201)
        before = tenant.operator.post("/search", asking("red"))
        assert tenant.admin.code("POST", "/templates/renew", status=409) == "conflict"
    admin, operator = (
        tenant.client("admin", name="a2", url=url),
        tenant.client("operator", name="o2", url=url),
    )
    tenant.service = service
    assert finish(admin, admin.post("/templates/renew", status=202))["state"] == "done"
    assert operator.get("/models")["protected"] is True
    assert scores(operator.post("/search", asking("red"))) == pytest.approx(scores(before), abs=1e-4)


def test_a_server_without_the_key_of_a_rotation_says_so(
    make_service: Callable[..., Any], serve: Any, filled: Any, asking: Callable[..., dict[str, Any]]
) -> None:
    with serve(make_service(key=None)) as url:
        client = filled.client("operator", name="o2", url=url)
        answer = client.post("/search", asking("red"), status=400)
        assert "does not open" in answer["error"]["found"]


def test_the_index_is_built_over_principal_coordinates(
    tenant: Any, encoder: Any, asking: Callable[..., dict[str, Any]]
) -> None:
    rng = np.random.default_rng(0)
    vectors = (rng.normal(size=(250, 64)) * np.arange(1, 65) ** -1.0).astype("<f4") @ np.linalg.qr(
        rng.normal(size=(64, 64))
    )[0].astype("<f4")
    items = [
        {"id": f"v{n}", "vector": base64.b64encode(row.tobytes()).decode()} for n, row in enumerate(vectors)
    ]
    tenant.operator.post("/items", {"items": items, "fingerprint": encoder.fingerprint}, status=201)
    query = asking("red") | {
        "evidence": [{"modality": "rgb", "vector": items[7]["vector"], "fingerprint": encoder.fingerprint}]
    }
    before, first = tenant.operator.post("/search", query), rotation(tenant)
    job = finish(tenant.admin, tenant.admin.post("/index", status=202))
    assert job["state"] == "done", job
    assert rotation(tenant) != first
    after = tenant.operator.post("/search", query)
    assert after["results"][0]["score"] == pytest.approx(1, abs=1e-4)
    assert scores(after) == pytest.approx(scores(before), abs=1e-4)
    (entry,) = tenant.auditor.get("/audit", params={"action": "index"})["entries"]
    assert entry["content"]["width"] == job["result"]["width"]
