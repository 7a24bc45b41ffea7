import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from crossreid.core.errors import DataError
from crossreid.edge.spool import FILE, Spool

Put = Callable[..., int]


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = Spool(tmp_path)
    yield spool
    spool.close()


def test_what_was_put_waits_in_order(spool: Spool, put: Put) -> None:
    sizes = [put(spool, number) for number in range(3)]
    batch = spool.waiting(2)
    assert batch is not None
    assert batch.keys == ("spool-0-0", "spool-1-0")
    assert (spool.counts().waiting, spool.counts().waiting_bytes) == (3, sum(sizes))


def test_a_batch_is_of_one_encoder(spool: Spool, put: Put) -> None:
    put(spool, 0)
    with spool.transaction():
        spool.put("other", b"{}", fingerprint="another", rotation="")
    batch = spool.waiting(10)
    assert batch is not None
    assert (batch.fingerprint, batch.keys) == ("encoder@space", ("spool-0-0",))


def test_delivered_and_refused_tracks_are_forgotten_and_counted(spool: Spool, put: Put) -> None:
    for number in range(3):
        put(spool, number)
    spool.settle(["spool-0-0"], ["spool-1-0"], sent_bytes=70)
    counts = spool.counts()
    assert (counts.sent, counts.refused, counts.waiting, counts.sent_bytes) == (1, 1, 1, 70)
    spool.settle(["spool-0-0"], [], sent_bytes=70)  # the answer to a second delivery
    assert spool.counts().sent == 1


def test_a_full_spool_drops_the_oldest(tmp_path: Path, put: Put) -> None:
    size = put(Spool(tmp_path / "probe"), 0)
    spool = Spool(tmp_path / "small", limit_bytes=3 * size)
    for number in range(5):
        put(spool, number)
    batch, counts = spool.waiting(9), spool.counts()
    assert batch is not None
    assert batch.keys == ("spool-2-0", "spool-3-0", "spool-4-0")
    assert (counts.finished, counts.dropped, counts.waiting, counts.waiting_bytes) == (5, 2, 3, 3 * size)
    spool.close()


def test_the_file_does_not_grow_for_ever(tmp_path: Path, put: Put) -> None:
    spool = Spool(tmp_path, limit_bytes=50_000)
    with spool.transaction():
        for number in range(400):
            spool.put(f"key-{number}", bytes(1000), fingerprint="e", rotation="")
    for number in range(20):
        put(spool, number)
    spool.close()
    assert spool.file.stat().st_size < 200_000


def test_what_was_not_committed_never_was(spool: Spool, put: Put, tmp_path: Path) -> None:
    put(spool, 0)
    with contextlib.suppress(ZeroDivisionError), spool.transaction():
        spool.put("key", b"{}", fingerprint="e", rotation="")
        spool.set_fact("tracker", {"a": 1})
        _ = 1 / 0
    assert spool.counts().waiting == 1
    assert spool.fact("tracker") is None


def test_a_spool_is_opened_again_with_its_name(tmp_path: Path, put: Put) -> None:
    first = Spool(tmp_path)
    put(first, 0)
    with first.transaction():
        number = first.add_crop(7, {"quality": 0.5}, b"vector", b"")
    name = first.name
    first.close()
    again = Spool(tmp_path)
    assert (again.name, again.counts().waiting) == (name, 1)
    assert again.crops(7) == [(number, {"quality": 0.5}, b"vector", b"")]
    assert Spool(tmp_path / "other").name != name


def test_a_full_disk_is_said(spool: Spool, put: Put) -> None:
    pages: Any = spool.connection.execute("PRAGMA page_count").fetchone()[0]
    spool.connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(DataError, match=r"full.*make room"), spool.transaction():
        spool.put("key", bytes(100_000), fingerprint="e", rotation="")
    put(spool, 0)  # the spool itself is unharmed
    assert spool.counts().waiting == 1


def test_something_else_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"years of work" * 1000)
    with pytest.raises(DataError, match="not a database"):
        Spool(tmp_path)
    other = tmp_path / "other"
    Spool(other).close()
    with sqlite3.connect(other / FILE) as connection:
        connection.execute("UPDATE facts SET value = '1' WHERE name = 'format'")
    connection.close()
    with pytest.raises(DataError, match="format 1"):
        Spool(other)
