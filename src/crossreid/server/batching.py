"""Calls of the encoder by many requests at once, joined into few.

One thread calls the encoder. Whoever waits for an answer (a search) goes before whoever delivers in bulk. The queue is
bounded: what does not fit is told to come back, so that nobody waits for longer than is of use.
"""

import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

import numpy as np

from crossreid.core.embeddings import Embeddings
from crossreid.core.encoder import Encoder
from crossreid.core.errors import CrossReIDError
from crossreid.core.sample import Sample
from crossreid.core.wording import several
from crossreid.runtime.remote import ServerUnavailableError
from crossreid.server.metrics import Metrics
from crossreid.server.refusals import RefusalError


@dataclass(eq=False)
class _Wish:
    samples: list[Sample]
    deadline: float
    done: Future[Embeddings] = field(default_factory=Future)


class Batcher:
    """Embeds for all requests.

    Args:
        encoder: called by one thread only.
        batch_size: most items a call, unless one request alone has more.
        wait_ms: how long a call that is not full waits for more.
        limit: most items that wait.
        metrics: told of queue, batches and time.
    """

    def __init__(
        self, encoder: Encoder, *, batch_size: int, wait_ms: float, limit: int, metrics: Metrics
    ) -> None:
        self.encoder = encoder
        self._size, self._wait_s, self._limit, self._metrics = batch_size, wait_ms / 1000, limit, metrics
        self._hurried: deque[_Wish] = deque()
        self._bulk: deque[_Wish] = deque()
        self._waiting, self._closed = 0, False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="encoder", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether anybody is served."""
        return self._thread.is_alive() and not self._closed

    def encode(self, samples: Sequence[Sample], *, deadline: float, hurried: bool = False) -> Embeddings:
        """One unit row a sample, in order.

        Args:
            samples: with decoded pictures; none touches the disk.
            deadline: on `time.monotonic`, after which nobody needs the answer any more.
            hurried: somebody waits before a screen.

        Raises:
            RefusalError: queue_full, deadline_exceeded, draining or encoder_failed.
        """
        wish = _Wish(list(samples), deadline)
        with self._changed:
            if self._closed:
                raise RefusalError(
                    "draining", "the server is going down", remedy="try again, elsewhere or later"
                )
            if self._waiting and self._waiting + len(wish.samples) > self._limit:
                raise RefusalError(
                    "queue_full",
                    f"a queue of {several(self._waiting, 'item')} before the encoder",
                    remedy="try again in a moment",
                )
            (self._hurried if hurried else self._bulk).append(wish)
            self._waiting += len(wish.samples)
            self._metrics.queue.set(self._waiting)
            self._changed.notify()
        try:
            return wish.done.result(max(0.0, deadline - time.monotonic()))
        except TimeoutError as error:
            raise _too_late() from error

    def close(self, patience_s: float = 10.0) -> None:
        """Take nothing new, and finish what waits."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(patience_s)

    def _run(self) -> None:
        while batch := self._next():
            self._call(batch)

    def _next(self) -> list[_Wish]:
        """Wishes of one call; nothing when the server goes down and all is done."""
        with self._changed:
            while not (self._hurried or self._bulk):
                if self._closed:
                    return []
                self._changed.wait()
            until = time.monotonic() + self._wait_s
            while self._waiting < self._size and not self._closed:
                left = until - time.monotonic()
                if left <= 0:
                    break
                self._changed.wait(left)
            batch: list[_Wish] = []
            taken = 0
            for queue in (self._hurried, self._bulk):
                while queue and (not batch or taken + len(queue[0].samples) <= self._size):
                    batch.append(queue.popleft())
                    taken += len(batch[-1].samples)
            self._waiting -= taken
            self._metrics.queue.set(self._waiting)
            return batch

    def _call(self, wishes: list[_Wish]) -> None:
        batch = [wish for wish in wishes if wish.deadline > time.monotonic()]
        for late in set(wishes).difference(batch):
            late.done.set_exception(_too_late())
        if not batch:
            return
        samples = [sample for wish in batch for sample in wish.samples]
        began = time.perf_counter()
        try:
            found = self.encoder.encode(samples, batch_size=self._size)
            if len(found) != len(samples):
                raise ValueError(f"{len(found)} vectors of {len(samples)} samples")
        except Exception as error:
            if len(batch) == 1 or isinstance(error, ServerUnavailableError):
                for wish in batch:
                    wish.done.set_exception(_failed(error))
                return
            for wish in batch:  # find whose it is: the others did nothing wrong
                self._call([wish])
            return
        self._metrics.encoded(len(samples), time.perf_counter() - began)
        start = 0
        for wish in batch:
            rows = np.arange(start, start + len(wish.samples))
            wish.done.set_result(found.select(rows))
            start += len(wish.samples)


def _too_late() -> RefusalError:
    return RefusalError(
        "deadline_exceeded",
        "the encoder was not done in time",
        remedy="send less at once, or allow more time",
    )


def _failed(error: Exception) -> CrossReIDError:
    if isinstance(error, CrossReIDError):
        return error
    return RefusalError(
        "encoder_failed", f"the encoder failed ({type(error).__name__})", remedy="try again later"
    )
