import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from crossreid.core.errors import DataError
from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.runtime.remote import ServerUnavailableError
from crossreid.server.batching import Batcher
from crossreid.server.metrics import Metrics
from crossreid.server.refusals import RefusalError

Make = Callable[..., Batcher]


class Counting:
    """Encodes through another encoder, notes the sizes of calls, waits for `go`, and fails on the word `bad`."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.sizes, self.first = inner, list[int](), list[str]()
        self.go = threading.Event()
        self.go.set()
        self.fingerprint, self.dim, self.modalities = inner.fingerprint, inner.dim, inner.modalities

    def encode(
        self, items: Any, *, modality: Any = None, batch_size: int = 64, progress: bool = False
    ) -> Any:
        self.sizes.append(len(items))
        self.first.append(items[0].caption)
        assert self.go.wait(10)
        if any(item.caption == "bad" for item in items):
            raise DataError("a bad word")
        if any(item.caption == "worse" for item in items):
            raise MemoryError
        if any(item.caption == "away" for item in items):
            raise ServerUnavailableError("no answer")
        return self.inner.encode([item for item in items if item.caption != "short"], modality=modality)


@pytest.fixture
def counting(colours: Any) -> Counting:
    return Counting(colours.ColourEncoder())


@pytest.fixture
def make(counting: Counting) -> Iterator[Make]:
    made: list[Batcher] = []

    def build(*, batch_size: int = 8, wait_ms: float = 0.0, limit: int = 100) -> Batcher:
        made.append(Batcher(counting, batch_size=batch_size, wait_ms=wait_ms, limit=limit, metrics=Metrics()))
        return made[-1]

    yield build
    counting.go.set()
    for batcher in made:
        batcher.close()


def words(*captions: str) -> list[Sample]:
    return [Sample(Modality.TEXT, caption=caption) for caption in captions]


def soon(seconds: float = 10.0) -> float:
    return time.monotonic() + seconds


def wait_until(condition: Callable[[], bool]) -> None:
    end = soon()
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.002)


def test_everybody_gets_their_own_rows(make: Make, counting: Counting) -> None:
    batcher = make(wait_ms=20.0)
    captions = [["red"], ["green", "blue"], ["yellow"], ["white", "black", "red"]] * 5
    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(lambda c: batcher.encode(words(*c), deadline=soon()), captions))
    for asked, answer in zip(captions, found, strict=True):
        np.testing.assert_array_equal(answer.vectors, counting.inner.encode(words(*asked)).vectors)
        assert answer.item_ids.tolist() == asked
    assert len(counting.sizes) < len(captions)
    assert max(counting.sizes) <= 8


def test_a_lonely_request_does_not_wait_for_company(make: Make) -> None:
    batcher, began = make(), time.monotonic()
    batcher.encode(words("red"), deadline=soon())
    assert time.monotonic() - began < 1


def test_who_waits_before_a_screen_goes_first(make: Make, counting: Counting) -> None:
    batcher = make(batch_size=1)
    counting.go.clear()
    with ThreadPoolExecutor(4) as pool:
        pool.submit(batcher.encode, words("white"), deadline=soon())
        wait_until(lambda: counting.first == ["white"])
        pool.submit(batcher.encode, words("blue"), deadline=soon())
        wait_until(lambda: batcher._waiting == 1)
        pool.submit(batcher.encode, words("red"), deadline=soon(), hurried=True)
        wait_until(lambda: batcher._waiting == 2)
        counting.go.set()
    assert counting.first == ["white", "red", "blue"]


def test_what_does_not_fit_is_told_to_come_back(make: Make, counting: Counting) -> None:
    batcher = make(limit=3)
    counting.go.clear()
    with ThreadPoolExecutor(4) as pool:
        pool.submit(batcher.encode, words("white"), deadline=soon())
        wait_until(lambda: len(counting.sizes) == 1)
        waiting = pool.submit(batcher.encode, words("red", "red"), deadline=soon())
        wait_until(lambda: batcher._waiting == 2)
        with pytest.raises(RefusalError) as caught:
            batcher.encode(words("red", "red"), deadline=soon())
        assert (caught.value.code, caught.value.status, caught.value.retry_after_s) == ("queue_full", 429, 1)
        counting.go.set()
        assert len(waiting.result()) == 2


def test_a_large_request_alone_is_taken_whatever_the_limit(make: Make) -> None:
    assert len(make(limit=2, batch_size=2).encode(words(*["red"] * 5), deadline=soon())) == 5


def test_a_deadline_ends_the_wait_and_spares_the_encoder(make: Make, counting: Counting) -> None:
    batcher = make(batch_size=1)
    counting.go.clear()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(batcher.encode, words("white"), deadline=soon())
        wait_until(lambda: len(counting.sizes) == 1)
        with pytest.raises(RefusalError) as caught:
            batcher.encode(words("red"), deadline=soon(0.05))
        assert (caught.value.code, caught.value.status) == ("deadline_exceeded", 504)
        counting.go.set()
        first.result()
        batcher.encode(words("blue"), deadline=soon())
    assert counting.first == ["white", "blue"]


def test_one_bad_request_does_not_spoil_the_others_of_its_batch(make: Make, counting: Counting) -> None:
    batcher = make(batch_size=8, wait_ms=100.0)
    with ThreadPoolExecutor(3) as pool:
        good = pool.submit(batcher.encode, words("red"), deadline=soon())
        bad = pool.submit(batcher.encode, words("bad"), deadline=soon())
        worse = pool.submit(batcher.encode, words("worse"), deadline=soon())
        assert len(good.result()) == 1
        with pytest.raises(DataError, match="a bad word"):
            bad.result()
        with pytest.raises(RefusalError) as caught:
            worse.result()
    assert (caught.value.code, caught.value.status) == ("encoder_failed", 503)
    assert len(batcher.encode(words("red"), deadline=soon())) == 1


def test_an_encoder_that_loses_a_row_fails_that_request_and_lives_on(make: Make) -> None:
    batcher = make()
    with pytest.raises(RefusalError) as caught:
        batcher.encode(words("red", "short"), deadline=soon())
    assert caught.value.code == "encoder_failed"
    assert len(batcher.encode(words("red"), deadline=soon())) == 1


def test_an_encoder_that_is_away_is_asked_once_for_all_who_wait(make: Make, counting: Counting) -> None:
    batcher = make(batch_size=3, wait_ms=1000.0)
    with ThreadPoolExecutor(3) as pool:
        waiting = [
            pool.submit(batcher.encode, words(word), deadline=soon()) for word in ("red", "away", "blue")
        ]
        for one in waiting:
            with pytest.raises(ServerUnavailableError):
                one.result()
    assert counting.sizes == [3]


def test_what_became_late_while_others_failed_is_not_encoded(make: Make, counting: Counting) -> None:
    batcher = make(batch_size=2, wait_ms=1000.0)
    counting.go.clear()
    with ThreadPoolExecutor(2) as pool:
        hurried = pool.submit(batcher.encode, words("bad"), deadline=soon(0.2))
        patient = pool.submit(batcher.encode, words("red"), deadline=soon())
        wait_until(lambda: counting.sizes == [2])
        with pytest.raises(RefusalError, match="not done in time"):
            hurried.result()
        counting.go.set()
        assert len(patient.result()) == 1
    assert counting.sizes == [2, 1]


def test_going_down_finishes_what_waits_and_takes_nothing_new(make: Make, counting: Counting) -> None:
    batcher = make(batch_size=1)
    counting.go.clear()
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(batcher.encode, words(word), deadline=soon()) for word in ("red", "blue")]
        wait_until(lambda: batcher._waiting == 1)
        closing = pool.submit(batcher.close)
        wait_until(lambda: not batcher.alive)
        with pytest.raises(RefusalError) as caught:
            batcher.encode(words("green"), deadline=soon())
        assert (caught.value.code, caught.value.status) == ("draining", 503)
        counting.go.set()
        assert [len(one.result()) for one in waiting] == [1, 1]
        closing.result()
