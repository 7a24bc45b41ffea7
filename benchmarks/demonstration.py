"""Run the demonstration at three seeds and keep every number of it: do the promises hold on average?

Run `python benchmarks/demonstration.py`; a quarter of an hour. It resumes, and writes
`benchmarks/results/demonstration.json`.
"""

import argparse
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from crossreid.demonstration.settings import DemoSettings
from crossreid.demonstration.stages import compare, draw, embed, fit, mean_average_precision
from crossreid.training.record import write_record

SEEDS = (0, 1, 2)
RESULTS = Path(__file__).parent / "results" / "demonstration.json"
RUNS = Path("runs") / "demonstration"


def main() -> None:
    settings, reports = DemoSettings(), {}
    for seed in SEEDS:
        folder = RUNS / str(seed)
        data = draw(replace(settings, seed=seed), folder, quiet=True)
        models = fit(replace(settings, seed=seed), data, folder, quiet=True)
        reports[seed] = compare(embed(models, data.people, quiet=True))
    means = {
        setting: [mean_average_precision(report, setting) for report in reports.values()]
        for setting in dict.fromkeys(row.setting for row in reports[SEEDS[0]].rows)
    }
    for setting, values in means.items():
        print(f"{setting:18} mean mAP {np.mean(values):.1f} +- {np.std(values, ddof=1):.1f}")
    write_record(
        RESULTS,
        asdict(settings),
        seed=SEEDS[0],
        seeds=list(SEEDS),
        mean_map=means,
        rows={seed: [row.summary() for row in report.rows] for seed, report in reports.items()},
    )
    print(f"{RESULTS} is written")


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    main()
