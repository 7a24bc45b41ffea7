"""Run the demonstration over seeds and keep every number of it: do its aims hold on average, and how long does it take?

Run `python benchmarks/demonstration.py`; about ten minutes a seed on two cores. Seeds that are finished are not run
again. It writes `benchmarks/results/demonstration.json`.
"""

import argparse
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from crossreid.demonstration.run import run_demo
from crossreid.demonstration.settings import DemoSettings
from crossreid.demonstration.story import aims
from crossreid.training.record import write_record

SEEDS = (0, 1, 2)
RESULTS = Path(__file__).parent / "results" / "demonstration.json"
RUNS = Path("runs") / "demonstration"


def run_seed(settings: DemoSettings, folder: Path) -> dict[str, Any]:
    """The record of one seed; a finished one with the same settings is read, any other is run from its beginning.

    An interrupted seed is not continued: its seconds would be those of its last part.
    """
    record = folder / "results.json"
    if record.exists():
        found = json.loads(record.read_text(encoding="utf-8"))
        if found["configuration"] == asdict(settings):
            return found
    shutil.rmtree(folder, ignore_errors=True)
    run_demo(
        settings, folder, say=lambda words: print(f"seed {settings.seed}: {words}", flush=True), quiet=True
    )
    return json.loads(record.read_text(encoding="utf-8"))


def measure(settings: DemoSettings, seeds: Sequence[int], runs: Path, results: Path) -> Path:
    """Run all seeds, and write what each of them measured and took."""
    records = {seed: run_seed(replace(settings, seed=seed), runs / str(seed)) for seed in seeds}
    means = {
        setting: [record["mean_map"][setting] for record in records.values()]
        for setting in records[seeds[0]]["mean_map"]
    }
    for setting, values in means.items():
        spread = f" +- {stdev(values):.1f}" if len(values) > 1 else ""
        print(f"{setting:18} mean mAP {mean(values):.1f}{spread}")
    for aim in aims({setting: mean(values) for setting, values in means.items()}):
        print(aim)
    kept = ("rows", "seconds", "closed_form", "validations", "versions", "hardware", "commit")
    return write_record(
        results,
        asdict(settings),
        seed=seeds[0],
        seeds=list(seeds),
        mean_map=means,
        runs={seed: {name: record[name] for name in kept} for seed, record in records.items()},
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS, help="seeds to run (default: 0 1 2)")
    print(f"{measure(DemoSettings(), parser.parse_args().seeds, RUNS, RESULTS)} is written")
