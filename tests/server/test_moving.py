"""A gallery goes out as a file, comes in again, and changes its encoder."""

import base64
import io
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crossreid.server.moving import PARQUET
from crossreid.server.settings import Settings
from crossreid.server.templates import secret_of

WHY = {"purpose": "another server", "reference": "2026/9"}
SENT = {"Content-Type": PARQUET}


def finish(client: Any, job: dict[str, Any]) -> dict[str, Any]:
    end = time.monotonic() + 240
    while job["state"] in ("waiting", "running"):
        assert time.monotonic() < end
        time.sleep(0.02)
        job = client.get(f"/jobs/{job['id']}")
    return job


def export(tenant: Any, **asked: Any) -> bytes:
    return tenant.supervisor.get("/export", params=WHY | asked)


def changed(file: bytes, **columns: Any) -> bytes:
    """The same file with other values in some columns."""
    table = pq.read_table(io.BytesIO(file))
    for name, value in columns.items():
        at = table.schema.get_field_index(name)
        field = table.schema.field(at)
        table = table.set_column(at, field, pa.array([value] * table.num_rows, field.type))
    stream = io.BytesIO()
    pq.write_table(table, stream)
    return stream.getvalue()


def scores(answer: dict[str, Any]) -> dict[str, float]:
    return {result["item"]["id"]: result["score"] for result in answer["results"]}


def test_what_goes_out_comes_in_elsewhere(
    filled: Any, service: Any, url: str, new_tenant: Any, asking: Callable[..., dict[str, Any]], encoder: Any
) -> None:
    file = export(filled, crops=True)
    written = pq.read_table(io.BytesIO(file))
    vectors = np.stack(written["vector"].to_pylist())
    seen = encoder.encode(["red"], modality="text").vectors[0]
    assert written["person"].to_pylist()[int(np.argmax(vectors @ seen))] == "ann", (
        "out of the secret rotation"
    )
    assert all(crop.startswith(b"\x89PNG") for crop in written["crop"].to_pylist())
    (entry,) = filled.auditor.get("/audit", params={"action": "export"})["entries"]
    assert (entry["purpose"], entry["reference"]) == (WHY["purpose"], WHY["reference"])
    assert (entry["content"]["items"], entry["content"]["crops"]) == (5, True)

    other = new_tenant(service, url)
    job = finish(other.operator, other.operator.post("/imports", status=202, content=file, headers=SENT))
    assert (job["state"], job["result"]) == ("done", {"enrolled": 5, "known": 0, "erased": 0})
    ours, theirs = (one.operator.post("/search", asking("red and white")) for one in (filled, other))
    assert scores(theirs) == pytest.approx(scores(ours), abs=1e-4)
    item = theirs["results"][0]["item"]
    assert other.operator.get(f"/items/{item['id']}/crop")[:2] == b"\xff\xd8"
    again = finish(other.operator, other.operator.post("/imports", status=202, content=file, headers=SENT))
    assert again["result"] == {"enrolled": 0, "known": 5, "erased": 0}


def test_pictures_go_out_only_where_they_are_asked_for(filled: Any) -> None:
    assert pq.read_table(io.BytesIO(export(filled)))["crop"].null_count == 5


@pytest.mark.parametrize("missing", ["purpose", "reference"])
def test_an_export_is_on_record(filled: Any, missing: str) -> None:
    asked = WHY | {missing: " "}
    assert filled.supervisor.code("GET", "/export", status=422, params=asked) == f"{missing}_required"
    assert filled.auditor.get("/audit", params={"action": "export"})["entries"] == []


def test_names_that_two_people_have_to_verify_do_not_go_out(
    make_service: Callable[..., Any], serve: Any, new_tenant: Any, people: list[dict[str, Any]]
) -> None:
    service = make_service(settings=Settings(two_person=True))
    with serve(service) as url:
        tenant = new_tenant(service, url)
        tenant.operator.post("/items", {"items": people}, status=201)
        assert tenant.supervisor.code("GET", "/export", status=403, params=WHY) == "forbidden"


def test_an_empty_gallery_has_nothing_to_export(tenant: Any) -> None:
    assert tenant.supervisor.code("GET", "/export", status=409, params=WHY) == "gallery_empty"


@pytest.mark.parametrize("body", [b"no parquet", b"PAR1" + bytes(20) + b"PAR1"])
def test_other_files_start_no_job(tenant: Any, body: bytes) -> None:
    code = tenant.operator.code("POST", "/imports", status=400, content=body, headers=SENT)
    assert code == "bad_archive"
    assert tenant.operator.get("/jobs")["jobs"] == []


def test_a_file_that_says_that_it_is_huge_is_not_unpacked(
    make_service: Callable[..., Any], serve: Any, filled: Any
) -> None:
    file, small = (
        export(filled),
        make_service(settings=Settings(limits=replace(Settings().limits, unpacked_bytes=100))),
    )
    with serve(small) as url:
        client = filled.client("operator", name="o2", url=url)
        assert client.code("POST", "/imports", status=413, content=file, headers=SENT) == "archive_too_large"


@pytest.mark.parametrize(
    ("columns", "code"),
    [({"person": "a\nb"}, "bad_value"), ({"camera": "c" * 201}, "bad_value"), ({"crop": b"<svg/>"}, "bad_picture"),
     ({"vector": [float("nan")] * 64}, "bad_value"), ({"modality": "smell"}, "bad_value")],
)  # fmt: skip
def test_rows_that_nobody_may_send_are_refused(
    filled: Any, service: Any, url: str, new_tenant: Any, columns: dict[str, Any], code: str
) -> None:
    file, other = changed(export(filled), **columns), new_tenant(service, url)
    job = finish(other.operator, other.operator.post("/imports", status=202, content=file, headers=SENT))
    assert job["state"] == "failed"
    assert job["error"].startswith(f"{code}: "), job
    assert other.operator.get("/items")["items"] == []


def test_no_file_of_the_server_can_be_named(filled: Any, service: Any, url: str, new_tenant: Any) -> None:
    file, other = changed(export(filled), root="/", crop=None), new_tenant(service, url)
    finish(other.operator, other.operator.post("/imports", status=202, content=file, headers=SENT))
    (item, *_) = other.operator.get("/items")["items"]
    assert item["crop"] is False
    assert other.operator.code("GET", f"/items/{item['id']}/crop", status=404) == "not_found"


@pytest.fixture
def newer(colours: Any, encoder: Any) -> Any:
    """Another encoder, that sees the same."""

    class Newer(type(encoder)):
        fingerprint = "newer@newer"

    return Newer(space="newer", source="newer")


def test_another_encoder_takes_over_when_it_has_seen_every_picture(
    filled: Any,
    make_service: Callable[..., Any],
    serve: Any,
    newer: Any,
    asking: Callable[..., dict[str, Any]],
) -> None:
    assert filled.admin.code("POST", "/reembed", status=409) == "conflict"
    before = filled.operator.post("/search", asking("red"))
    service = make_service(encoder=newer)
    with serve(service) as url:
        admin, operator = (filled.client(role, name=f"{role} 2", url=url) for role in ("admin", "operator"))
        assert operator.code("POST", "/search", status=409, json=asking("red")) == "foreign_fingerprint"
        job = finish(admin, admin.post("/reembed", status=202))
        assert (job["state"], job["result"]) == ("done", {"items": 5, "fingerprint": newer.fingerprint}), job
        after = operator.post("/search", asking("red"))
        assert scores(after) == pytest.approx(scores(before), abs=1e-4)
        models = operator.get("/models")
        assert (models["gallery"]["fingerprint"], models["protected"]) == (newer.fingerprint, True)
    with service.transaction(filled.name) as connection:
        space = service.space(connection, filled.name)
    assert secret_of(space.rotation)
    assert filled.operator.code("POST", "/search", status=409, json=asking("red")) == "foreign_fingerprint"
    (entry,) = filled.auditor.get("/audit", params={"action": "encoder"})["entries"]
    assert entry["content"]["items"] == 5


def test_the_old_encoder_stays_while_a_picture_is_missing(
    filled: Any, make_service: Callable[..., Any], serve: Any, newer: Any, asking: Callable[..., dict[str, Any]],
    encoder: Any,
) -> None:  # fmt: skip
    vector = base64.b64encode(
        encoder.encode(["red"], modality="text").vectors[0].astype("<f4").tobytes()
    ).decode()
    blind = {"items": [{"id": "blind", "vector": vector}], "fingerprint": encoder.fingerprint}
    filled.operator.post("/items", blind, status=201)
    with serve(make_service(encoder=newer)) as url:
        admin = filled.client("admin", name="a2", url=url)
        job = finish(admin, admin.post("/reembed", status=202))
        assert job["state"] == "failed"
        assert "1 item without a picture" in job["error"]
        assert "'blind'" in job["error"]
        assert len(filled.operator.post("/search", asking("red"))["results"]) == 6
        filled.supervisor.post("/erase", {"items": ["YmxpbmQ"], "reason": "no picture", "reference": "1"})
        job = finish(admin, admin.post("/reembed", status=202))
        assert (job["state"], job["result"]["items"]) == ("done", 0), "what was embedded is kept"
