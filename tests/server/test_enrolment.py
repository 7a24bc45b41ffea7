import base64
import io
import json
import struct
import time
import zipfile
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import numpy as np
import pytest

from crossreid.core.modality import Modality
from crossreid.core.track import Track, write_batch, write_track
from crossreid.data.images import decode_image
from crossreid.edge.sender import Cloud, Sender
from crossreid.edge.spool import Spool

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def count(tenant: Any) -> int:
    return tenant.operator.get("/statistics")["items"]


def test_what_was_answered_is_there(filled: Any) -> None:
    listed = filled.operator.get("/items", params={"camera": "door"})["items"]
    assert [item["person"] for item in listed] == ["cat", "bob", "ann"]
    one = filled.operator.get(f"/items/{listed[0]['id']}")
    assert one == listed[0]
    statistics = filled.operator.get("/statistics")
    assert (statistics["items"], statistics["people"], statistics["crops"]) == (5, 3, 5)
    assert statistics["cameras"] == [{"name": "door", "items": 3}, {"name": "yard", "items": 2}]


def test_items_are_listed_page_by_page(filled: Any) -> None:
    seen, cursor = [], ""
    while cursor is not None:
        page = filled.operator.get("/items", params={"limit": 2, "cursor": cursor})
        seen += [item["id"] for item in page["items"]]
        cursor = page["cursor"]
    assert len(seen) == len(set(seen)) == 5


def test_a_known_id_stays_as_it_is(filled: Any, people: list[dict[str, Any]]) -> None:
    changed = [people[0] | {"person": "somebody"}, people[1] | {"id": "new"}]
    answer = filled.operator.post("/items", {"items": changed}, status=201)["items"]
    assert [(item["name"], item["status"]) for item in answer] == [("ann/1", "known"), ("new", "enrolled")]
    assert filled.operator.get(f"/items/{answer[0]['id']}")["person"] == "ann"


def test_an_idempotency_key_gives_one_answer(tenant: Any, people: list[dict[str, Any]]) -> None:
    nameless = [{name: value for name, value in person.items() if name != "id"} for person in people]
    headers = {"Idempotency-Key": "once"}
    body, client = {"items": nameless}, tenant.operator
    with ThreadPoolExecutor(4) as pool:

        def send(_: int) -> Any:
            answer = client.http.post("/v1/items", json=body, headers=headers)
            return answer.status_code, answer.json()

        answers = list(pool.map(send, range(4)))
    good = [content for status, content in answers if status == 201]
    assert good
    assert all(
        status == 201 or content["error"]["code"] == "idempotency_in_progress" for status, content in answers
    )
    assert tenant.operator.post("/items", body, status=201, headers=headers) == good[0]
    assert count(tenant) == 5
    other = {"items": nameless[:1]}
    assert (
        tenant.operator.code("POST", "/items", status=422, json=other, headers=headers)
        == "idempotency_key_reused"
    )
    tenant.supervisor.post("/items", other, status=201, headers=headers)
    assert count(tenant) == 6


def test_a_vector_is_enrolled_as_it_is(
    tenant: Any, encoder: Any, asking: Callable[..., dict[str, Any]]
) -> None:
    vector = encoder.encode(["green"], modality="text").vectors[0] * 7
    item = {"id": "v", "person": "cat", "vector": base64.b64encode(vector.astype("<f4").tobytes()).decode()}
    body = {"items": [item], "fingerprint": encoder.fingerprint}
    tenant.operator.post("/items", body, status=201)
    assert tenant.operator.post("/search", asking("green"))["results"][0]["score"] == pytest.approx(1)
    foreign = body | {"fingerprint": "other@elsewhere", "items": [item | {"id": "w"}]}
    assert tenant.operator.code("POST", "/items", status=409, json=foreign) == "foreign_fingerprint"
    assert count(tenant) == 1


def bomb(width: int, height: int) -> str:
    """Some bytes of a PNG that says it is that large."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b""))).decode()


def bad_items(paint: Callable[..., str]) -> dict[str, tuple[int, str, dict[str, Any]]]:
    def floats(*numbers: float) -> str:
        return base64.b64encode(np.array(numbers, "<f4").tobytes()).decode()

    fit = {"fingerprint": "colours@colours"}
    return {
        "no base64": (400, "bad_base64", {"items": [{"picture": "%%"}]}),
        "no picture": (400, "bad_picture", {"items": [{"picture": base64.b64encode(b"GIF89a").decode()}]}),
        "truncated": (400, "bad_picture", {"items": [{"picture": paint("red")[:80]}]}),
        "too many pixels": (
            413,
            "picture_too_large",
            {"items": [{"picture": bomb(60_000, 60_000)}]},
        ),
        "narrow vector": (400, "vector_width", {"items": [{"vector": floats(1, 2)}], **fit}),
        "nan": (400, "vector_not_finite", {"items": [{"vector": floats(*[float("nan")] * 64)}], **fit}),
        "zero": (400, "bad_vector", {"items": [{"vector": floats(*[0.0] * 64)}], **fit}),
        "no fingerprint": (400, "malformed", {"items": [{"vector": floats(*[1.0] * 64)}]}),
        "words": (400, "malformed", {"items": [{"modality": "text", "picture": paint("red")}]}),
        "nothing": (400, "malformed", {"items": [{"person": "ann"}]}),
        "no items": (400, "malformed", {"items": []}),
        "too many": (400, "malformed", {"items": [{"vector": "AAAA"}] * 257}),
        "twice": (400, "malformed", {"items": [{"id": "a", "picture": paint("red")}] * 2}),
        "a time without a zone": (
            400,
            "malformed",
            {"items": [{"picture": paint("red"), "time": "2026-03-01T12:00:00"}]},
        ),
        "a nul": (400, "malformed", {"items": [{"picture": paint("red"), "person": "a\0b"}]}),
        "a misspelt field": (400, "malformed", {"items": [{"picture": paint("red"), "persn": "ann"}]}),
        "a long name": (400, "malformed", {"items": [{"picture": paint("red"), "person": "a" * 201}]}),
    }


@pytest.mark.parametrize("what", list(bad_items(lambda *a, **k: "")))
def test_bad_items_are_refused_and_nothing_of_their_batch_is_kept(
    tenant: Any, paint: Callable[..., str], what: str
) -> None:
    status, code, body = bad_items(paint)[what]
    with_good = body | {
        "items": [{"picture": paint("red")}, *body["items"]] if len(body["items"]) == 1 else body["items"]
    }
    assert tenant.operator.code("POST", "/items", status=status, json=with_good) == code
    assert count(tenant) == 0
    assert not tenant.auditor.get("/audit", params={"action": "enrol"})["entries"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'{"items": ' + b"[" * 20_000, b'{"items": [{"picture": "\xff"}]}',
     b'{"items": NaN}', b'{"items": [{"person": "\\ud800", "vector": "AAAA"}]}', b"9" * 5000],
)  # fmt: skip
def test_what_is_no_json_of_ours_is_refused(tenant: Any, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    assert tenant.operator.code("POST", "/items", status=400, content=body, headers=headers) == "malformed"


def track(key: str, vector: np.ndarray, *, camera: str = "cam7", picture: bytes = b"") -> bytes:
    unit = (vector / max(np.linalg.norm(vector), 1e-9)).astype(np.float32)
    return write_track(
        Track(key, camera, Modality.RGB, NOON, NOON, 5, 2, 0.5, (0.0, 0.0, 20.0, 40.0), unit, picture)
    )


def test_a_device_delivers_by_its_own_contract(
    tenant: Any, encoder: Any, asking: Callable[..., dict[str, Any]], paint: Callable[..., str]
) -> None:
    device = tenant.client("device", scopes=("camera:cam7",))
    red, green = encoder.encode(["red", "green"], modality="text").vectors
    picture = base64.b64decode(paint("red", kind="JPEG"))
    tracks = [track("t1", red, picture=picture), track("t2", green), track("t3", red, camera="cam8"),
              track("t4", np.zeros(64)), track("t5", red, picture=b"no picture")]  # fmt: skip
    body = write_batch(tracks, fingerprint=encoder.fingerprint)
    cloud = Cloud(tenant.url, token=device.key)
    first = cloud.deliver(body)
    assert (first.accepted, first.known, sorted(first.refused)) == (("t1", "t2"), (), ["t3", "t4", "t5"])
    assert "bad_picture" in first.refused["t5"]
    assert cloud.deliver(body).known == ("t1", "t2")
    found = tenant.operator.post("/search", asking("red", group_by="track"))["results"]
    assert [(r["item"]["track"], r["item"]["crop"], r["item"]["camera"]) for r in found] == [
        ("t1", True, "cam7"), ("t2", False, "cam7"),
    ]  # fmt: skip
    tenant.supervisor.post("/erase", {"track": "t1", "reason": "request", "reference": "1"})
    assert cloud.deliver(body).refused["t1"] == "it was erased on request"
    for bad, status in ((b"{}", 400), (write_batch(tracks, fingerprint="other@elsewhere"), 409),
                        (write_batch([track("t9", np.ones(3))], fingerprint=encoder.fingerprint), 409)):  # fmt: skip
        with pytest.raises(HTTPError) as caught:
            cloud.deliver(bad)
        assert caught.value.code == status
        caught.value.close()
    assert tenant.operator.code("POST", "/tracks", status=403, content=body) == "forbidden"


def test_a_spool_is_emptied_into_the_server(tenant: Any, encoder: Any, tmp_path: Path) -> None:
    with closing(Spool(tmp_path)) as spool:
        for number, row in enumerate(encoder.encode(["red", "green", "blue"], modality="text").vectors):
            with spool.transaction():
                spool.put(
                    f"k{number}", track(f"k{number}", row), fingerprint=encoder.fingerprint, rotation=""
                )
        with Sender(tmp_path, Cloud(tenant.url, token=tenant.device.key)) as sender:
            sender.drain(60.0)
        assert (spool.counts().sent, spool.counts().waiting) == (3, 0)
    assert count(tenant) == 3


def pack(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()


ZIP = {"Content-Type": "application/zip"}


def finish(client: Any, job: dict[str, Any]) -> dict[str, Any]:
    end = time.monotonic() + 60
    while job["state"] in ("waiting", "running"):
        assert time.monotonic() < end
        time.sleep(0.05)
        job = client.get(f"/jobs/{job['id']}")
    return job


def test_an_archive_is_enrolled_in_the_background(tenant: Any, paint: Callable[..., str]) -> None:
    files = {
        f"{person}/rgb/1.png": base64.b64decode(paint(colour))
        for person, colour in (("ann", "red"), ("bob", "blue"))
    }
    body = pack(files | {"cat/rgb/1.png": b"no picture"})
    job = finish(tenant.operator, tenant.operator.post("/imports", status=202, content=body, headers=ZIP))
    assert (job["state"], job["progress"], job["kind"]) == ("done", 1.0, "import")
    result = job["result"]
    assert (result["enrolled"], result["known"], result["skipped"]) == (2, 0, 1)
    assert result["first_skipped"][0]["name"] == "cat/rgb/1.png"
    again = finish(tenant.operator, tenant.operator.post("/imports", status=202, content=body, headers=ZIP))
    assert (again["result"]["enrolled"], again["result"]["known"]) == (0, 2)
    assert {item["person"] for item in tenant.operator.get("/items")["items"]} == {"ann", "bob"}
    assert len(tenant.operator.get("/jobs")["jobs"]) == 2
    assert tenant.operator.post(f"/jobs/{job['id']}/cancel")["state"] == "done"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"no archive", "bad_archive"),
        (pack({"../1.png": b"x"}), "unsafe_name"),
        (pack({"a.txt": b"x"}), "bad_archive"),
    ],
)
def test_bad_archives_start_no_job(tenant: Any, body: bytes, code: str) -> None:
    assert tenant.operator.code("POST", "/imports", status=400, content=body, headers=ZIP) == code
    assert tenant.operator.get("/jobs")["jobs"] == []
    json_type = {"Content-Type": "application/json"}
    assert (
        tenant.operator.code("POST", "/imports", status=415, content=body, headers=json_type)
        == "unsupported_media_type"
    )


def test_crops_are_sealed_in_the_store_and_drawn_anew_on_the_way_out(
    tenant: Any, paint: Callable[..., str]
) -> None:
    picture = base64.b64decode(paint("red", kind="JPEG", shape=(100, 50)))
    hidden = picture + b"<script>secret</script>"
    body = {"items": [{"id": "a", "picture": base64.b64encode(hidden).decode()},
                      {"id": "b", "picture": base64.b64encode(hidden).decode(), "keep_crop": False}]}  # fmt: skip
    kept, dropped = tenant.operator.post("/items", body, status=201)["items"]
    shown = tenant.operator.get(f"/items/{kept['id']}/crop", params={"height": 40})
    assert decode_image(shown).shape == (40, 20, 3)
    assert b"script" not in shown
    assert tenant.operator.code("GET", f"/items/{dropped['id']}/crop", status=404) == "not_found"
    sealed = tenant.service.gallery(tenant.name).crop("a")
    assert sealed.startswith(b"CRS1")
    assert b"script" not in sealed
    assert hidden[:20] not in sealed


def test_a_batch_is_written_down(filled: Any) -> None:
    (entry,) = filled.auditor.get("/audit", params={"action": "enrol"})["entries"]
    assert entry["content"]["items"] == ["ann/1", "ann/2", "bob/1", "bob/2", "cat/1"]
    assert json.dumps(entry).count("picture") == 0
