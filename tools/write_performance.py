"""Writes docs/performance.md from benchmarks/results; `--check` says where the page and the measurements disagree."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.gallery_figures import section as galleries
from tools.written_pages import write_or_check

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "performance.md"
RESULTS = ROOT / "benchmarks" / "results"

HEADING = """# Performance

Written by `make docs` from the files in [`benchmarks/results/`](../benchmarks/results), which the scripts in
[`benchmarks/`](../benchmarks) leave. But for galleries, all ways of a case have the same weights and inputs and take
turns: one run of each in every round. Ways to the same features, losses or figures must agree; training steps, and
loading with its two decoders, are compared in time alone. On a CPU seconds are processor time on one thread, so that
other work on the machine counts for none of them. Medians over rounds; in brackets the least and the most. *Memory* is
the most that a way takes beyond what was held before it, *GFLOP* what its matrix products cost, and *of the peak* the
share that it reaches of the machine's own product of two square matrices in that precision (side 2048, on a GPU 8192).
*Times ours* is the ratio to ours in the same round.
"""
SECTIONS = {
    "teacher": (
        "Inference of the cloud model",
        "at least twice as fast as transformers' classes put together by the book",
    ),
    "student": (
        "Inference of the edge model, and loading",
        "on a GPU at least 60 % of the peak with 64 items (the cloud model: 50 %); loading faster than a step",
    ),
    "distillation_step": (
        "Distillation",
        "losses at least five times cheaper than as written, and a step that costs at most 5 % more than the student's",
    ),
    "ranking": (
        "Evaluation",
        "ten times faster than the loop, five times faster than the full argsort, below 1,024 MiB; items are queries",
    ),
}
WHY = {
    "teacher": (
        "Pictures at 2 B parameters miss the aim. A picture's vision tower (a third of the straightforward way's"
        " products, half of ours), its visual tokens and the question behind them are the same in both ways; left out"
        " are the padding, the beginning that all chats share, and the logits. The same features cannot be had for"
        " half of the products."
    ),
    "student": (
        "A CLIP's pictures leave nothing out: ours is no faster than transformers' own class. Captions are not padded"
        " to 77 tokens."
    ),
    "distillation_step": (
        "Relations are formed by way of the rows, n x n, not of the columns, d x d: the gain is large while a batch has"
        " far fewer rows than a vector has numbers. The paper's batch has 128; with 512 the aim is missed."
    ),
}
"""What stands behind the numbers, where a reader would ask."""

HEADER = ("case", "way", "seconds", "items/s", "memory, MiB", "GFLOP", "of the peak", "times ours")


def page(results: Path = RESULTS) -> str:
    """The whole of it; benchmarks that have no file yet are named as such."""
    lines = [HEADING]
    for name, (title, aim) in SECTIONS.items():
        path = results / f"{name}.json"
        lines += [f"## {title}", "", f"`python benchmarks/{name}.py`. Aim: {aim}.", ""]
        if not path.exists():
            lines += ["Not measured yet.", ""]
            continue
        cases = json.loads(path.read_text(encoding="utf-8"))["cases"]
        lines += [*table([row for case, numbers in cases.items() for row in rows(case, numbers)]), ""]
        lines += [WHY[name], ""] if name in WHY else []
        lines += [*where(cases), ""]
    return "\n".join([*lines, *galleries(results / "gallery.json")])


def table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Without the columns in which no row has anything."""
    kept = [column for column in range(len(HEADER)) if any(row[column] for row in rows)]
    shown = [[row[column] for column in kept] for row in (HEADER, *rows)]
    lines = [f"| {' | '.join(row)} |" for row in shown]
    return [lines[0], "| --- | --- |" + " ---: |" * (len(kept) - 2), *lines[1:]]


def rows(case: str, numbers: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """One for each way."""
    for way, row in numbers["ways"].items():
        ratio = numbers["times_faster"].get(way)
        yield (
            case,
            way,
            spread(row["seconds"], 4),
            f"{row['items_per_second']:,.1f}",
            f"{row['extra_memory_mib']:,.0f}",
            f"{row['gflop']:,.1f}" if "gflop" in row else "",
            f"{100 * row['share_of_peak']:.0f} %" if "share_of_peak" in row else "",
            "1" if ratio is None else spread(ratio, 3),
        )


def spread(values: Mapping[str, float], digits: int) -> str:
    """Median and extremes to some significant digits."""
    median, least, most = (f"{values[name]:.{digits}g}" for name in ("median", "min", "max"))
    return f"{median} [{least}, {most}]"


def where(cases: Mapping[str, Any]) -> list[str]:
    """On what the cases were measured, a line for each machine."""
    lines: dict[str, list[str]] = {}
    for case, numbers in cases.items():
        hardware, versions = numbers["hardware"], numbers["versions"]
        place = hardware["processor"] if hardware["accelerator"] == "none" else hardware["accelerator"]
        peak = f" (peak {numbers['peak_gflops']:,.0f} GFLOP/s)" if "peak_gflops" in numbers else ""
        libraries = ", ".join(f"{library} {versions[library]}" for library in ("torch", "transformers"))
        text = f"{place}, {libraries}, {numbers['rounds']} round{'s' if numbers['rounds'] > 1 else ''}"
        lines.setdefault(text, []).append(f"{case}{peak}")
    return [f"{text}: {'; '.join(which)}." for text, which in lines.items()]


def main() -> int:
    return write_or_check({PAGE: page()}, source="the measurements")


if __name__ == "__main__":
    sys.exit(main())
