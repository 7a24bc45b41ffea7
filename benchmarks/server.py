"""Measure a running server: requests a second and latencies by number of clients.

Run `python benchmarks/server.py`; it starts `crossreid serve` on a gallery of random people in a folder of its own,
builds the index, and writes `benchmarks/results/server.json`. Each client asks again as soon as it is answered:
searches by words, searches by a picture, and enrolments of eight pictures. `--url` with CROSSREID_TOKEN (of a
supervisor) measures a server that runs already; people are enrolled into its gallery. `--miniature` takes some seconds
and writes nothing.
"""

import argparse
import base64
import json
import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import Any

import numpy as np
from server_parts.crowd import WORDS
from server_parts.pictures import jpeg
from server_parts.serving import Caller, own_folder, served

from crossreid.training.record import write_record

RESULTS = Path(__file__).parent / "results" / "server.json"
CLIENTS = (1, 8, 32, 128)
PERCENTILES = (50, 95, 99)
_BATCH, _DECAY, _PICTURES = 256, 0.8, 8

Request = Callable[[np.random.Generator], tuple[str, dict[str, Any]]]


def _search(evidence: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "/v1/search", {"purpose": "benchmark", "reference": "benchmark", "evidence": [evidence]}


def _by_words(rng: np.random.Generator) -> tuple[str, dict[str, Any]]:
    return _search({"modality": "text", "text": str(rng.choice(WORDS))})


def _by_picture(rng: np.random.Generator) -> tuple[str, dict[str, Any]]:
    return _search({"modality": "rgb", "picture": jpeg(rng)})


def _enrolment(rng: np.random.Generator) -> tuple[str, dict[str, Any]]:
    return "/v1/items", {"items": [{"picture": jpeg(rng)} for _ in range(_PICTURES)]}


KINDS: dict[str, Request] = {
    "text search": _by_words, "image search": _by_picture, "enrolment": _enrolment
}  # fmt: skip


def load(url: str, key: str, make: Request, *, clients: int, seconds: float) -> dict[str, Any]:
    """Requests a second that were answered well, their latencies, and how often which status came."""
    latencies, statuses = list[float](), Counter[str]()
    ready, end = threading.Barrier(clients + 1), [0.0]

    def work(number: int) -> None:
        rng = np.random.default_rng(number)
        with Caller(url, key) as caller:
            ready.wait()
            while time.monotonic() < end[0]:
                path, content = make(rng)
                began = time.perf_counter()
                try:
                    status = caller.ask("POST", path, content)[0]
                except (OSError, HTTPException):
                    status = 0
                statuses[str(status) if status else "no answer"] += 1
                if 200 <= status < 300:
                    latencies.append(1000 * (time.perf_counter() - began))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    end[0] = time.monotonic() + seconds
    began = time.monotonic()
    ready.wait()
    for thread in threads:
        thread.join()
    told = {"per_second": round(len(latencies) / (time.monotonic() - began), 2), "statuses": dict(statuses)}
    if latencies:
        told |= {f"p{p}_ms": round(float(np.percentile(latencies, p)), 1) for p in PERCENTILES}
    return told


def fill(caller: Caller, people: int) -> None:
    """Random people of a falling spectrum."""
    encoder = caller.tell("GET", "/v1/models")["encoder"]
    rng = np.random.default_rng(0)
    scale = np.arange(1, encoder["dim"] + 1) ** -_DECAY
    for start in range(caller.tell("GET", "/v1/statistics")["people"], people, _BATCH):
        numbers = range(start, min(start + _BATCH, people))
        rows = (rng.normal(size=(len(numbers), encoder["dim"])) * scale).astype("<f4")
        items = [
            {
                "id": f"p{number}",
                "person": str(number),
                "camera": str(number % 50),
                "vector": base64.b64encode(row.tobytes()).decode(),
            }
            for number, row in zip(numbers, rows, strict=True)
        ]
        caller.tell("POST", "/v1/items", {"items": items, "fingerprint": encoder["fingerprint"]})


def build_index(caller: Caller) -> dict[str, Any]:
    """By an admin; what the job tells."""
    job = caller.tell("POST", "/v1/index")
    while job["state"] in ("waiting", "running"):
        time.sleep(0.2)
        job = caller.tell("GET", f"/v1/jobs/{job['id']}")
    assert job["state"] == "done", job
    return job["result"]


def measure(url: str, key: str, given: argparse.Namespace) -> list[dict[str, Any]]:
    cells: list[dict[str, Any]] = []
    for kind in given.kinds:
        for clients in given.clients:
            found = load(url, key, KINDS[kind], clients=clients, seconds=given.seconds)
            cells.append({"kind": kind, "clients": clients, "people": given.people} | found)
            print(json.dumps(cells[-1]), flush=True)
    return cells


def own(given: argparse.Namespace) -> dict[str, Any]:
    """Of a server that is started for it."""
    with own_folder() as folder, served(folder, given.encoder) as server:
        supervisor, admin = server.keys("supervisor", "admin")
        with Caller(server.url, supervisor) as caller:
            began = time.monotonic()
            fill(caller, given.people)
            filled_s = time.monotonic() - began
        with Caller(server.url, admin) as caller:
            index = build_index(caller)
        return {
            "filled_per_second": round(given.people / filled_s, 1),
            "index": index,
            "cells": measure(server.url, supervisor, given),
            "load_average": os.getloadavg()[0],
        }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--encoder", default="tiny-edge")
    parser.add_argument("--url", default="")
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--clients", type=int, nargs="+", default=list(CLIENTS))
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--miniature", action="store_true")
    given = parser.parse_args()
    if given.miniature:
        given.people, given.seconds, given.clients = 300, 0.5, [1, 4]
    if given.url:
        key = os.environ["CROSSREID_TOKEN"]
        with Caller(given.url, key) as caller:
            fill(caller, given.people)
        measure(given.url, key, given)
        return
    found = own(given)
    if not given.miniature:
        configuration = {"encoder": given.encoder, "people": given.people, "seconds": given.seconds}
        write_record(RESULTS, configuration, seed=0, **found)


if __name__ == "__main__":
    main()
