"""Writes into docs/expansion.md how near made pictures come to true ones; `--check`: whether the page is up to date."""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tools.written_pages import with_block, write_or_check

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "expansion.md"
RECORD = ROOT / "benchmarks" / "results" / "translators.json"
BEGIN, END = "<!-- measured: written by `make docs` -->", "<!-- /measured -->"
NAMES = {"sketch": "sketch", "ir": "infrared"}


def block(record: Mapping[str, Any]) -> str:
    """The table of both kinds, and what learning gains."""
    settings, kinds = record["configuration"], record["kinds"]
    trained = ", ".join(f"{NAMES[kind]} {schedule(found)}" for kind, found in kinds.items())
    lines = [
        (
            f"`python benchmarks/translators.py`: {settings['people']} drawn people whom no translator has seen,"
            f" {settings['encounters']} pictures of each. The tiny translators ({trained})"
            " beside the generators without weights. R1 / mAP of `tiny-edge`, searching by the made picture for"
            " *other* photographs of the same person; in brackets 95 % intervals over people."
        ),
        "",
        "| pictures | PSNR, dB | SSIM | R1 / mAP |",
        "| --- | ---: | ---: | ---: |",
    ]
    for kind, found in kinds.items():
        lines += [row(f"{NAMES[kind]}, {way}", numbers) for way, numbers in found["ways"].items()]
    return "\n".join([*lines, "", *gains(kinds), ""])


def schedule(found: Mapping[str, Any]) -> str:
    """Steps, and the time that they took, where the record has it."""
    steps = f"{found['configuration']['loop']['steps']:,} steps"
    return f"{steps} in {found['seconds'] / 60:.0f} minutes" if "seconds" in found else steps


def row(name: str, numbers: Mapping[str, Any]) -> str:
    """True pictures have no distance from themselves."""
    near = [
        spread(numbers[key], digits) if key in numbers else "" for key, digits in (("psnr", 2), ("ssim", 3))
    ]
    search = numbers["search"]
    return f"| {name} | {near[0]} | {near[1]} | {search['r1']:.1f} / {search['mean_ap']:.1f} |"


def gains(kinds: Mapping[str, Any]) -> Iterator[str]:
    """Of learning over doing without weights, on the same pictures."""
    for kind, found in kinds.items():
        noise, structure = found["gained"]["psnr"], found["gained"]["ssim"]
        yield (
            f"- {NAMES[kind]}: what is learned is nearer by {spread(noise, 2)} dB,"
            f" and by {spread(structure, 3)} of SSIM."
        )


def spread(values: Mapping[str, float], digits: int) -> str:
    """Mean and interval."""
    mean, low, high = (f"{values[name]:.{digits}f}" for name in ("mean", "low", "high"))
    return f"{mean} [{low}, {high}]"


def main() -> int:
    text = block(json.loads(RECORD.read_text(encoding="utf-8")))
    return write_or_check({PAGE: with_block(PAGE, BEGIN, END, text)}, source="its record")


if __name__ == "__main__":
    sys.exit(main())
