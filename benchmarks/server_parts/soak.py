"""A server that is used for long, and its memory meanwhile."""

import base64
import threading
import time
from typing import Any
from urllib.parse import quote

import numpy as np
import psutil

from crossreid.gallery.postgres.embedded import EmbeddedPostgres
from server_parts.crowd import WORDS
from server_parts.pictures import jpeg
from server_parts.places import site
from server_parts.serving import Caller

_FILLED, _BATCH = 2000, 200
_ROUND = ("text", "enrolment", "text", "picture", "list", "crop", "text", "erasure")
_SETTLED = 1 / 3
"""Share of the time that passes before growth is counted: what is loaded at first use is there by then."""


def soak(
    encoder: str, *, minutes: float, per_second: float, every_s: float = 10.0, folder_items: int = _FILLED
) -> dict[str, Any]:
    """Memory in MiB of the server and of all processes of its PostgreSQL (their shares of what is shared), every so
    many seconds, its growth in MiB an hour after the first third, and latencies in the first and last third."""
    with site(encoder) as place, place.caller() as caller:
        _fill(caller, folder_items)
        memory: list[tuple[float, float, float]] = []
        stop, began = threading.Event(), time.monotonic()
        watcher = threading.Thread(
            target=_watch, args=(place.server.pid, place.postgres, memory, stop, every_s)
        )
        watcher.start()
        latencies: list[tuple[str, float, float]] = []
        statuses: dict[str, int] = {}
        rng, turn = np.random.default_rng(0), 0
        try:
            while (now := time.monotonic() - began) < 60 * minutes:
                kind = _ROUND[turn % len(_ROUND)]
                asked = time.monotonic()
                status = _ask(caller, kind, turn, rng)
                latencies.append((kind, now, 1000 * (time.monotonic() - asked)))
                statuses[f"{kind} {status}"] = statuses.get(f"{kind} {status}", 0) + 1
                turn += 1
                time.sleep(max(0.0, turn / per_second - (time.monotonic() - began)))
        finally:
            stop.set()
            watcher.join()
    seconds = 60 * minutes
    return {
        "statuses": dict(sorted(statuses.items())),
        "memory": {
            "seconds": [round(row[0], 1) for row in memory],
            "server_mib": [round(row[1], 1) for row in memory],
            "postgres_mib": [round(row[2], 1) for row in memory],
        },
        "growth_mib_an_hour": {
            "server": _growth(memory, 1, seconds), "postgres": _growth(memory, 2, seconds)
        },
        "median_ms": {
            kind: {
                "first third": _median(latencies, kind, 0, seconds / 3),
                "last third": _median(latencies, kind, 2 * seconds / 3, seconds),
            }
            for kind in sorted(set(_ROUND))
        },
    }  # fmt: skip


def _ask(caller: Caller, kind: str, turn: int, rng: np.random.Generator) -> int:
    why = {"purpose": "soak", "reference": "soak"}
    match kind:
        case "text":
            evidence: dict[str, Any] = {"modality": "text", "text": str(rng.choice(WORDS))}
            asked = ("POST", "/v1/search", why | {"evidence": [evidence], "explain": True})
        case "picture":
            evidence = {"modality": "rgb", "picture": jpeg(rng)}
            asked = ("POST", "/v1/search", why | {"evidence": [evidence]})
        case "enrolment":
            asked = ("POST", "/v1/items", {"items": [{"id": f"soak-{turn}", "picture": jpeg(rng)}]})
        case "list":
            asked = ("GET", "/v1/items?limit=50", None)
        case "crop":
            name = base64.urlsafe_b64encode(f"soak-{turn - 4}".encode()).decode().rstrip("=")
            asked = ("GET", f"/v1/items/{quote(name)}/crop", None)
        case _:
            name = base64.urlsafe_b64encode(f"soak-{turn - 6}".encode()).decode().rstrip("=")
            asked = ("POST", "/v1/erase", {"items": [name], "reason": "soak", "reference": "soak"})
    return caller.ask(*asked)[0]


def _fill(caller: Caller, items: int) -> None:
    encoder = caller.tell("GET", "/v1/models")["encoder"]
    rng = np.random.default_rng(1)
    for start in range(0, items, _BATCH):
        rows = rng.normal(size=(min(_BATCH, items - start), encoder["dim"])).astype("<f4")
        given = [
            {"id": f"p{start + n}", "vector": base64.b64encode(row.tobytes()).decode()}
            for n, row in enumerate(rows)
        ]
        caller.tell("POST", "/v1/items", {"items": given, "fingerprint": encoder["fingerprint"]})


def _watch(
    pid: int,
    postgres: EmbeddedPostgres,
    memory: list[tuple[float, float, float]],
    stop: threading.Event,
    every_s: float,
) -> None:
    began = time.monotonic()
    while not stop.wait(every_s):
        memory.append((time.monotonic() - began, _mib(pid), _mib(postgres.pid(), children=True)))


def _mib(pid: int, *, children: bool = False) -> float:
    """Of a process, or of one and all that it started."""
    first = psutil.Process(pid)
    total = first.memory_full_info().pss
    for child in first.children(recursive=True) if children else []:
        try:
            total += child.memory_full_info().pss
        except psutil.NoSuchProcess:
            continue
    return total / 2**20


def _growth(memory: list[tuple[float, float, float]], column: int, seconds: float) -> float | None:
    """Slope of the least-squares line after the first third, MiB an hour."""
    late = np.array([(row[0], row[column]) for row in memory if row[0] > _SETTLED * seconds])
    if len(late) < 3:
        return None
    return round(float(np.polyfit(late[:, 0], late[:, 1], 1)[0]) * 3600, 2)


def _median(latencies: list[tuple[str, float, float]], kind: str, first: float, last: float) -> float | None:
    times = [row[2] for row in latencies if row[0] == kind and first <= row[1] < last]
    return round(float(np.median(times)), 1) if times else None
