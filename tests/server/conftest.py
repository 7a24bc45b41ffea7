"""A PostgreSQL, a server on a free port, and a tenant of its own for each test."""

import base64
import itertools
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from crossreid.core.items import as_samples
from crossreid.core.sample import Sample
from crossreid.gallery.postgres.database import Database
from crossreid.gallery.postgres.embedded import EmbeddedPostgres
from crossreid.server.app import create_app
from crossreid.server.records import accounts
from crossreid.server.roles import Role
from crossreid.server.running import Listening, listen, server_of
from crossreid.server.sealing import MasterKey
from crossreid.server.service import Service
from crossreid.server.settings import Settings

Serve = Callable[..., Any]
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def database() -> Iterator[Database]:
    # PostgreSQL runs as another user where the tests run as root, who cannot look into pytest's own folders.
    folder = Path(tempfile.mkdtemp(prefix="crossreid-"))
    folder.chmod(0o755)
    try:
        with EmbeddedPostgres(folder / "postgres") as server:
            database = Database(server.uri, pool_size=12)
            database.upgrade()
            yield database
            database.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Address(str):
    """Of a server, with its application and what serves it."""

    app: Any
    server: Any


@contextmanager
def running(service: Service, *, header_s: float = 10.0, **where: Any) -> Iterator[Address]:
    """The address of a real server."""
    taken, place = listen(Listening(port=0, drain_s=5, **where))
    app = create_app(service)
    server = server_of(app, place, header_s=header_s)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]})
    thread.start()
    try:
        end = time.monotonic() + 30
        while not server.started:
            assert thread.is_alive()
            assert time.monotonic() < end
            time.sleep(0.01)
        address = Address(place.url)
        address.app, address.server = app, server
        yield address
    finally:
        server.should_exit = True
        thread.join()
        taken.close()


@pytest.fixture(scope="session")
def encoder(colours: Any) -> Any:
    """Sees colours; words that name none are black to it."""

    class Patient(colours.ColourEncoder):
        def encode(self, items: Any, **options: Any) -> Any:
            samples = as_samples(items, modality=options.pop("modality", None))
            found = super().encode([black(sample) for sample in samples], **options)
            return replace(found, item_ids=np.array([sample.item_id for sample in samples], np.str_))

    def black(sample: Sample) -> Sample:
        words = (sample.caption or "black").split()
        named = any(word in colours.COLOURS for word in words)
        return sample if named else replace(sample, caption=f"{sample.caption} black")

    return Patient(space="colours", source="colours")


@pytest.fixture(scope="session")
def make_service(database: Database, encoder: Any) -> Callable[..., Service]:
    def make(*, settings: Settings | None = None, **options: Any) -> Service:
        options = {"encoder": encoder, "key": MasterKey(bytes(32))} | options
        return Service(database, settings=settings or Settings(), **options)

    return make


@pytest.fixture(scope="session")
def service(make_service: Callable[..., Service]) -> Service:
    return make_service()


@pytest.fixture(scope="session")
def url(service: Service) -> Iterator[str]:
    with running(service) as url:
        yield url


@pytest.fixture(scope="session")
def serve() -> Serve:
    return running


class Client:
    """Somebody with a key."""

    def __init__(self, url: str, key: str) -> None:
        self.url, self.key = url, key
        self.http = httpx.Client(
            base_url=url, timeout=300, headers={"Authorization": f"Bearer {key}"} if key else {}
        )

    def ask(self, method: str, path: str, *, status: int = 200, **options: Any) -> Any:
        answer = self.http.request(method, f"/v1{path}", **options)
        assert answer.status_code == status, (answer.status_code, answer.text)
        kind = answer.headers.get("content-type", "")
        return answer.json() if kind.startswith("application/json") else answer.content

    def get(self, path: str, *, status: int = 200, **options: Any) -> Any:
        return self.ask("GET", path, status=status, **options)

    def post(self, path: str, body: Any = None, *, status: int = 200, **options: Any) -> Any:
        return self.ask("POST", path, status=status, json=body, **options)

    def code(self, method: str, path: str, *, status: int, **options: Any) -> str:
        """That of a refusal, which must have the form of all refusals."""
        answer = self.ask(method, path, status=status, **options)
        assert set(answer) == {"error", "request_id"}
        assert set(answer["error"]) == {"code", "found", "expected", "remedy"}
        return answer["error"]["code"]


class Tenant:
    """A tenant with keys of all roles.

    Args:
        service: whose database has it.
        url: of the server.
    """

    def __init__(self, service: Service, url: str) -> None:
        self.service, self.url, self.name = service, url, f"tenant-{next(_numbers)}"
        service.database.add_tenant(self.name)
        self.clients: list[Client] = []

    def client(self, role: str, *, name: str = "", scopes: tuple[str, ...] = (), url: str = "") -> Client:
        with self.service.transaction(self.name) as connection:
            _, key = accounts.create_key(
                connection, self.name, name=name or role, role=Role(role), scopes=scopes
            )
        self.clients.append(Client(url or self.url, key))
        return self.clients[-1]

    def __getattr__(self, role: str) -> Client:
        if role not in set(Role):
            raise AttributeError(role)
        client = self.client(role)
        setattr(self, role, client)
        return client

    def close(self) -> None:
        for client in self.clients:
            client.http.close()


@pytest.fixture
def tenant(service: Service, url: str) -> Iterator[Tenant]:
    tenant = Tenant(service, url)
    yield tenant
    tenant.close()


@pytest.fixture(scope="module")
def everyone(service: Service, url: str) -> Iterator[Tenant]:
    """A tenant for tests that only knock."""
    tenant = Tenant(service, url)
    yield tenant
    tenant.close()


@pytest.fixture
def new_tenant() -> Iterator[Callable[..., Tenant]]:
    made: list[Tenant] = []

    def make(service: Service, url: str) -> Tenant:
        made.append(Tenant(service, url))
        return made[-1]

    yield make
    for tenant in made:
        tenant.close()


@pytest.fixture(scope="session")
def paint(colours: Any) -> Callable[..., str]:
    """One or two colours, the upper and the lower half -> a PNG in base64."""

    def draw(words: str, *, kind: str = "PNG", shape: tuple[int, int] = (40, 20)) -> str:
        upper, *lower = [colours.COLOURS[word] for word in words.split()]
        image = np.full((*shape, 3), upper, np.uint8)
        image[shape[0] // 2 :] = lower[0] if lower else upper
        stream = BytesIO()
        Image.fromarray(image).save(stream, kind)
        return base64.b64encode(stream.getvalue()).decode()

    return draw


PEOPLE = {
    "ann/1": ("ann", "red", "door", 1), "ann/2": ("ann", "red white", "yard", 2), "bob/1": ("bob", "blue", "door", 3),
    "bob/2": ("bob", "blue black", "yard", 4), "cat/1": ("cat", "green", "door", 5),
}  # fmt: skip
"""name -> person, colours, camera, hour."""


@pytest.fixture(scope="session")
def people(paint: Callable[..., str]) -> list[dict[str, Any]]:
    """Five pictures of three people, to be enrolled."""
    return [
        {
            "id": name,
            "person": person,
            "camera": camera,
            "time": f"2026-03-01T{hour:02d}:00:00Z",
            "picture": paint(words),
        }
        for name, (person, words, camera, hour) in PEOPLE.items()
    ]


@pytest.fixture
def filled(tenant: Tenant, people: list[dict[str, Any]]) -> Tenant:
    tenant.operator.post("/items", {"items": people}, status=201)
    return tenant


ASK = {"purpose": "missing person", "reference": "2026/117"}


def text(words: str, **options: Any) -> dict[str, Any]:
    return {**ASK, "evidence": [{"modality": "text", "text": words}], **options}


@pytest.fixture(scope="session")
def asking() -> Callable[..., dict[str, Any]]:
    """The body of a search by words."""
    return text
