import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crossreid.core.errors import ConfigurationError, DataError
from crossreid.edge import sender as module
from crossreid.edge.sender import Cloud, Sender
from crossreid.edge.spool import FILE, Spool

Put = Callable[..., int]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_IDLE_S", "_FIRST_PAUSE_S", "_LONGEST_PAUSE_S"):
        monkeypatch.setattr(module, name, 0.01)


@pytest.fixture
def spool(tmp_path: Path, put: Put) -> Spool:
    spool = Spool(tmp_path)
    for number in range(10):
        put(spool, number)
    return spool


def deliver(folder: Path, url: str, *, patience_s: float = 20.0, token: str = "") -> None:
    with Sender(folder, Cloud(url, token=token, timeout_s=5.0)) as sender:
        sender.drain(patience_s)


def keys(count: int = 10) -> set[str]:
    return {f"spool-{number}-0" for number in range(count)}


def test_all_is_delivered_once(spool: Spool, receiver: Any, cloud: str, tmp_path: Path) -> None:
    deliver(tmp_path, cloud, token="secret")
    counts = spool.counts()
    assert set(receiver.stored) == keys()
    assert receiver.fingerprints == {"encoder@space"}
    assert set(receiver.deliveries.values()) == {1}
    assert receiver.requests[0]["Authorization"] == "Bearer secret"
    assert (counts.sent, counts.waiting, counts.waiting_bytes) == (10, 0, 0)
    assert counts.sent_bytes == int(receiver.requests[0]["Content-Length"])


@pytest.mark.parametrize("failure", [503, 429, 401, 409, 302, "silent", "cut"])
def test_failures_are_waited_out(
    spool: Spool, receiver: Any, cloud: str, tmp_path: Path, failure: Any
) -> None:
    receiver.behave = lambda number, keys: failure if number <= 3 else 200
    deliver(tmp_path, cloud)
    assert set(receiver.stored) == keys()
    assert spool.counts().sent == 10
    assert spool.counts().refused == 0
    # An answer that was lost makes the device send again; the cloud tells by the key.
    assert set(receiver.deliveries.values()) == {4 if failure == "cut" else 1}


def test_a_server_that_comes_late_gets_everything(
    spool: Spool, receiver: Any, serve: Any, tmp_path: Path
) -> None:
    with serve(receiver) as url:
        port = int(url.rpartition(":")[2])
    deliver(tmp_path, url, patience_s=0.2)
    assert (spool.counts().sent, spool.counts().waiting) == (0, 10)
    with serve(receiver, port=port) as url:
        deliver(tmp_path, url)
    assert set(receiver.stored) == keys()


@pytest.mark.parametrize("status", [400, 413])
def test_one_bad_track_does_not_hold_up_the_others(
    spool: Spool, receiver: Any, cloud: str, tmp_path: Path, status: int
) -> None:
    receiver.behave = lambda number, keys: status if "spool-6-0" in keys else 200
    deliver(tmp_path, cloud)
    assert set(receiver.stored) == keys() - {"spool-6-0"}
    assert (spool.counts().sent, spool.counts().refused, spool.counts().waiting) == (9, 1, 0)


def test_a_track_that_the_cloud_refuses_is_let_go_and_said(
    spool: Spool, receiver: Any, cloud: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.refusing = {"spool-3-0": "from the future"}
    with caplog.at_level(logging.WARNING):
        deliver(tmp_path, cloud)
    assert (spool.counts().sent, spool.counts().refused) == (9, 1)
    assert "spool-3-0: from the future" in caplog.text


def test_something_that_is_no_cloud_gets_nothing_forgotten(
    spool: Spool, receiver: Any, cloud: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiver, "answer", lambda *request: (200, b"<html>welcome</html>"))
    deliver(tmp_path, cloud, patience_s=0.3)
    assert spool.counts().waiting == 10


def test_new_tracks_are_sent_while_it_runs(
    spool: Spool, receiver: Any, cloud: str, tmp_path: Path, put: Put
) -> None:
    with Sender(tmp_path, Cloud(cloud)) as sender:
        put(spool, 10)
        sender.drain(20.0)
    assert set(receiver.stored) == keys(11)


def test_a_broken_spool_is_not_silent(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"x" * 5000)
    with Sender(tmp_path, Cloud("http://localhost:1")) as sender, pytest.raises(DataError, match="database"):
        sender.drain(20.0)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://host", "cloud", "http://"])
def test_only_web_addresses_are_clouds(url: str) -> None:
    with pytest.raises(ConfigurationError, match="https"):
        Cloud(url)
