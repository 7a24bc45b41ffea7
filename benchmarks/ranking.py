"""Measure `crossreid.evaluation.rank` beside the two ways in which person search is usually evaluated.

- *per-query loop*: one argsort for all queries, then Python for each query, with the average precision summed up
  item by item (as in the pure-Python evaluation of fast-reid).
- *full argsort*: one argsort for all queries, then tables as large as queries x gallery (as in IRRA).

Both are written anew here, for the metrics R1, R5, R10, mAP and mINP; they form their products in single precision,
ours in double. All begin with the same vectors, take turns within a round, and must agree on the result.

Run `python benchmarks/ranking.py`; it prints the times and writes `benchmarks/results/ranking.json`. With `--smoke` the
sizes are tiny and nothing is written.
"""

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from crossreid.evaluation import rank

ROUNDS, DIM = 3, 512
KS = (1, 5, 10)
Numbers = tuple[float, ...]


@dataclass(frozen=True)
class Case:
    """Vectors of people of whom each has `queries / people` queries and `gallery / people` gallery items on average."""

    name: str
    queries: int
    gallery: int
    people: int
    usual: str


@dataclass(frozen=True)
class Items:
    """float32 [n, dim] of unit length, and their people."""

    queries: np.ndarray
    gallery: np.ndarray
    query_people: np.ndarray
    gallery_people: np.ndarray


CASES = (
    Case("Market-1501", 3_368, 15_913, 750, "per-query loop"),
    Case("ICFG-PEDES", 4_000, 19_848, 1_000, "full argsort"),
)
SMOKE = (
    Case("tiny", 40, 300, 10, "per-query loop"),
    Case("tiny", 40, 300, 10, "full argsort"),
)


def draw(case: Case, seed: int) -> Items:
    """Each person is a direction, each item that direction with noise, so that right answers stand at all depths."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(case.people, DIM)).astype(np.float32)
    sides = []
    for count in (case.queries, case.gallery):
        people = random.integers(0, case.people, count)
        vectors = centres[people] + 3 * random.normal(size=(count, DIM)).astype(np.float32)
        sides.append((vectors / np.linalg.norm(vectors, axis=1, keepdims=True), people))
    (queries, query_people), (gallery, gallery_people) = sides
    return Items(queries, gallery, query_people, gallery_people)


def ours(items: Items) -> Numbers:
    result = rank(items.queries, items.gallery, items.query_people, items.gallery_people, ks=KS)
    return (*result.cmc.values(), result.mean_ap, result.mean_inp)


def per_query_loop(items: Items) -> Numbers:
    order = np.argsort(1 - items.queries @ items.gallery.T, axis=1)
    hits, precisions, penalties = [], [], []
    for query, person in enumerate(items.query_people):
        right = (items.gallery_people[order[query]] == person).astype(np.int32)
        if not right.any():
            continue
        found = right.cumsum()
        last = np.flatnonzero(right).max()
        penalties.append(found[last] / (last + 1))
        hits.append(np.minimum(found, 1)[: max(KS)])
        shares = np.asarray([count / (place + 1.0) for place, count in enumerate(found)])
        precisions.append((shares * right).sum() / right.sum())
    cmc = np.mean(hits, axis=0)
    return (
        *(100 * float(cmc[k - 1]) for k in KS),
        100 * float(np.mean(precisions)),
        100 * float(np.mean(penalties)),
    )


def full_argsort(items: Items) -> Numbers:
    queries, gallery = torch.from_numpy(items.queries), torch.from_numpy(items.gallery)
    order = torch.argsort(queries @ gallery.T, dim=1, descending=True)
    right = torch.from_numpy(items.gallery_people)[order].eq(torch.from_numpy(items.query_people)[:, None])
    right = right[right.any(dim=1)]
    found = right.cumsum(dim=1)
    counts = found[:, -1]
    places = torch.arange(1, right.shape[1] + 1)
    last = (right * places).amax(dim=1)
    precisions = (found / places * right).sum(dim=1) / counts
    cmc = [100 * float((found[:, k - 1] > 0).float().mean()) for k in KS]
    return (*cmc, 100 * float(precisions.mean()), 100 * float((counts / last).mean()))


WAYS: dict[str, Callable[[Items], Numbers]] = {
    "ours": ours,
    "per-query loop": per_query_loop,
    "full argsort": full_argsort,
}


def measure(case: Case, rounds: int) -> dict[str, object]:
    """Seconds of each way and how many times those of ours the usual one took, paired within each round."""
    ways = ("ours", case.usual)
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(rounds):
        items = draw(case, seed=number)
        results = {}
        # The order changes from round to round: none is always the one that comes after the other.
        for way in ways if number % 2 else reversed(ways):
            # Processor time: other work on the machine belongs to none of them.
            start = time.process_time()
            results[way] = WAYS[way](items)
            seconds[way].append(time.process_time() - start)
        if not np.allclose(results["ours"], results[case.usual], atol=1e-2):
            raise SystemExit(f"the results differ: {results}")
    ratios = [usual / own for usual, own in zip(seconds[case.usual], seconds["ours"], strict=True)]
    return {
        "size": f"{case.queries} queries x {case.gallery} gallery items x {DIM}",
        "compared_with": case.usual,
        "seconds": {way: summary(taken) for way, taken in seconds.items()},
        "times_faster": summary(ratios),
    }


def summary(values: list[float]) -> dict[str, float]:
    return {
        "median": round(statistics.median(values), 3),
        "min": round(min(values), 3),
        "max": round(max(values), 3),
    }


def processor() -> str:
    """The processor's name where the system tells it."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    return next(
        (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine()
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--smoke", action="store_true", help="tiny sizes, nothing is written")
    smoke = parser.parse_args().smoke
    torch.set_num_threads(1)
    report = {
        "what": "seconds of processor time from vectors to R1, R5, R10, mAP and mINP, and ratios within a round",
        "processor": processor(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "torch": torch.__version__,
        "threads": os.environ.get("OMP_NUM_THREADS", "as many as there are cores"),
        "rounds": ROUNDS,
        "cases": {
            f"{case.name}, {case.usual}": measure(case, ROUNDS) for case in (SMOKE if smoke else CASES)
        },
    }
    if not smoke:
        target = Path(__file__).parent / "results" / "ranking.json"
        target.parent.mkdir(exist_ok=True)
        target.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
