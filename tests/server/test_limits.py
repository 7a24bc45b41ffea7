"""Too much, too large, too slow, too late; and what breaks behind the server."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from crossreid.gallery.postgres.database import Database
from crossreid.server import limits
from crossreid.server.limits import Turnstile
from crossreid.server.refusals import RefusalError
from crossreid.server.service import Service
from crossreid.server.settings import Limits, Settings

Make = Callable[..., Service]


class Held:
    """An encoder that waits for `go`, or dies."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.go, self.calls, self.dies = inner, threading.Event(), 0, False
        self.fingerprint, self.dim, self.modalities = inner.fingerprint, inner.dim, inner.modalities

    def encode(
        self, items: Any, *, modality: Any = None, batch_size: int = 64, progress: bool = False
    ) -> Any:
        self.calls += 1
        assert self.go.wait(20)
        if self.dies:
            raise RuntimeError("out of memory")
        return self.inner.encode(items, modality=modality)


@pytest.fixture(scope="module")
def held(encoder: Any) -> Held:
    return Held(encoder)


@pytest.fixture(scope="module")
def small(make_service: Make, serve: Any, held: Held) -> Iterator[tuple[Service, Any]]:
    """A server that takes little: 3000 bytes, half a second for a body or a head, two requests at once."""
    limits = Limits(body_bytes=3000, body_s=0.5, requests=2, deadline_s=15.0)
    service = make_service(encoder=held, settings=Settings(limits=limits, open_metrics=True))
    with serve(service, header_s=0.5) as url:
        yield service, url


@pytest.fixture
def client(small: tuple[Service, Any], new_tenant: Any, held: Held) -> Iterator[Any]:
    held.go.set()
    held.dies = False
    yield new_tenant(*small).operator
    held.go.set()


EMBED = {"items": [{"modality": "text", "text": "red"}]}


def raw(url: str, *parts: bytes, pause_s: float = 0.0) -> bytes:
    """Send bytes, then read until the server closes."""
    where = urlsplit(url)
    with socket.create_connection((where.hostname, where.port), timeout=20) as connection:
        for part in parts:
            connection.sendall(part)
            time.sleep(pause_s)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
        return answer


def head(client: Any, *lines: str) -> bytes:
    fixed = ("POST /v1/embed HTTP/1.1", "Host: x", f"Authorization: Bearer {client.key}", *lines)
    return "\r\n".join([*fixed, "", ""]).encode()


def test_what_says_that_it_is_too_large_is_not_read(client: Any) -> None:
    answer = raw(client.url, head(client, "Content-Length: 999999999"))
    assert answer.startswith(b"HTTP/1.1 413")
    assert b'"body_too_large"' in answer


def test_what_becomes_too_large_is_cut_off(client: Any) -> None:
    chunk = b"400\r\n" + b"x" * 1024 + b"\r\n"
    answer = raw(client.url, head(client, "Transfer-Encoding: chunked"), *[chunk] * 200)
    assert answer.startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize("length", ["-1", "1e3", "0x10", "1, 2"])
def test_a_length_that_is_none_is_refused(client: Any, length: str) -> None:
    assert raw(client.url, head(client, f"Content-Length: {length}")).split(b" ")[1] in (b"400", b"413")


def test_a_body_that_never_ends_is_given_up(client: Any) -> None:
    began = time.monotonic()
    answer = raw(client.url, head(client, "Content-Length: 100"), b'{"items"')
    assert answer.startswith(b"HTTP/1.1 408")
    assert b'"body_too_slow"' in answer
    assert 0.4 < time.monotonic() - began < 25


@pytest.mark.parametrize("sent", [b"", b"GET /v1/health HTTP/1.1\r\nHost: x\r\nX-Slow: "])
def test_a_head_that_never_ends_holds_no_connection(client: Any, sent: bytes) -> None:
    began = time.monotonic()
    raw(client.url, sent)
    assert time.monotonic() - began < 25


def test_a_connection_may_be_used_again_after_a_while(client: Any) -> None:
    for _ in range(2):
        client.post("/embed", EMBED)
        time.sleep(0.7)


def test_deadlines(client: Any, held: Held) -> None:
    held.go.clear()
    code = client.code("POST", "/embed", status=504, json=EMBED, headers={"X-Deadline-Ms": "50"})
    assert code == "deadline_exceeded"
    held.go.set()
    client.post("/embed", EMBED, headers={"X-Deadline-Ms": "60000"})
    client.post("/embed", EMBED, headers={"X-Deadline-Ms": "soon"})


def test_more_at_once_than_can_be_worked_on_are_told_to_come_back(
    client: Any, small: Any, held: Held
) -> None:
    held.go.clear()
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(client.post, "/embed", EMBED) for _ in range(2)]
        end = time.monotonic() + 15
        while b"crossreid_requests_in_progress 2.0" not in small[0].metrics.render():
            assert time.monotonic() < end
            time.sleep(0.01)
        answer = client.http.get("/v1/me")
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "overloaded")
        assert answer.headers["Retry-After"] == "1"
        assert client.get("/health")["status"] == "ok"
        held.go.set()
        assert all(one.result()["dim"] == 64 for one in waiting)


def test_going_down_finishes_what_was_begun_and_takes_nothing_new(
    client: Any, small: Any, held: Held
) -> None:
    guard = small[1].app.state.guard
    held.go.clear()
    calls = held.calls
    with ThreadPoolExecutor(1) as pool:
        begun = pool.submit(client.post, "/embed", EMBED)
        end = time.monotonic() + 15
        while held.calls == calls:
            assert time.monotonic() < end
            time.sleep(0.01)
        guard.draining = True
        try:
            answer = httpx.post(f"{client.url}/v1/embed", json=EMBED)
            assert (answer.status_code, answer.json()["error"]["code"]) == (503, "draining")
            assert answer.headers["Retry-After"] == "5"
            ready = httpx.get(f"{client.url}/v1/ready")
            assert (ready.status_code, ready.json()["checks"]["accepting"]) == (503, "going down")
            assert httpx.get(f"{client.url}/v1/health").status_code == 200
            held.go.set()
            assert begun.result()["dim"] == 64
        finally:
            guard.draining = False


def test_an_encoder_that_dies_takes_one_request_with_it(client: Any, held: Held) -> None:
    held.dies = True
    assert client.code("POST", "/embed", status=503, json=EMBED) == "encoder_failed"
    held.dies = False
    assert client.post("/embed", EMBED)["dim"] == 64


def test_metrics_count_answers_and_refusals(client: Any) -> None:
    client.post("/embed", EMBED)
    client.code("POST", "/embed", status=400, json={})
    told = client.get("/metrics").decode()
    assert 'crossreid_requests_total{method="POST",route="/v1/embed",status="200"}' in told
    assert 'crossreid_problems_total{code="malformed"}' in told
    assert "crossreid_encoder_batch_items_bucket" in told


def test_answers_carry_a_number_and_forbid_what_pages_need_not(client: Any) -> None:
    answer = client.http.get("/v1/me", headers={"X-Request-Id": "my-1"})
    assert answer.headers["X-Request-Id"] == "my-1"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "server" not in answer.headers
    odd = client.http.get("/v1/me", headers={"X-Request-Id": "a b\tc"})
    assert len(odd.headers["X-Request-Id"]) == 16


def test_a_caller_in_a_hurry_is_slowed_down(make_service: Make, serve: Any, new_tenant: Any) -> None:
    service = make_service(settings=Settings(limits=Limits(per_second=0.01, burst=3)))
    with serve(service) as url:
        tenant = new_tenant(service, url)
        answers = [tenant.operator.http.get("/v1/me") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[-1].json()["error"]["code"] == "rate_limited"
        assert 50 <= int(answers[-1].headers["Retry-After"]) <= 101
        assert tenant.supervisor.http.get("/v1/me").status_code == 200


def test_the_turnstile_lets_in_so_many_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(limits, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    turnstile, passed = Turnstile(2.0, 5), 0
    for step in range(100):
        clock[0] = step / 10
        try:
            turnstile.enter("ann")
        except RefusalError:
            continue
        passed += 1
    assert passed == 5 + 2 * 9.9 // 1


def test_a_database_that_is_away_is_said_and_waited_for(
    make_service: Make, serve: Any, encoder: Any, tenant: Any
) -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/none", pool_timeout_seconds=0.5)
    service = Service(database, encoder, settings=Settings())
    with serve(service) as url:
        answer = httpx.get(f"{url}/v1/me", headers={"Authorization": f"Bearer {tenant.operator.key}"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "gallery_unavailable")
        assert answer.headers["Retry-After"] == "5"
        ready = httpx.get(f"{url}/v1/ready")
        assert (ready.status_code, ready.json()["ready"]) == (503, False)
        assert "nobody@" not in answer.text


def test_a_pool_without_a_free_connection_is_said(
    serve: Any, encoder: Any, database: Database, tenant: Any
) -> None:
    narrow = Database(database.url.render_as_string(False), pool_size=1, pool_timeout_seconds=0.3)
    service = Service(narrow, encoder, settings=Settings())
    headers = {"Authorization": f"Bearer {tenant.operator.key}"}
    with serve(service) as url:
        assert httpx.get(f"{url}/v1/me", headers=headers).status_code == 200
        with narrow.transaction(tenant.name):
            answer = httpx.get(f"{url}/v1/me", headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "overloaded")
        assert httpx.get(f"{url}/v1/me", headers=headers).status_code == 200
    narrow.close()


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [("GET", "/nothing", 404, "not_found"), ("PUT", "/search", 405, "method_not_allowed"),
     ("GET", "/items/%2e%2e%2f%2e%2e%2fetc%2fpasswd", 404, "not_found"), ("GET", "/items/..%5c..", 400, "malformed"),
     ("GET", "/cases/99999999999999999999", 400, "malformed"), ("GET", "/items?limit=0", 400, "malformed"),
     ("GET", "/items?after=never", 400, "malformed"), ("GET", "/items/Li4vLi4vZXRjL3Bhc3N3ZA/crop", 404, "not_found")],
)  # fmt: skip
def test_wrong_addresses_are_refused_in_the_same_form(
    tenant: Any, method: str, path: str, status: int, code: str
) -> None:
    assert tenant.operator.code(method, path, status=status) == code
