"""Clients that go on whatever happens, and note each answer."""

import json
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPException
from typing import Any

import numpy as np

from server_parts.pictures import jpeg, noise
from server_parts.serving import Caller

WORDS = ("a man in a red jacket", "a woman with a black backpack", "somebody in a long blue coat")
_PAUSE_S = 0.1


@dataclass(frozen=True, slots=True)
class Answer:
    """What one request came to: when it was sent, for how long it took, and the status with its code."""

    kind: str
    began: float
    seconds: float
    told: str
    retry_after: bool

    @property
    def ended(self) -> float:
        return self.began + self.seconds

    @property
    def good(self) -> bool:
        return self.told.startswith("2")


@dataclass
class Ledger:
    """What was sent, and what of it the server said it has."""

    sent: set[str] = field(default_factory=set)
    acknowledged: set[str] = field(default_factory=set)
    searches: set[str] = field(default_factory=set)


class Crowd:
    """So many clients, half of whom enrol and half of whom search. Who is refused sends the same again.

    Args:
        urls: of the servers; clients are dealt out among them.
        key: of a supervisor.
        clients: at least 2.
        pause_s: between an answer and the next request of the same client.
        picture_side: pixels of the pictures that are enrolled; the larger, the more is written.
    """

    def __init__(
        self,
        urls: Sequence[str],
        key: str,
        *,
        clients: int = 4,
        pause_s: float = _PAUSE_S,
        picture_side: int = 0,
    ) -> None:
        self._urls, self._key, self._pause_s = urls, key, pause_s
        self._picture = partial(noise, side=picture_side) if picture_side else jpeg
        self.answers: list[Answer] = []
        self.ledger = Ledger()
        self._stop, self._lock = threading.Event(), threading.Lock()
        self._threads = [
            threading.Thread(target=self._enrol if number % 2 else self._search, args=(number,), daemon=True)
            for number in range(clients)
        ]

    def __enter__(self) -> "Crowd":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def between(self, first: float, last: float) -> list[Answer]:
        """What was answered then, or given up."""
        with self._lock:
            return [answer for answer in self.answers if first <= answer.ended < last]

    def wait_for(self, kind: str, *, after: float, seconds: float = 240.0) -> float:
        """Seconds from `after` to the first good answer of that kind to what was sent since."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with self._lock:
                sent = [answer for answer in self.answers if answer.began >= after and answer.kind == kind]
            good = [answer.ended for answer in sent if answer.good]
            if good:
                return min(good) - after
            time.sleep(0.02)
        raise AssertionError(f"no {kind} answered within {seconds} s: {told(self.between(after, end))}")

    def _enrol(self, number: int) -> None:
        rng, turn = np.random.default_rng(number), 0
        caller = Caller(self._urls[number // 2 % len(self._urls)], self._key, timeout_s=60)
        while not self._stop.is_set():
            names = [f"client-{number}/{turn}/{place}" for place in range(int(rng.integers(1, 4)))]
            body = {"items": [{"id": name, "person": name, "picture": self._picture(rng)} for name in names]}
            self.ledger.sent.update(names)
            headers = {"Idempotency-Key": f"{number}-{turn}"}
            while not self._stop.is_set():
                answer = self._ask(caller, "enrolment", "/v1/items", body, headers)
                if answer is not None:
                    assert {item["status"] for item in answer["items"]} <= {"enrolled", "known"}, answer
                    self.ledger.acknowledged.update(names)
                    break
            turn += 1
        caller.close()

    def _search(self, number: int) -> None:
        rng = np.random.default_rng(number)
        caller = Caller(self._urls[number // 2 % len(self._urls)], self._key, timeout_s=60)
        while not self._stop.is_set():
            evidence = [{"modality": "text", "text": str(rng.choice(WORDS))}]
            body = {"purpose": "fault", "reference": "fault", "evidence": evidence, "top": 5}
            answer = self._ask(caller, "search", "/v1/search", body)
            if answer is not None:
                self.ledger.searches.add(answer["search"])
        caller.close()

    def _ask(
        self, caller: Caller, kind: str, path: str, body: Any, headers: dict[str, str] | None = None
    ) -> dict[str, Any] | None:
        """A good answer; anything else is noted, and None."""
        began, retry_after, found = time.monotonic(), False, None
        try:
            status, content, given = caller.ask("POST", path, body, headers)
            retry_after = given.get("retry-after") is not None
            parsed = json.loads(content)
            found = parsed if status < 300 else None
            said = str(status) if status < 300 else f"{status} {parsed['error']['code']}"
        except (OSError, HTTPException):
            said = "no answer"
        answer = Answer(kind, began, time.monotonic() - began, said, retry_after)
        with self._lock:
            self.answers.append(answer)
        self._stop.wait(self._pause_s)
        return found


def told(answers: Sequence[Answer]) -> dict[str, dict[str, int]]:
    """kind -> what was answered -> how often."""
    kinds = sorted({answer.kind for answer in answers})
    return {
        kind: dict(sorted(Counter(answer.told for answer in answers if answer.kind == kind).items()))
        for kind in kinds
    }
