"""Real faults of a real server, while clients enrol and search; each returns what they were told and what is there."""

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import psycopg

from server_parts.crowd import Answer, Crowd, told
from server_parts.pictures import jpeg
from server_parts.places import database, ending_postgres, faketime, fill, site, small_disk
from server_parts.serving import Caller, own_folder, served

Report = dict[str, Any]
KINDS = ("enrolment", "search")


@dataclass(frozen=True, slots=True)
class Pace:
    """For how long all is well, a fault lasts, and all is well again; and how many clients there are."""

    before_s: float = 5.0
    fault_s: float = 10.0
    after_s: float = 5.0
    clients: int = 4


def observe(
    crowd: Crowd, pace: Pace, hurt: Callable[[], object], heal: Callable[[], object] | None = None
) -> Report:
    """What clients are told before, during and after a fault, and when both kinds of requests work again.

    Without `heal` the server helps itself, and `recovered_s` counts from the fault on; else from the repair's begin.
    """
    began = time.monotonic()
    for kind in KINDS:
        crowd.wait_for(kind, after=began)
    began = time.monotonic()
    time.sleep(pace.before_s)
    fault = time.monotonic()
    hurt()
    time.sleep(pace.fault_s)
    repair = time.monotonic()
    if heal is not None:
        heal()
    since = repair if heal is not None else fault
    recovered = {kind: round(crowd.wait_for(kind, after=since), 2) for kind in KINDS}
    time.sleep(pace.after_s)
    end = time.monotonic()
    answers = crowd.between(fault, end)
    return {
        "before": told(crowd.between(began, fault)),
        "during": told(crowd.between(fault, repair)),
        "after": told(crowd.between(repair, end)),
        "recovered_s": recovered,
        "longest_wait_s": round(max(answer.seconds for answer in answers), 2),
        "without_retry_after": sum(_unexplained(answer) for answer in answers),
    }


def server_killed(encoder: str, pace: Pace) -> Report:
    """kill -9 of the whole server, as when the encoder takes its process down; started again on the same folder."""
    with site(encoder) as place, place.crowd(pace.clients) as crowd:
        told = observe(crowd, pace, place.server.kill, place.server.start)
        return place.settle(crowd, told)


def encoder_away(encoder: str, pace: Pace) -> Report:
    """The encoder is another server's, and that is killed and started again."""
    with own_folder() as folder, ending_postgres(folder), served(folder, encoder) as other:
        (key,) = other.keys("device")
        with (
            site(other.url, environment={"CROSSREID_TOKEN": key}) as place,
            place.crowd(pace.clients) as crowd,
        ):
            told = observe(crowd, pace, other.kill, other.start)
            return place.settle(crowd, told)


def database_killed(encoder: str, pace: Pace) -> Report:
    """kill -9 of the server's own PostgreSQL; nobody starts it again but the server."""
    with site(encoder) as place, place.crowd(pace.clients) as crowd:
        told = observe(crowd, pace, lambda: os.kill(place.postgres.pid(), signal.SIGKILL))
        return place.settle(crowd, told)


def database_away(encoder: str, pace: Pace) -> Report:
    """kill -9 of a PostgreSQL by address, which somebody starts again later."""
    with (
        database() as postgres,
        site(encoder, address=postgres.uri) as place,
        place.crowd(pace.clients) as crowd,
    ):
        told = observe(crowd, pace, lambda: os.kill(postgres.pid(), signal.SIGKILL), postgres.start)
        return place.settle(crowd, told)


def disk_nearly_full(encoder: str, pace: Pace) -> Report:
    """Somebody else's file leaves less on the disk than the server wants to spare."""
    with (
        small_disk(400) as disk,
        site(encoder, folder=disk, options=["--spare-mib", "100"]) as place,
        place.crowd(pace.clients) as crowd,
    ):
        file = disk / "somebody-else"
        told = observe(crowd, pace, lambda: fill(file, leave=60 * 2**20), file.unlink)
        return place.settle(crowd, told)


def disk_full(encoder: str, pace: Pace) -> Report:
    """Somebody else's file takes the disk to its last byte."""
    with (
        small_disk(400) as disk,
        site(encoder, folder=disk, options=["--spare-mib", "0"]) as place,
        place.crowd(pace.clients, picture_side=400) as crowd,
    ):
        file = disk / "somebody-else"
        told = observe(crowd, pace, lambda: fill(file, leave=0), file.unlink)
        return place.settle(crowd, told)


def clock_jumps(encoder: str, pace: Pace) -> Report:
    """The server's clock goes 400 days ahead and back, then 400 days behind and back; items are kept for 30 days."""
    with own_folder() as outside:
        shift = outside / "shift"
        shift.write_text("+0")
        environment = {
            "LD_PRELOAD": str(faketime()), "FAKETIME_TIMESTAMP_FILE": str(shift), "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1",
        }  # fmt: skip
        with (
            site(encoder, environment=environment, options=["--look-every", "1"]) as place,
            place.crowd(pace.clients) as crowd,
        ):
            with place.caller() as caller:
                caller.tell("PUT", "/v1/retention", {"collection": "", "days": 30})
            quick = replace(pace, before_s=0, after_s=0)
            ahead = observe(crowd, pace, lambda: shift.write_text("+400d"), lambda: shift.write_text("+0"))
            behind = observe(crowd, quick, lambda: shift.write_text("-400d"), lambda: shift.write_text("+0"))
            time.sleep(max(2.0, pace.after_s))
            return place.settle(crowd, ahead | {"behind": behind})


def two_servers(encoder: str, pace: Pace) -> Report:
    """Two servers on one database, each with its clients. Both are given the same items; one is killed and returns."""
    with (
        database() as postgres,
        site(encoder, address=postgres.uri) as place,
        served(postgres.uri, encoder) as other,
    ):
        urls = [place.server.url, other.url]
        with Crowd(urls, place.supervisor, clients=max(4, pace.clients)) as crowd:
            twice = _duel(urls, place.supervisor, crowd)
            told = observe(crowd, pace, other.kill, other.start)
            return place.settle(crowd, told | {"same_items": twice})


def pool_exhausted(encoder: str, pace: Pace) -> Report:
    """Somebody locks a table, and more requests wait for it than there are connections."""
    with (
        database() as postgres,
        site(encoder, address=postgres.uri) as place,
        psycopg.connect(postgres.uri) as locking,
        place.crowd(max(40, pace.clients)) as crowd,
    ):
        lock = "LOCK TABLE items IN ACCESS EXCLUSIVE MODE"
        told = observe(crowd, pace, lambda: locking.execute(lock), locking.rollback)
        return place.settle(crowd, told)


FAULTS: dict[str, Callable[[str, Pace], Report]] = {
    "server killed": server_killed,
    "encoder away": encoder_away,
    "database killed": database_killed,
    "database away": database_away,
    "disk nearly full": disk_nearly_full,
    "disk full": disk_full,
    "clock jumps": clock_jumps,
    "two servers": two_servers,
    "pool exhausted": pool_exhausted,
}


def _duel(urls: list[str], key: str, crowd: Crowd, rounds: int = 20) -> dict[str, int]:
    """The same items are given to both servers at the same moment: each is enrolled by one of them."""
    gate, counts, lock = threading.Barrier(len(urls)), Counter[str](), threading.Lock()
    picture = jpeg(np.random.default_rng(0))

    def give(url: str) -> None:
        with Caller(url, key) as caller:
            for number in range(rounds):
                names = [f"both/{number}/{place}" for place in range(3)]
                crowd.ledger.sent.update(names)
                gate.wait()
                body = {"items": [{"id": name, "person": name, "picture": picture} for name in names]}
                answer = caller.tell("POST", "/v1/items", body)
                crowd.ledger.acknowledged.update(names)
                with lock:
                    counts.update(item["status"] for item in answer["items"])

    threads = [threading.Thread(target=give, args=(url,)) for url in urls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"items": 3 * rounds} | counts


def _unexplained(answer: Answer) -> bool:
    """A refusal that passes, and does not say when to come back."""
    return answer.told[:3] in ("429", "503") and not answer.retry_after
