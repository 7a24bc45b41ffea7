import io
import itertools
import json
import uuid
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from crossreid.core.modality import Modality
from crossreid.evaluation.calibration import Calibration, EvidenceCalibration
from crossreid.evaluation.searches import SearchScores
from crossreid.server.records import cases
from crossreid.server.records.items import find_items, find_space
from crossreid.server.service import GALLERY
from crossreid.server.settings import Settings

Asking = Callable[..., dict[str, Any]]


def open_case(client: Any, reference: str = "2026/117") -> int:
    return client.post("/cases", {"name": "The red coat", "reference": reference}, status=201)["id"]


def first(client: Any, asking: Asking, words: str = "red") -> tuple[str, str]:
    answer = client.post("/search", asking(words))
    return answer["search"], answer["results"][0]["item"]["id"]


def test_a_case_collects_results(filled: Any, asking: Asking) -> None:
    client = filled.operator
    case, (search, item) = open_case(client), first(client, asking)
    pin = client.post(
        f"/cases/{case}/pins", {"item": item, "search": search, "note": "at the door"}, status=201
    )
    assert (pin["score"], pin["state"], pin["by"], pin["item"]["person"]) == (
        pytest.approx(1),
        "open",
        "operator",
        "ann",
    )
    assert client.code("POST", f"/cases/{case}/pins", status=409, json={"item": item}) == "conflict"
    read = client.get(f"/cases/{case}")
    assert (read["pin_count"], read["pins"]) == (1, [pin])
    changed = client.ask("PATCH", f"/cases/{case}", json={"note": "closed now", "closed": True})
    assert (changed["note"], changed["closed"], changed["name"]) == ("closed now", True, "The red coat")
    assert [c["id"] for c in client.get("/cases")["cases"]] == [case]
    client.ask("DELETE", f"/cases/{case}/pins/{item}", status=204)
    assert client.get(f"/cases/{case}")["pins"] == []
    assert client.code("DELETE", f"/cases/{case}/pins/{item}", status=404) == "not_found"


def test_a_score_is_what_the_search_said(filled: Any, asking: Asking) -> None:
    client = filled.operator
    case, (search, _) = open_case(client), first(client, asking)
    narrow = client.post("/search", asking("red", top=1))
    other = client.post("/search", asking("blue", top=1))["results"][0]["item"]["id"]
    body = {"item": other, "search": narrow["search"]}
    assert client.code("POST", f"/cases/{case}/pins", status=404, json=body) == "not_found"
    verdict = {"item": other, "search": narrow["search"], "verdict": "verified"}
    assert client.code("POST", "/verdicts", status=404, json=verdict) == "not_found"
    assert search != narrow["search"]


def test_an_erased_item_leaves_its_case(filled: Any, asking: Asking) -> None:
    client = filled.operator
    case, (search, item) = open_case(client), first(client, asking)
    client.post(f"/cases/{case}/pins", {"item": item, "search": search}, status=201)
    client.post("/verdicts", {"search": search, "item": item, "verdict": "verified"}, status=201)
    filled.supervisor.post("/erase", {"person": "ann", "reason": "request", "reference": "1"})
    assert client.get(f"/cases/{case}")["pins"] == []


def test_verdicts_of_two_people(filled: Any, asking: Asking) -> None:
    search, item = first(filled.operator, asking)

    def say(client: Any, verdict: str) -> str:
        return client.post("/verdicts", {"search": search, "item": item, "verdict": verdict}, status=201)[
            "state"
        ]

    assert [say(filled.operator, "verified"), say(filled.operator, "verified")] == ["verified once"] * 2
    assert say(filled.supervisor, "verified") == "verified"
    assert say(filled.supervisor, "rejected") == "rejected"
    counts = filled.operator.get("/calibration/verdicts")
    assert counts == {
        "evidence": [{"evidence": "text", "verified": 1, "rejected": 1, "enough": False}], "needed": 20,
    }  # fmt: skip


@pytest.fixture(scope="module")
def strict(make_service: Callable[..., Any], serve: Any) -> Any:
    service = make_service(settings=Settings(two_person=True))
    with serve(service) as url:
        yield service, url


def test_nobody_is_named_before_two_people_have_verified_them(
    strict: Any, new_tenant: Any, people: list[dict[str, Any]], asking: Asking
) -> None:
    tenant = new_tenant(*strict)
    tenant.operator.post("/items", {"items": people}, status=201)

    def look(reference: str = "2026/117") -> dict[str, Any]:
        answer = tenant.operator.post("/search", asking("red", group_by="person") | {"reference": reference})
        found = answer["results"][0]
        assert found["group"]["key"] != "ann" or not found["item"]["identity_hidden"]
        return found["item"] | {"search": answer["search"]}

    one = look()
    assert (one["person"], one["identity_hidden"], one["source"]) == (None, True, "")
    assert tenant.operator.get(f"/items/{one['id']}")["person"] is None
    verdict = {"search": one["search"], "item": one["id"], "verdict": "verified"}
    for _ in range(2):
        said = tenant.operator.post("/verdicts", verdict, status=201)
        assert (said["state"], said["person"], said["identity_hidden"]) == ("verified once", None, True)
    other = tenant.client("operator", name="second")
    answer = other.post("/search", asking("red"))
    said = other.post("/verdicts", verdict | {"search": answer["search"]}, status=201)
    assert (said["state"], said["person"], said["identity_hidden"]) == ("verified", "ann", False)
    assert look()["person"] == "ann"
    assert look("another case")["person"] is None
    for body in (asking("red", people=["ann"]), asking("red", watchlist="wanted")):
        assert tenant.operator.code("POST", "/search", status=403, json=body) == "forbidden"
    assert tenant.operator.code("GET", "/items", status=403, params={"person": "ann"}) == "forbidden"
    everything = json.dumps(
        [tenant.operator.get("/items"), tenant.operator.get("/cases"), look("another case")]
    )
    assert '"ann"' not in everything


def test_verdicts_refit_the_curve_of_probabilities(filled: Any, asking: Asking, encoder: Any) -> None:
    assert (
        filled.supervisor.code("POST", "/calibration/refit", status=409, json={"evidence": "text"})
        == "conflict"
    )
    gallery = filled.service.gallery(filled.name)
    flat = SearchScores(
        mated=np.linspace(0, 1, 20), non_mated=np.linspace(0, 1, 20), right=np.linspace(0, 1, 20),
        wrong=np.linspace(0, 0.99, 20), candidates=5.0,
    )  # fmt: skip
    gallery.calibrate(
        Calibration(encoder.fingerprint, encoder.fingerprint, Modality.RGB, "p", "d", 9, {Modality.TEXT: 1.0},
                    {"text": EvidenceCalibration.of(flat)})
    )  # fmt: skip
    before = [r["probability"] for r in filled.operator.post("/search", asking("red"))["results"]]
    assert before[0] - before[-1] < 0.5
    answer = filled.operator.post("/search", asking("red"))
    with filled.service.transaction(filled.name) as connection:
        space = find_space(connection, filled.name, GALLERY)
        assert space is not None
        rows = find_items(connection, space, ["ann/1", "cat/1"])
        for number, right in itertools.product(range(20), (True, False)):
            cases.give_verdict(
                connection,
                filled.name,
                gallery_id=space.gallery_id,
                item_id=rows["ann/1" if right else "cat/1"].id,
                search=str(uuid.UUID(int=number)),
                score=answer["results"][0 if right else -1]["score"],
                evidence="text",
                right=right,
                by="ann",
            )
    refit = filled.supervisor.post("/calibration/refit", {"evidence": "text"})
    assert (refit["verified"], refit["rejected"]) == (20, 20)
    assert refit["slope"] > 3
    after = [r["probability"] for r in filled.operator.post("/search", asking("red"))["results"]]
    assert after[0] - after[-1] > 0.7


def test_a_case_is_handed_on_as_zip_and_pdf(filled: Any, asking: Asking) -> None:
    client = filled.operator
    case = client.post(
        "/cases", {"name": "Cost $5 & <b>", "reference": "7", "note": "Straße\nnext"}, status=201
    )["id"]
    answer = client.post("/search", asking("red"))
    for result in answer["results"]:
        client.post(
            f"/cases/{case}/pins", {"item": result["item"]["id"], "search": answer["search"]}, status=201
        )
    with zipfile.ZipFile(io.BytesIO(client.get(f"/cases/{case}/export"))) as archive:
        content = json.loads(archive.read("case.json"))
        pictures = [name for name in archive.namelist() if name.endswith(".jpg")]
        assert all(archive.read(name).startswith(b"\xff\xd8") for name in pictures)
    assert len(pictures) == len(content["pictures"]) == 5
    assert content["case"]["name"] == "Cost $5 & <b>"
    last = filled.auditor.get("/audit", params={"action": "export"})["entries"][-1]
    assert content["audit"]["hash"] == last["hash"]
    document = client.get(f"/cases/{case}/export", params={"format": "pdf"})
    assert document.startswith(b"%PDF-")
    assert document.count(b"/Type /Page\n") + document.count(b"/Type /Page ") == 2
