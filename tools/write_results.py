"""Writes docs/results.md from the records of `crossreid reproduce`; `--check` says where the two disagree."""

import difflib
import sys
from pathlib import Path

from crossreid.reproduction.once import weights_signature
from crossreid.reproduction.results_page import results_page

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "results.md"
WEIGHTS = ROOT / "src" / "crossreid" / "weights"
RESULTS = ROOT / "benchmarks" / "results" / "reproduction"


def main() -> int:
    weights = {kind: weights_signature(WEIGHTS / f"tiny-{kind}") for kind in ("cloud", "edge")}
    text = results_page(RESULTS, link="../benchmarks/results/reproduction", weights=weights)
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(text, encoding="utf-8")
        print("docs/results.md is written")
        return 0
    written = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    complaints = list(
        difflib.unified_diff(
            written.splitlines(), text.splitlines(), "docs/results.md", "the records", lineterm="", n=0
        )
    )
    if complaints:
        print("\n".join(complaints), "\nthe results and their page disagree; run `make docs`")
        return 1
    print("docs/results.md agrees with the records")
    return 0


if __name__ == "__main__":
    sys.exit(main())
