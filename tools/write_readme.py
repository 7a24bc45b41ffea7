"""Writes the results of README.md from the demonstration's records; `--check` says where the two disagree."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from crossreid.demonstration import story
from crossreid.demonstration.bars import bars_svg
from tools.written_pages import with_block, write_or_check

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "README.md"
PICTURE = ROOT / "docs" / "demonstration.svg"
RESULTS = ROOT / "benchmarks" / "results"
BEGIN, END = "<!-- results: written by `make docs` -->", "<!-- /results -->"

TASKS = ("S->R", "IR->R", "T->R")
MODELS = {
    story.UNTRAINED_CLOUD: "cloud model, untrained",
    "C2C": "cloud model, adapted (C2C)",
    story.UNTRAINED_EDGE: "edge model, untrained",
    story.CLOSED_FORM: "edge model, heads set in closed form, no step",
    story.TASK_ONLY: "edge model, trained without the cloud model",
    "E2E": "edge model, distilled (E2E)",
    "E2C": "edge queries, cloud gallery (E2C)",
    "C2E": "cloud queries, edge gallery (C2E)",
}
_PICTURED = "Bars of the untrained edge model, the adapted cloud model and the distilled edge model"
Record = Mapping[str, Any]


def pages(results: Path, page: Path, picture: Path) -> dict[Path, str]:
    """What the page and the picture should say, by the records of one run and of several seeds."""
    run, seeds = (
        json.loads((results / name).read_text(encoding="utf-8"))
        for name in ("demo.json", "demonstration.json")
    )
    block = "\n".join([f"![{_PICTURED}](docs/{picture.name})", "", *table(run, seeds), "", *aims(seeds), ""])
    return {
        page: with_block(page, BEGIN, END, block),
        picture: bars_svg(story.bars(run["mean_map"]), title=story.QUANTITY),
    }


def table(run: Record, seeds: Record) -> Iterator[str]:
    """R1 / mAP of each task in one run, the mean mAP and, of several seeds, its mean and deviation over them."""
    found = {
        (row["setting"], row["task"]): row for row in run["rows"] if row["protocol"] == "source-excluded"
    }
    titles = [task.replace("->", "→") for task in TASKS]
    several = len(seeds["seeds"]) > 1
    header = [*titles, "mean mAP", *([f"over {len(seeds['seeds'])} seeds"] if several else [])]
    yield f"| | {' | '.join(header)} |"
    yield "| --- |" + " ---: |" * len(header)
    for setting, words in MODELS.items():
        rows = [found[setting, task] for task in TASKS]
        cells = [f"{row['r1']:.1f} / {row['mean_ap']:.1f}" for row in rows]
        values = seeds["mean_map"][setting]
        cells.append(f"{run['mean_map'][setting]:.1f}")
        if several:
            cells.append(f"{mean(values):.1f} ({stdev(values):.1f})")
        yield f"| {words} | {' | '.join(cells)} |"


def aims(seeds: Record) -> Iterator[str]:
    """What was asked of the demonstration and what the mean over its seeds reached, in points of mean mAP."""
    mean_map: Mapping[str, Sequence[float]] = seeds["mean_map"]
    means = {setting: mean(values) for setting, values in mean_map.items()}
    yield from (f"- {aim}" for aim in story.aims(means))


def main() -> int:
    return write_or_check(pages(RESULTS, PAGE, PICTURE), source="the demonstration's records")


if __name__ == "__main__":
    sys.exit(main())
