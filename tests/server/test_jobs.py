"""Long work outlives its server, and nothing of it is done or counted twice."""

import base64
import importlib
import io
import json
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from crossreid.gallery.postgres import schema
from crossreid.runtime.remote import TOKEN
from crossreid.server.access import Caller
from crossreid.server.housekeeping import take_up_all
from crossreid.server.jobs import Job, StoppedError
from crossreid.server.presence import is_gone
from crossreid.server.records import jobs
from crossreid.server.roles import BEGINS, PERMISSIONS, Permission, Role
from crossreid.server.work import start_job, take_up

ZIP = {"Content-Type": "application/zip"}


def pack(paint: Callable[..., str], people: int, *, shape: tuple[int, int] = (40, 20)) -> bytes:
    stream, picture = io.BytesIO(), base64.b64decode(paint("red", shape=shape))
    with zipfile.ZipFile(stream, "w") as archive:
        for number in range(people):
            archive.writestr(f"{number:05}/rgb/1.png", picture)
    return stream.getvalue()


def finish(client: Any, job: str) -> dict[str, Any]:
    end = time.monotonic() + 240
    while (told := client.get(f"/jobs/{job}"))["state"] in ("waiting", "running"):
        assert time.monotonic() < end
        time.sleep(0.02)
    return told


@pytest.fixture
def others(make_service: Callable[..., Any]) -> Iterator[Any]:
    """Another server on the same database."""
    service = make_service()
    yield service
    service.close()


def leave(
    tenant: Any, server: str, *, body: bytes = b"", kind: str = "import", again: bool = True, **values: Any
) -> str:
    """A job of a server, as that left it behind."""
    job = str(uuid.uuid4())
    with tenant.service.transaction(tenant.name) as connection:
        jobs.create_job(
            connection, tenant.name, job, kind=kind, by="ann", server=server, key="k", again=again
        )
        if body:
            sealed = tenant.service.key.seal("job", tenant.name).close(body, f"{job}/0")
            jobs.keep_parts(connection, tenant.name, job, [sealed])
        if values:
            jobs.note(connection, tenant.name, job, server=server, **values)
    return job


def parts(tenant: Any) -> int:
    with tenant.service.transaction(tenant.name) as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(schema.job_parts))


def caller(tenant: Any) -> Caller:
    return Caller(tenant.name, "ann", "k", frozenset(), frozenset())


def test_a_job_of_a_dead_server_is_taken_up_where_it_stopped(tenant: Any, paint: Callable[..., str]) -> None:
    so_far = {"enrolled": 50, "known": 14, "erased": 0, "skipped": 0, "first_skipped": []}
    job = leave(
        tenant, "dead", body=pack(paint, 100), state="running", attempts=1, progress=0.64, result=so_far
    )
    assert take_up(tenant.service, tenant.name) == 1
    assert take_up(tenant.service, tenant.name) == 0
    told = finish(tenant.operator, job)
    assert (told["state"], told["progress"]) == ("done", 1.0)
    assert told["result"] == so_far | {"enrolled": 86}
    assert tenant.operator.get("/statistics")["items"] == 36
    assert parts(tenant) == 0
    (entry,) = tenant.auditor.get("/audit", params={"action": "import"})["entries"]
    assert (entry["actor"], len(entry["content"]["items"])) == ("ann", 36)


def wait_until_gone(service: Any, name: str) -> None:
    """PostgreSQL lets a lock go a moment after its connection was closed."""
    end = time.monotonic() + 30
    while True:
        with service.transaction("main") as connection:
            if is_gone(connection, name):
                return
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_job_of_a_living_server_is_left_alone(tenant: Any, others: Any, paint: Callable[..., str]) -> None:
    others.presence.hold()
    job = leave(tenant, others.presence.name, body=pack(paint, 1))
    assert take_up_all(tenant.service) == 0
    assert tenant.operator.get(f"/jobs/{job}")["state"] == "waiting"
    others.presence.close()
    wait_until_gone(tenant.service, others.presence.name)
    assert take_up_all(tenant.service) == 1
    assert finish(tenant.operator, job)["state"] == "done"


@pytest.mark.parametrize(
    ("values", "words"),
    [({"again": False}, "went away"), ({"attempts": 5, "body": b"x"}, "begun 5 times")],
)
def test_what_cannot_be_begun_again_ends(tenant: Any, values: dict[str, Any], words: str) -> None:
    job = leave(tenant, "dead", **values)
    assert take_up(tenant.service, tenant.name) == 0
    told = tenant.operator.get(f"/jobs/{job}")
    assert told["state"] == "failed"
    assert words in told["error"]
    assert parts(tenant) == 0


def test_without_a_key_nothing_that_was_sent_is_kept(
    make_service: Callable[..., Any], serve: Any, new_tenant: Any, paint: Callable[..., str]
) -> None:
    plain = make_service(key=None)
    with serve(plain) as url:
        tenant = new_tenant(plain, url)
        plain.closing.set()  # its workers end at their first step
        job = start_job(plain, caller(tenant), kind="import", body=pack(paint, 1))
        assert finish(tenant.operator, job)["state"] == "failed"
        assert parts(tenant) == 0


def test_what_a_server_was_told_to_stop_goes_on_in_another(
    tenant: Any, others: Any, paint: Callable[..., str]
) -> None:
    others.closing.set()
    job = start_job(others, caller(tenant), kind="import", body=pack(paint, 3))
    others.close()
    assert tenant.operator.get(f"/jobs/{job}")["state"] in ("waiting", "running")
    assert parts(tenant) == 1
    assert take_up(tenant.service, tenant.name) == 1
    assert finish(tenant.operator, job)["result"]["enrolled"] == 3


def test_a_server_that_lost_a_job_cannot_commit_a_step_of_it(tenant: Any, filled: Any) -> None:
    job = leave(tenant, "other")
    lost = Job(tenant.service, job, caller(tenant), 0.0, {}, b"")
    gallery = tenant.service.gallery(tenant.name)

    def step(last: Callable[[Any], None]) -> None:
        with tenant.service.transaction(tenant.name) as connection:
            gallery.within(connection).watch("list", people=["ann"])
            last(connection)

    for last in (lambda connection: lost.note(connection, progress=0.5), lambda c: lost.finish(c, {})):
        with pytest.raises(StoppedError):
            step(last)
    assert gallery.watchlists() == ()


@pytest.mark.parametrize("kind", BEGINS)
def test_whoever_may_begin_a_kind_of_work_may_cancel_it_and_an_admin_all(everyone: Any, kind: str) -> None:
    for role, permissions in PERMISSIONS.items():
        job = leave(everyone, everyone.service.presence.name, kind=kind)
        client = getattr(everyone, role)
        may = BEGINS[kind] in permissions or role == Role.ADMIN
        if Permission.JOBS in permissions:
            assert client.get(f"/jobs/{job}")["may_cancel"] is may
            assert {one["may_cancel"] for one in client.get("/jobs")["jobs"] if one["id"] == job} == {may}
        if may:
            told = client.post(f"/jobs/{job}/cancel")
            assert (told["state"], told["may_cancel"]) == ("cancelled", False)
        else:
            assert client.code("POST", f"/jobs/{job}/cancel", status=403) == "forbidden"
            assert everyone.admin.post(f"/jobs/{job}/cancel")["state"] == "cancelled"


@pytest.fixture
def wide(make_service: Callable[..., Any], serve: Any, new_tenant: Any, encoder: Any) -> Iterator[Any]:
    """A tenant with enough vectors for an index, and without a secret rotation that would mix their coordinates."""
    service = make_service(key=None)
    with serve(service) as url:
        tenant = new_tenant(service, url)
        vectors = np.random.default_rng(0).normal(size=(250, 64)) * np.arange(1, 65) ** -2.0
        items = [
            {"id": f"v{n}", "vector": base64.b64encode(row.tobytes()).decode()}
            for n, row in enumerate(vectors.astype("<f4"))
        ]
        tenant.operator.post("/items", {"items": items, "fingerprint": encoder.fingerprint}, status=201)
        yield tenant


@contextmanager
def writing(tenant: Any) -> Iterator[None]:
    """Somebody who does not come to an end, and whom PostgreSQL waits for before it builds an index."""
    with tenant.service.database.alone() as connection:
        busy = connection.execution_options(isolation_level="READ COMMITTED")
        busy.execute(sa.text("LOCK TABLE vectors IN ROW EXCLUSIVE MODE"))
        yield


def wait_for(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


def building(tenant: Any) -> bool:
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONCURR%' AND state = 'active'"
    )
    with tenant.service.database.alone() as connection:
        return bool(connection.scalar(sa.text(query)))


def test_an_index_that_is_being_built_is_cancelled(wide: Any) -> None:
    with writing(wide):
        job = wide.admin.post("/index", status=202)["id"]
        wait_for(lambda: wide.admin.get(f"/jobs/{job}")["step"] == "waiting for others")
        told = wide.admin.get(f"/jobs/{job}")
        assert (told["state"], told["progress"]) == ("running", None), "the progress is unknown"
        assert wide.admin.post(f"/jobs/{job}/cancel")["state"] == "cancelled"
        wait_for(lambda: not building(wide))
    wait_for(lambda: job not in wide.service.jobs)
    told = wide.admin.get(f"/jobs/{job}")
    assert (told["state"], told["result"], told["error"]) == ("cancelled", {}, "")
    gallery = wide.service.gallery(wide.name)
    with gallery.opened() as (connection, stored):
        left = sa.text("SELECT count(*) FROM pg_class WHERE starts_with(relname, :name)")
        name = f"vectors_principal_{stored.current.id}"
        assert connection.scalar(left, {"name": name}) == 0
    assert gallery.index is None
    assert wide.auditor.get("/audit", params={"action": "index"})["entries"] == []
    job = wide.admin.post("/index", status=202)["id"]
    told = finish(wide.admin, job)
    assert (told["state"], told["step"], told["progress"]) == ("done", "", 1.0)


def test_a_server_that_goes_down_does_not_wait_for_an_index(wide: Any, others: Any) -> None:
    with writing(wide):
        job = start_job(others, caller(wide), kind="index")
        wait_for(lambda: building(wide))
        others.closing.set()
        wait_for(lambda: not building(wide))
    others.close()
    assert wide.admin.get(f"/jobs/{job}")["state"] == "running"
    wait_until_gone(wide.service, others.presence.name)
    assert take_up(wide.service, wide.name) == 1
    assert finish(wide.admin, job)["state"] == "done"


def test_a_renewal_that_died_leaves_no_secret_behind(
    filled: Any, asking: Callable[..., dict[str, Any]]
) -> None:
    service, before = filled.service, filled.operator.post("/search", asking("red"))
    with service.transaction(filled.name) as connection:  # as far as its first step
        service.new_template(connection, filled.name, dim=service.encoder.dim, basis=None)
    job = leave(filled, "dead", kind="renew", state="running", attempts=1)
    assert take_up(service, filled.name) == 1
    assert finish(filled.admin, job)["state"] == "done"
    with service.transaction(filled.name) as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(schema.secrets)) == 1
    after = filled.operator.post("/search", asking("red"))
    assert [one["score"] for one in after["results"]] == pytest.approx(
        [one["score"] for one in before["results"]], abs=1e-4
    )


def test_the_lock_of_a_server_is_taken_anew_when_its_connection_broke(tenant: Any, others: Any) -> None:
    others.presence.hold()
    inner = others.presence._connection
    pid = inner.scalar(sa.text("SELECT pg_backend_pid()"))
    with tenant.service.database.alone() as connection:
        connection.execute(sa.text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
    leave(tenant, others.presence.name, again=False)
    others.presence.hold()
    assert take_up(tenant.service, tenant.name) == 0
    assert {job["state"] for job in tenant.operator.get("/jobs")["jobs"]} == {"waiting"}


def test_an_import_survives_the_kill_of_its_server(
    everyone: Any, paint: Callable[..., str], program: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN, everyone.device.key)
    program("benchmarks/reliability.py")
    places, people = importlib.import_module("server_parts.places"), 1200
    with places.site(everyone.url) as place, place.caller() as client:
        status, body, _ = client.ask("POST", "/v1/imports", pack(paint, people, shape=(8, 4)), ZIP)
        assert status == 202, body
        job = json.loads(body)["id"]
        while not (told := client.tell("GET", f"/v1/jobs/{job}"))["progress"]:
            time.sleep(0.01)
        place.server.kill()
        assert told["state"] == "running"
        place.server.start()
        client.close()
        end = time.monotonic() + 240
        while (told := client.tell("GET", f"/v1/jobs/{job}"))["state"] in ("waiting", "running"):
            assert time.monotonic() < end
            time.sleep(0.05)
        assert told["state"] == "done", told
        assert (told["result"]["enrolled"], told["result"]["known"]) == (people, 0)
        assert client.tell("GET", "/v1/statistics")["items"] == people
