"""Measure `crossreid.evaluation.rank` beside the two ways in which person search is usually evaluated.

- *per-query loop*: one argsort for all queries, then Python for each query, with the average precision summed up
  item by item (as in the pure-Python evaluation of fast-reid).
- *full argsort*: one argsort for all queries, then tables as large as queries x gallery, divided place by place (as in
  IRRA).

Both are written anew here, for the metrics R1, R5, R10, mAP and mINP; they form their products in single precision,
ours in double. All begin with the same vectors, take turns within a round, and must agree on the result. A gallery of
100,000 is ranked by ours alone, for the memory that it takes.

Run `python benchmarks/ranking.py`: it measures what `benchmarks/results/ranking.json` does not hold yet; `--small`
leaves out the largest gallery.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from harness.cases import measure_cases, read_arguments
from harness.measuring import extra_memory_mib, in_turns, ratios, summary

from crossreid.evaluation import rank

RESULTS = Path(__file__).parent / "results" / "ranking.json"
KS = (1, 5, 10)
ROUNDS = 5
Numbers = tuple[float, ...]


@dataclass(frozen=True)
class Case:
    """Vectors of people of whom each has `queries / people` queries and `gallery / people` gallery items on average.

    `usual` names the way that ours is measured beside.
    """

    queries: int
    gallery: int
    people: int
    usual: str | None
    dim: int = 512
    rounds: int = ROUNDS


@dataclass(frozen=True)
class Items:
    """float32 [n, dim] of unit length, and their people."""

    queries: np.ndarray
    gallery: np.ndarray
    query_people: np.ndarray
    gallery_people: np.ndarray


LARGE = "10,000 x 100,000 x 1536"
CASES = {
    "3,368 x 15,913 x 512 (Market-1501)": Case(3_368, 15_913, 750, "per-query loop"),
    "4,000 x 19,848 x 512 (ICFG-PEDES)": Case(4_000, 19_848, 1_000, "full argsort"),
    LARGE: Case(10_000, 100_000, 5_000, None, dim=1536, rounds=1),
}


def draw(case: Case, seed: int) -> Items:
    """Each person is a direction, each item that direction with noise, so that right answers stand at all depths."""
    random = np.random.default_rng(seed)
    centres = random.standard_normal((case.people, case.dim), dtype=np.float32)
    sides = []
    for count in (case.queries, case.gallery):
        people = random.integers(0, case.people, count)
        vectors = 3 * random.standard_normal((count, case.dim), dtype=np.float32)
        vectors += centres[people]
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        sides.append((vectors, people))
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
    last = torch.cat([row.nonzero()[-1] + 1 for row in right])
    shares = torch.stack([found[:, place] / (place + 1.0) for place in range(right.shape[1])], dim=1)
    precisions = (shares * right).sum(dim=1) / counts
    cmc = [100 * float((found[:, k - 1] > 0).float().mean()) for k in KS]
    return (*cmc, 100 * float(precisions.mean()), 100 * float((counts / last).mean()))


WAYS: dict[str, Callable[[Items], Numbers]] = {
    "ours": ours,
    "per-query loop": per_query_loop,
    "full argsort": full_argsort,
}


def measure(case: Case) -> Mapping[str, Any]:
    """Seconds and memory of each way, and how many times those of ours the usual one took in the same round."""
    items = draw(case, seed=0)
    results: dict[str, Numbers] = {}

    def run(name: str) -> Callable[[], None]:
        def once() -> None:
            results[name] = WAYS[name](items)

        return once

    ways = {name: run(name) for name in ("ours", case.usual) if name}
    memory = {name: extra_memory_mib(way) for name, way in ways.items()}
    seconds = in_turns(ways, rounds=case.rounds)
    if not all(np.allclose(one, results["ours"], atol=1e-2) for one in results.values()):
        raise SystemExit(f"the results differ: {results}")
    return {
        "seed": 0,
        "rounds": case.rounds,
        "ways": {
            name: {
                "seconds": summary(taken),
                "items_per_second": case.queries / summary(taken)["median"],
                "extra_memory_mib": memory[name],
            }
            for name, taken in seconds.items()
        },
        "times_faster": {
            name: ratios(taken, seconds["ours"]) for name, taken in seconds.items() if name != "ours"
        },
    }


def main(
    cases: Mapping[str, Case] = CASES, *, results: Path = RESULTS, again: bool = False
) -> Mapping[str, Any]:
    torch.set_num_threads(1)
    what = "from vectors to R1, R5, R10, mAP and mINP; items are queries"
    named = {name: lambda case=case: measure(case) for name, case in cases.items()}
    return measure_cases(results, what, named, again=again)


if __name__ == "__main__":
    asked = read_arguments(__doc__)
    main({name: case for name, case in CASES.items() if not asked.small or name != LARGE}, again=asked.again)
