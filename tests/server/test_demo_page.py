"""`crossreid demo --serve`: the gallery of a finished demonstration, and a key to look at it."""

import re
import shutil
import tempfile
import webbrowser
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

import crossreid.cli.demo
import crossreid.models.loading
import crossreid.server.running
from crossreid.gallery import EncoderRecord, GalleryItem, open_gallery


@pytest.fixture
def finished(encoder: Any) -> Iterator[Path]:
    """A folder in which a demonstration has come to its end."""
    folder = Path(tempfile.mkdtemp(prefix="crossreid-"))
    folder.chmod(0o755)
    with open_gallery(folder / "gallery").writing(EncoderRecord(encoder.fingerprint)) as writer:
        items = [GalleryItem(f"/{name}.jpg", "/", name, "1") for name in ("ann", "bob")]
        writer.put(items, encoder.encode(["red", "blue"], modality="text"))
    (folder / "results.json").touch()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_a_finished_demonstration_is_served_and_not_repeated(
    finished: Path, encoder: Any, asking: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    loaded: list[object] = []
    opened: list[str] = []
    found: list[Any] = []

    class Visitor:
        """In the place of the server: comes with the printed key and looks for Ann."""

        def __init__(self, app: FastAPI, *_: object, **__: object) -> None:
            self.app = app

        def run(self, **_: object) -> None:
            key = re.search(r"crk_\S+", capsys.readouterr().out)
            assert key is not None
            with TestClient(self.app) as client:
                client.headers["Authorization"] = f"Bearer {key[0]}"
                found.append(client.get("/v1/me").json())
                found.append(client.post("/v1/search", json=asking("red")).json())

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("it was finished")

    def load(source: object) -> Any:
        loaded.append(source)
        return encoder

    monkeypatch.setattr(crossreid.cli.demo, "_run", refuse)
    monkeypatch.setattr(crossreid.models.loading, "load_encoder", load)
    monkeypatch.setattr(crossreid.server.running, "server_of", Visitor)
    monkeypatch.setattr(webbrowser, "open", opened.append)
    crossreid.cli.demo.demo(out=finished, serve=True, port=0)
    me, answer = found
    assert me["roles"] == ["supervisor"]
    assert [result["item"]["person"] for result in answer["results"]] == ["ann", "bob"]
    assert loaded == [finished / "edge" / "model"]
    assert len(opened) == 1
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", opened[0])
