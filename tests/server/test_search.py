import base64
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from crossreid.core.modality import Modality
from crossreid.evaluation.calibration import Calibration, EvidenceCalibration
from crossreid.evaluation.searches import SearchScores
from crossreid.server.service import GALLERY

Asking = Callable[..., dict[str, Any]]


def names(answer: dict[str, Any]) -> list[str]:
    return [result["item"]["person"] for result in answer["results"]]


def pieces(asking: Asking, *evidence: dict[str, Any], **options: Any) -> dict[str, Any]:
    return asking("red", **options) | {"evidence": list(evidence)}


def words(text: str, **options: Any) -> dict[str, Any]:
    return {"modality": "text", "text": text, **options}


def test_words_find_people(filled: Any, asking: Asking) -> None:
    answer = filled.operator.post("/search", asking("red"))
    assert names(answer)[:2] == ["ann", "ann"]
    first = answer["results"][0]
    assert first["score"] == pytest.approx(1)
    assert first["item"] | {"id": ""} == {
        "id": "", "person": "ann", "identity_hidden": False, "track": "", "camera": "door",
        "time": "2026-03-01T01:00:00Z", "modality": "rgb", "source": "", "collection": "", "crop": True,
    }  # fmt: skip
    assert (answer["matched"], answer["candidates"], answer["weights"]) == (None, 5, [1.0])
    assert [result["rank"] for result in answer["results"]] == [1, 2, 3, 4, 5]
    assert [result["probability"] for result in answer["results"]] == [None] * 5


def test_contributions_are_shares_of_the_score(
    filled: Any, asking: Asking, paint: Callable[..., str]
) -> None:
    """Red and blue: the query is (red + blue) / sqrt 2, and with weights 3 and 1 it is (3 red + blue) / sqrt 10."""
    evidence = (words("red"), {"modality": "sketch", "picture": paint("blue")})
    even = filled.operator.post("/search", pieces(asking, *evidence))
    by_name = {result["item"]["camera"] + result["item"]["person"]: result for result in even["results"]}
    ann, bob = by_name["doorann"], by_name["doorbob"]
    assert (ann["cosines"], bob["cosines"]) == ([1, 0], [0, 1])
    assert ann["contributions"] == pytest.approx([2**-0.5, 0], abs=1e-5)
    weighed = filled.operator.post("/search", pieces(asking, evidence[0] | {"weight": 3.0}, evidence[1]))
    assert weighed["weights"] == [3, 1]
    for result in (*even["results"], *weighed["results"]):
        assert sum(result["contributions"]) == pytest.approx(result["score"], abs=1e-4)
    scores = {r["item"]["camera"] + r["item"]["person"]: r["score"] for r in weighed["results"]}
    assert scores["doorann"] == pytest.approx(3 / 10**0.5, abs=1e-5)
    assert scores["doorbob"] == pytest.approx(1 / 10**0.5, abs=1e-5)


def test_an_explanation_says_which_phrase_carried_the_score(filled: Any, asking: Asking) -> None:
    """`red and white`: without white the cosine with the red picture rises from 1/sqrt 2 to 1, without red it is 0."""
    answer = filled.operator.post("/search", asking("red and white", explain=True))
    red = next(r for r in answer["results"] if r["item"]["camera"] == "door" and r["item"]["person"] == "ann")
    shares = {share["text"]: share["contribution"] for share in red["phrases"]}
    assert shares == pytest.approx({"red": 2**-0.5, "white": 2**-0.5 - 1}, abs=1e-5)
    assert [(s["start"], s["end"], s["evidence"]) for s in red["phrases"]] == [(0, 3, 0), (8, 13, 0)]
    single = filled.operator.post("/search", asking("red", explain=True))["results"][0]
    assert single["phrases"][0]["contribution"] == pytest.approx(single["score"], abs=1e-5)
    assert filled.operator.post("/search", asking("red"))["results"][0]["phrases"] == []


def test_filters(filled: Any, asking: Asking) -> None:
    def found(**options: Any) -> list[str]:
        answer = filled.operator.post("/search", asking("red", **options))
        return sorted(f"{r['item']['person']} {r['item']['camera']}" for r in answer["results"])

    assert found(cameras=["door"]) == ["ann door", "bob door", "cat door"]
    assert found(people=["bob"]) == ["bob door", "bob yard"]
    assert found(after="2026-03-01T03:00:00Z", before="2026-03-01T05:00:00+01:00") == ["bob door", "bob yard"]
    assert found(modality="ir") == []
    assert found(top=1) == ["ann door"]
    filled.supervisor.ask("PUT", "/watchlists", json={"name": "wanted", "people": ["cat"]})
    assert found(watchlist="wanted") == ["cat door"]


def test_groups_of_people(filled: Any, asking: Asking) -> None:
    answer = filled.operator.post("/search", asking("red", group_by="person"))
    assert names(answer)[0] == "ann"
    assert sorted(names(answer)) == ["ann", "bob", "cat"]
    assert answer["results"][0]["group"] == {"key": "ann", "items": 2}
    assert {result["group"]["key"]: result["group"]["items"] for result in answer["results"]}["cat"] == 1


def test_an_enrolled_item_and_a_vector_are_evidence_too(filled: Any, asking: Asking, encoder: Any) -> None:
    first = filled.operator.post("/search", asking("green"))["results"][0]["item"]
    assert names(filled.operator.post("/search", pieces(asking, {"item": first["id"]})))[0] == "cat"
    vector = encoder.encode(["green"], modality="text").vectors[0]
    piece = {
        "modality": "text", "vector": base64.b64encode(vector.tobytes()).decode(), "fingerprint": encoder.fingerprint,
    }  # fmt: skip
    found = filled.operator.post("/search", pieces(asking, piece))
    assert (names(found)[0], found["results"][0]["score"]) == ("cat", pytest.approx(1))
    foreign = piece | {"fingerprint": "other@elsewhere"}
    assert (
        filled.operator.code("POST", "/search", status=409, json=pieces(asking, foreign))
        == "foreign_fingerprint"
    )
    turned = piece | {"rotation": "elsewhere"}
    assert (
        filled.operator.code("POST", "/search", status=409, json=pieces(asking, turned))
        == "foreign_fingerprint"
    )
    missing = {"item": "bm8tc3VjaA"}
    assert filled.operator.code("POST", "/search", status=404, json=pieces(asking, missing)) == "not_found"


@pytest.mark.parametrize("name", ["purpose", "reference"])
@pytest.mark.parametrize("value", [None, "", "  "])
def test_nobody_searches_without_saying_why(
    filled: Any, asking: Asking, name: str, value: str | None
) -> None:
    body = {key: v for key, v in (asking("red") | {name: value}).items() if v is not None}
    assert filled.operator.code("POST", "/search", status=422, json=body) == f"{name}_required"


def test_an_empty_gallery_says_so(tenant: Any, asking: Asking, people: list[dict[str, Any]]) -> None:
    assert tenant.operator.code("POST", "/search", status=409, json=asking("red")) == "gallery_empty"
    tenant.operator.post("/items", {"items": people[:1]}, status=201)
    tenant.supervisor.post("/erase", {"person": "ann", "reason": "test", "reference": "1"})
    assert tenant.operator.code("POST", "/search", status=409, json=asking("red")) == "gallery_empty"


def test_a_search_is_in_the_log_with_evidence_and_results_but_without_vectors(
    filled: Any, asking: Asking
) -> None:
    answer = filled.operator.post("/search", asking("red", cameras=["door"]))
    (entry,) = filled.auditor.get("/audit", params={"action": "search"})["entries"]
    assert (entry["actor"], entry["purpose"], entry["reference"]) == (
        "operator",
        "missing person",
        "2026/117",
    )
    content = entry["content"]
    assert content["search"] == answer["search"]
    assert content["evidence"] == [{"modality": "text", "text": "red", "weight": 1.0}]
    assert content["filters"] == {"cameras": ["door"]}
    found = [result["item"] for result in content["results"]]
    assert (found[0], sorted(found)) == ("ann/1", ["ann/1", "bob/1", "cat/1"])


def calibrate(tenant: Any, encoder: Any) -> None:
    """By words, 200 searches for people who are not there score below 0.5 but for two."""
    scores = SearchScores(
        mated=np.linspace(0.6, 1, 50),
        non_mated=np.concatenate([np.linspace(0, 0.5, 198), [0.8, 0.9]]),
        right=np.linspace(0.6, 1, 50),
        wrong=np.linspace(0, 0.6, 200),
        candidates=5.0,
    )
    calibration = Calibration(
        query_fingerprint=encoder.fingerprint,
        gallery_fingerprint=encoder.fingerprint,
        gallery=Modality.RGB,
        protocol="source-excluded",
        data="drawn",
        people=50,
        weights={Modality.SKETCH: 0.5, Modality.TEXT: 1.5},
        evidence={"text": EvidenceCalibration.of(scores)},
    )
    tenant.service.database.gallery(tenant.name, GALLERY).calibrate(calibration)


def test_a_calibrated_search_may_answer_nobody(filled: Any, asking: Asking, encoder: Any) -> None:
    calibrate(filled, encoder)
    sure = filled.operator.post("/search", asking("red", fpir=0.005))
    assert (sure["matched"], names(sure)) == (True, ["ann"])
    assert 0.8 <= sure["threshold"] <= 0.9
    assert sure["missed"] == pytest.approx(0.5, abs=0.2)
    assert sure["results"][0]["probability"] > 0.9
    nobody = filled.operator.post("/search", asking("yellow", fpir=0.005))
    assert (nobody["matched"], nobody["results"]) == (False, [])
    plain = filled.operator.post("/search", asking("red"))
    chances = [result["probability"] for result in plain["results"]]
    assert chances == sorted(chances, reverse=True)
    assert chances[0] > 0.9 > 0.1 > chances[-1]


def test_weights_come_from_the_calibration_unless_somebody_sets_them(
    filled: Any, asking: Asking, encoder: Any, paint: Callable[..., str]
) -> None:
    calibrate(filled, encoder)
    sketch = {"modality": "sketch", "picture": paint("blue")}
    assert filled.operator.post("/search", pieces(asking, words("red"), sketch))["weights"] == [1.5, 0.5]
    own = filled.operator.post("/search", pieces(asking, words("red", weight=2.0), sketch))
    assert own["weights"] == [2, 1]
    assert own["results"][0]["probability"] is None


@pytest.mark.parametrize(
    "evidence", [[words("red", weight=2.0)], [words("red"), {"modality": "ir", "picture": ""}]]
)
def test_a_rate_needs_a_calibration_of_that_evidence(
    filled: Any, asking: Asking, encoder: Any, paint: Callable[..., str], evidence: list[dict[str, Any]]
) -> None:
    calibrate(filled, encoder)
    given = [piece | ({"picture": paint("red")} if "picture" in piece else {}) for piece in evidence]
    body = pieces(asking, *given, fpir=0.01)
    assert filled.operator.code("POST", "/search", status=409, json=body) == "not_calibrated"


def test_a_server_without_a_key_finds_the_same(
    make_service: Callable[..., Any], serve: Any, new_tenant: Any, filled: Any, asking: Asking,
    people: list[dict[str, Any]],
) -> None:  # fmt: skip
    plain = make_service(key=None)
    with serve(plain) as url:
        tenant = new_tenant(plain, url)
        tenant.operator.post("/items", {"items": people}, status=201)
        clear = tenant.operator.post("/search", asking("red and blue", explain=True))
        assert tenant.operator.get("/models")["protected"] is False
        assert not any(result["item"]["crop"] for result in clear["results"])
    hidden = filled.operator.post("/search", asking("red and blue", explain=True))
    assert filled.operator.get("/models")["protected"] is True
    # Equal scores may change places by their last digit.
    pairs = (sorted(answer["results"], key=lambda result: result["item"]["id"]) for answer in (clear, hidden))
    for one, other in zip(*pairs, strict=True):
        assert one["score"] == pytest.approx(other["score"], abs=1e-4)
        assert [p["contribution"] for p in one["phrases"]] == pytest.approx(
            [p["contribution"] for p in other["phrases"]], abs=1e-4
        )
