"""Writes the results of README.md from the demonstration's records; `--check` says where the two disagree."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from written_pages import with_block, write_or_check

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "README.md"
RESULTS = ROOT / "benchmarks" / "results"
BEGIN, END = "<!-- results: written by `make docs` -->", "<!-- /results -->"

TASKS = ("S->R", "IR->R", "T->R")
COLUMNS = (
    *((task, "source-excluded") for task in TASKS),
    ("S->R", "all"),
    ("IR->R", "all"),
)
Rows = Sequence[Mapping[str, Any]]


def block(results: Path = RESULTS) -> str:
    """Both tables: one run in full, and the aims over seeds."""
    run = json.loads((results / "demo.json").read_text(encoding="utf-8"))
    seeds = json.loads((results / "demonstration.json").read_text(encoding="utf-8"))
    return "\n".join([*one_run(run["rows"]), "", *aims(seeds), "", *means(seeds["mean_map"]), ""])


def one_run(rows: Rows) -> Iterator[str]:
    """R1 / mAP of every setting, a row each."""
    found = {(row["setting"], row["task"], row["protocol"]): row for row in rows}
    titles = [
        task.replace("->", "→") + (", `all`" if protocol == "all" else "") for task, protocol in COLUMNS
    ]
    yield f"| setting | {' | '.join(titles)} |"
    yield "| --- |" + " ---: |" * len(COLUMNS)
    for setting in dict.fromkeys(row["setting"] for row in rows):
        cells = [found[setting, *column] for column in COLUMNS]
        pairs = [f"{row['r1']:.1f} / {row['mean_ap']:.1f}" for row in cells]
        yield f"| {setting} | {' | '.join(pairs)} |"


def aims(record: Mapping[str, Any]) -> Iterator[str]:
    """What was asked of the demonstration and what its seeds reached."""
    runs: Sequence[Rows] = list(record["rows"].values())
    average = record["mean_map"]
    yield f"| over {len(runs)} seeds | mean (deviation) | aim | |"
    yield "| --- | ---: | ---: | --- |"
    for task, aim in zip(TASKS, (85, 70, 80), strict=True):
        values = [first_rank(rows, task) for rows in runs]
        yield aim_row(f"R1 of the cloud model, {task.replace('->', '→')}", values, aim, at_least=True)
    behind = [cloud - edge for cloud, edge in zip(average["C2C"], average["E2E"], strict=True)]
    yield aim_row("edge model behind the cloud model, mAP", behind, 5, at_least=False)
    gained = [edge - alone for edge, alone in zip(average["E2E"], average["edge, task only"], strict=True)]
    yield aim_row("gained by distillation over training alone, mAP", gained, 3, at_least=True)


def first_rank(rows: Rows, task: str) -> float:
    """R1 of C2C by the protocol of the paper."""
    wanted = ("C2C", task, "source-excluded")
    return next(row["r1"] for row in rows if (row["setting"], row["task"], row["protocol"]) == wanted)


def aim_row(name: str, values: Sequence[float], aim: float, *, at_least: bool) -> str:
    """Whether the mean over the seeds reaches the aim, and by how much it does not."""
    short = aim - mean(values) if at_least else mean(values) - aim
    verdict = "reached" if short <= 0 else f"missed by {short:.2g}"
    sign = "≥" if at_least else "≤"
    return f"| {name} | {mean(values):.1f} ({stdev(values):.1f}) | {sign} {aim} | {verdict} |"


def means(settings: Mapping[str, Sequence[float]]) -> Iterator[str]:
    """Mean mAP of the three tasks in every setting."""
    yield f"| mAP of the three tasks | {' | '.join(settings)} |"
    yield "| --- |" + " ---: |" * len(settings)
    cells = [f"{mean(values):.1f} ({stdev(values):.1f})" for values in settings.values()]
    yield f"| mean (deviation) | {' | '.join(cells)} |"


def main() -> int:
    pages = {PAGE: with_block(PAGE, BEGIN, END, block())}
    return write_or_check(pages, source="the demonstration's records")


if __name__ == "__main__":
    sys.exit(main())
