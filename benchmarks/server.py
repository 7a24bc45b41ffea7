"""Measure a running server: requests a second and latencies by number of clients, and its memory over a soak.

Run `python benchmarks/server.py --people 100000 --encoder tiny-edge`; it starts `crossreid serve` on a gallery of
random people in a folder of its own, and writes each cell to `benchmarks/results/server.json` as it is measured.
Started again, it measures only what is missing. `--soak-minutes 30` searches at 8 clients for so long, and notes the
server's memory each ten seconds. `--url` and `CROSSREID_TOKEN` measure a server that runs already; people are enrolled
into its gallery.
"""

import argparse
import base64
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import psutil
from PIL import Image

RESULTS = Path(__file__).parent / "results" / "server.json"
CLIENTS = (1, 8, 32, 128)
WORDS = ("a man in a red jacket", "a woman with a black backpack and jeans", "somebody in a long blue coat")
PERCENTILES = (50, 95, 99)
BATCH = 256


@dataclass
class Outcome:
    """Latencies in ms of good answers, and how often which status came."""

    latencies_ms: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)

    def add(self, status: int, latency_ms: float) -> None:
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if status < 300:
            self.latencies_ms.append(latency_ms)


class Caller:
    """One client on one connection."""

    def __init__(self, url: str, key: str) -> None:
        where = urlsplit(url)
        self._connection = HTTPConnection(where.hostname or "", where.port, timeout=120)
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def post(self, path: str, content: Any) -> tuple[int, bytes]:
        self._connection.request("POST", path, json.dumps(content).encode(), self._headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def close(self) -> None:
        self._connection.close()


def picture(rng: np.random.Generator) -> str:
    stream = BytesIO()
    coarse = rng.integers(0, 256, (14, 7, 3), dtype=np.uint8)
    Image.fromarray(coarse).resize((140, 280), Image.Resampling.BICUBIC).save(stream, "JPEG", quality=90)
    return base64.b64encode(stream.getvalue()).decode()


def search(evidence: list[dict[str, Any]]) -> dict[str, Any]:
    return {"purpose": "benchmark", "reference": "benchmark", "evidence": evidence, "top": 20}


def requests_of(kind: str) -> Callable[[np.random.Generator], tuple[str, dict[str, Any]]]:
    """What a client sends next."""
    match kind:
        case "text search":
            return lambda rng: ("/v1/search", search([{"modality": "text", "text": str(rng.choice(WORDS))}]))
        case "image search":
            return lambda rng: ("/v1/search", search([{"modality": "rgb", "picture": picture(rng)}]))
        case _:
            return lambda rng: (
                "/v1/items",
                {"items": [{"picture": picture(rng), "camera": str(rng.integers(50))} for _ in range(8)]},
            )


def load(url: str, key: str, kind: str, *, clients: int, seconds: float) -> dict[str, Any]:
    """So many clients, each of whom asks again as soon as it is answered."""
    outcomes = [Outcome() for _ in range(clients)]
    ready, end = threading.Barrier(clients + 1), [0.0]

    def work(number: int) -> None:
        caller, rng, make = Caller(url, key), np.random.default_rng(number), requests_of(kind)
        ready.wait()
        while time.monotonic() < end[0]:
            path, content = make(rng)
            began = time.perf_counter()
            status, _ = caller.post(path, content)
            outcomes[number].add(status, 1000 * (time.perf_counter() - began))
        caller.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    end[0] = time.monotonic() + seconds
    ready.wait()
    for thread in threads:
        thread.join()
    good = np.array([latency for outcome in outcomes for latency in outcome.latencies_ms])
    statuses: dict[str, int] = {}
    for outcome in outcomes:
        for status, count in outcome.statuses.items():
            statuses[str(status)] = statuses.get(str(status), 0) + count
    told: dict[str, Any] = {
        "seconds": seconds,
        "statuses": statuses,
        "per_second": round(len(good) / seconds, 2),
    }
    if len(good):
        told |= {f"p{p}_ms": round(float(np.percentile(good, p)), 1) for p in PERCENTILES}
    return told


def soak(url: str, key: str, pid: int | None, *, minutes: float) -> dict[str, Any]:
    """Eight clients for so long, and the resident memory of the server and its children meanwhile."""
    memory: list[float] = []
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(10):
            if pid is not None:
                memory.append(round(psutil.Process(pid).memory_info().rss / 2**20, 1))

    watcher = threading.Thread(target=watch)
    watcher.start()
    told = load(url, key, "text search", clients=8, seconds=60 * minutes)
    stop.set()
    watcher.join()
    return told | {"memory_mib": memory}


def fill(url: str, key: str, people: int, dim: int, fingerprint: str) -> None:
    """Random people of a falling spectrum, two pictures each."""
    rng = np.random.default_rng(0)
    caller = Caller(url, key)
    scale = np.arange(1, dim + 1) ** -0.5
    for start in range(0, 2 * people, BATCH):
        items = []
        for number in range(start, min(start + BATCH, 2 * people)):
            vector = (rng.normal(size=dim) * scale).astype("<f4")
            items.append(
                {"id": f"p{number}", "person": str(number // 2), "camera": str(number % 50),
                 "vector": base64.b64encode(vector.tobytes()).decode()}
            )  # fmt: skip
        status, body = caller.post("/v1/items", {"items": items, "fingerprint": fingerprint})
        assert status == 201, body
    caller.close()


@contextmanager
def own_server(encoder: str) -> Iterator[tuple[str, str, int]]:
    """`crossreid serve` in a folder of its own: address, key of a supervisor, process."""
    folder = Path(tempfile.mkdtemp(prefix="crossreid-bench-"))
    folder.chmod(0o755)
    program = "from crossreid.cli.main import run; run()"
    words = ["serve", "--gallery", str(folder), "--encoder", encoder, "--port", "0", "--rate", "100000"]
    environment = os.environ | {
        "CROSSREID_KEY": base64.b64encode(os.urandom(32)).decode(),
        "PYTHONUNBUFFERED": "1",
    }
    process = subprocess.Popen(
        [sys.executable, "-c", program, *words], env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        printed = ""
        assert process.stdout is not None
        while not (serving := re.search(r"^Serving (\S+)", printed, re.MULTILINE)):
            line = process.stdout.readline()
            assert line, printed
            printed += line
        once = re.search(r"crk_\S+", printed)
        assert once is not None
        url, caller = serving[1], Caller(serving[1], once[0])
        status, body = caller.post("/v1/keys/exchange", {"name": "benchmark", "role": "supervisor"})
        assert status == 201, body
        caller.close()
        yield url, json.loads(body)["key"], process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(120)
        shutil.rmtree(folder, ignore_errors=True)


def get(url: str, key: str, path: str) -> dict[str, Any]:
    request = urllib.request.Request(url + path, headers={"Authorization": f"Bearer {key}"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())


def measure(url: str, key: str, pid: int | None, given: argparse.Namespace, report: dict[str, Any]) -> None:
    encoder = get(url, key, "/v1/models")["encoder"]
    if get(url, key, "/v1/statistics")["people"] < given.people:
        fill(url, key, given.people, encoder["dim"], encoder["fingerprint"])
    cells = report.setdefault("cells", {})
    for kind in given.kinds:
        for clients in given.clients:
            name = f"{kind}, {clients} clients, {given.people} people"
            if name not in cells:
                cells[name] = load(url, key, kind, clients=clients, seconds=given.seconds)
                print(name, cells[name], flush=True)
                write(given.out, report)
    if given.soak_minutes and "soak" not in report:
        report["soak"] = soak(url, key, pid, minutes=given.soak_minutes)
        write(given.out, report)


def write(path: Path, report: dict[str, Any]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(report, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--encoder", default="tiny-edge")
    parser.add_argument("--url", default="")
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--clients", type=int, nargs="+", default=list(CLIENTS))
    kinds = ["text search", "image search", "enrolment"]
    parser.add_argument("--kinds", nargs="+", default=kinds, choices=kinds)
    parser.add_argument("--soak-minutes", type=float, default=0.0)
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    report = json.loads(given.out.read_text()) if given.out.exists() else {}
    report |= {
        "what": "closed loop: each client asks again as soon as it is answered; clients and server share the machine",
        "encoder": given.encoder if not given.url else given.url,
        "machine": platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
    }
    if given.url:
        measure(given.url, os.environ["CROSSREID_TOKEN"], None, given, report)
        return
    with own_server(given.encoder) as (url, key, pid):
        measure(url, key, pid, given, report)


if __name__ == "__main__":
    main()
