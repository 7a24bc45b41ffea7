"""Measure the edge model in every runtime and precision, paired in one run.

Subjects: ViT-L/14 with random weights at 280 x 140, whose cosines say little, and `tiny-edge` with its own. Ways:
PyTorch eager and compiled, in fp32 and bf16 (weights too), and packs for ONNX Runtime and OpenVINO in all
precisions, from prepared input to vectors. In each round every way has its turn, in changing order, and so have large
matrix products, whose rate is the machine's peak, and all that is done around the model, from an encoded picture or a
caption on. Ratios are of one round. A pack that does not agree with its model is refused by `export` and not timed.

Run `python benchmarks/edge.py`; run it again to resume. It writes `benchmarks/results/edge.json` and with it
the section of `docs/edge.md`. With `--miniature` the model is tiny, the rounds few, and nothing but `runs/` is written.
"""

import argparse
import contextlib
import json
import random
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from edge_parts.plan import MINIATURE, Plan
from edge_parts.section import write_section
from edge_parts.subjects import Subject, subject_of
from edge_parts.summary import judge, peaks, shares_of_peak, spread, times_faster
from edge_parts.ways import TOWERS, agreement, inputs_of, operations, profile, ways

from crossreid.runtime.pack import Pack
from crossreid.training.record import library_version, write_record

RESULTS = Path(__file__).parent / "results" / "edge.json"
DOCUMENT = Path(__file__).parents[1] / "docs" / "edge.md"
RUNS = Path("runs") / "edge"
_LIBRARIES = ("onnxruntime", "openvino", "nncf", "onnx")


def measure(plan: Plan, folder: Path) -> dict[str, Any]:
    """All subjects, as they stand in the record."""
    torch.set_num_threads(plan.threads)
    return {name: _measure_subject(name, plan, folder / name) for name in plan.subjects}


def _measure_subject(name: str, plan: Plan, folder: Path) -> dict[str, Any]:
    with subject_of(name, plan, folder) as subject:
        found: dict[str, Any] = {
            "packs": {kind: _facts(pack, folder) for kind, pack in subject.packs.items()},
            "refused": subject.refused,
            "cases": {},
        }
        for tower in TOWERS:
            for batch in plan.batches:
                found["cases"][f"{tower} {batch}"] = _measure_case(subject, tower, batch, plan)
                print(f"{name}, {tower} {batch}: measured", flush=True)
    found["targets"] = judge(found["cases"]["image 1"]["rounds_ms"], found["packs"])
    return found


def _facts(pack: Pack, folder: Path) -> dict[str, Any]:
    agreement = pack.parity.modalities.values()
    files = (folder / f"{pack.runtime}-{pack.precision}").iterdir()
    made = pack.quantisation
    return {
        "mean": min(item.mean for item in agreement),
        "lowest": min(item.lowest for item in agreement),
        "size_mib": round(sum(file.stat().st_size for file in files) / 2**20, 1),
        "products_in_float": None if made is None else len(made.float_layers),
        "cosines": {name: asdict(item) for name, item in pack.parity.modalities.items()},
        "tasks": [asdict(task) for task in pack.parity.tasks],
    }


def _measure_case(subject: Subject, tower: str, batch: int, plan: Plan) -> dict[str, Any]:
    """One tower with one number of items."""
    every = ways(subject, tower, batch, plan)
    calls = {name: way.call for name, way in every.items() if way.call is not None}
    log = subject.folder / f"rounds-{tower}-{batch}.jsonl"
    rounds = take_turns(calls, plan, log, key=f"{subject.original.made_from} {_versions()}")
    peak, count = peaks(rounds, plan.product_side), batch * operations(subject.original, tower, plan)
    found: dict[str, Any] = {
        "cosine_with_eager_fp32": agreement(every),
        "operations": count,
        "peaks_gflops": peak,
        "share_of_peak": shares_of_peak(rounds, count, peak),
        "ms": {name: spread(values) for name, values in rounds.items()},
        "rounds_ms": rounds,
        "unavailable": {name: way.why_not for name, way in every.items() if way.call is None},
    }
    for base in ("eager fp32", "eager bf16"):
        if base in rounds:
            found[f"times_faster_than_{base.replace(' ', '_')}"] = {
                name: times_faster(rounds, name, base) for name in found["share_of_peak"]
            }
    if batch == 1:
        found["profile_ms"] = _profiles(subject, tower, plan)
    return found


def _profiles(subject: Subject, tower: str, plan: Plan) -> dict[str, dict[str, float]]:
    inputs = inputs_of(subject.original, tower, 1, plan)
    return {
        kind: profile(
            subject.folder / f"openvino-{pack.precision}" / f"{tower}.xml", pack.precision, inputs, plan
        )
        for kind, pack in subject.packs.items()
        if pack.runtime == "openvino"
    }


def take_turns(
    calls: Mapping[str, Callable[[], Any]],
    plan: Plan,
    log: Path,
    *,
    key: str,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, list[float]]:
    """Milliseconds of every call, one a round; rounds that are in the log already are not measured again.

    Args:
        calls: each is made once before, and not counted.
        plan: rounds, and how long a turn is.
        log: one line a round, after a line that says what was measured; another one's is begun anew.
        key: what is measured, beside the plan.
        clock: seconds.
    """
    head = {"plan": json.loads(json.dumps(asdict(plan))) | {"rounds": 0}, "key": key, "ways": sorted(calls)}
    done = _logged(log, head)[: plan.rounds]
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("".join(json.dumps(line) + "\n" for line in (head, *done)), encoding="utf-8")
    if len(done) < plan.rounds:
        for call in calls.values():
            call()
    for number in range(len(done), plan.rounds):
        order = random.Random(number).sample(list(calls), len(calls))
        taken = {name: _turn(calls[name], plan.least_s, clock) for name in order}
        with log.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(taken) + "\n")
        done.append(taken)
    return {name: [round(taken[name], 5) for taken in done] for name in calls}


def _logged(log: Path, head: dict[str, Any]) -> list[dict[str, float]]:
    """The whole rounds of a log that begins with this head."""
    lines = []
    for written in log.read_text(encoding="utf-8").splitlines() if log.exists() else []:
        with contextlib.suppress(ValueError):  # the last line, of a run that was killed
            lines.append(json.loads(written))
    return lines[1:] if lines and lines[0] == head else []


def _turn(call: Callable[[], Any], least_s: float, clock: Callable[[], float]) -> float:
    """The median of as many calls as fit, at least one, in milliseconds."""
    begun, taken = clock(), []
    while not taken or clock() - begun < least_s:
        before = clock()
        call()
        taken.append(1000 * (clock() - before))
    return statistics.median(taken)


def _versions() -> dict[str, str]:
    return {name: library_version(name) for name in ("torch", *_LIBRARIES)}


def main(plan: Plan, *, runs: Path = RUNS, results: Path = RESULTS, document: Path | None = DOCUMENT) -> None:
    """Measure, judge and write."""
    subjects = measure(plan, runs)
    write_record(results, asdict(plan), seed=plan.seed, runtimes=_versions(), subjects=subjects)
    print(f"Wrote {results}")
    for name, subject in subjects.items():
        for target in subject["targets"]:
            word = "met" if target["met"] else "missed"
            print(f"{name}: {target['what']}: {target['found']}, wanted {target['wanted']}: {word}")
    if document is not None:
        write_section(results, document)
        print(f"Wrote the section of {document}")


def _parse() -> tuple[Plan, bool]:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--miniature", action="store_true", help="a tiny model, nothing but runs/ is written")
    parser.add_argument("--rounds", type=int, help=f"{Plan().rounds} by default")
    parser.add_argument("--threads", type=int, default=1, help="of every runtime")
    parser.add_argument("--subject", action="append", help="one of several; by default all")
    asked = parser.parse_args()
    plan = MINIATURE if asked.miniature else Plan()
    changes: dict[str, Any] = {"threads": asked.threads}
    changes |= {"rounds": asked.rounds} if asked.rounds else {}
    changes |= {"subjects": tuple(asked.subject)} if asked.subject else {}
    return Plan(**asdict(plan) | changes), asked.miniature


if __name__ == "__main__":
    chosen, miniature = _parse()
    if miniature:
        main(chosen, runs=RUNS / "miniature", results=RUNS / "miniature" / "edge.json", document=None)
    else:
        main(chosen)
