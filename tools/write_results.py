"""Writes docs/results.md from the records of `make reproduce`; `--check` says where the two disagree."""

import sys
from pathlib import Path

from papers.mllmembed.once import weights_signature
from papers.mllmembed.results_page import results_page
from tools.written_pages import write_or_check

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "results.md"
WEIGHTS = ROOT / "src" / "crossreid" / "weights"
RESULTS = ROOT / "benchmarks" / "results" / "reproduction"


def main() -> int:
    weights = {kind: weights_signature(WEIGHTS / f"tiny-{kind}") for kind in ("cloud", "edge")}
    text = results_page(RESULTS, related=RESULTS.parent, link="../benchmarks/results", weights=weights)
    return write_or_check({PAGE: text}, source="the records")


if __name__ == "__main__":
    sys.exit(main())
