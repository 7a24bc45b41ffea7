"""Results of benchmarks: a JSON file to which cases are added one by one, so that a stopped run goes on."""

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from crossreid.training.record import provenance


def measure_cases(
    path: Path,
    what: str,
    cases: Mapping[str, Callable[[], Mapping[str, Any]]],
    *,
    again: bool = False,
    tell: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Run the cases that the file does not have yet, and write it after each.

    Args:
        path: of the file; its folder is made.
        what: was measured, in words.
        cases: by name; each returns its numbers.
        again: measure those that are there too.
        tell: is given a line for each case.

    Returns:
        All cases of the file, each with its numbers and its provenance.
    """
    stored = json.loads(path.read_text(encoding="utf-8"))["cases"] if path.exists() else {}
    for name, measure in cases.items():
        if name in stored and not again:
            tell(f"{name}: measured before")
            continue
        stored[name] = dict(measure()) | provenance()
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{path.name}.partial")
        partial.write_text(json.dumps({"what": what, "cases": stored}, indent=1) + "\n", encoding="utf-8")
        partial.replace(path)
        for other, ratio in stored[name].get("times_faster", {}).items():
            spread = f"{ratio['min']:.2f} to {ratio['max']:.2f}"
            tell(f"{name}: {other} takes {ratio['median']:.2f} times ours ({spread})")
        tell(f"{name}: measured")
    return stored


def read_arguments(described: str | None) -> argparse.Namespace:
    """What every such benchmark may be asked on its command line; `described` is its docstring."""
    parser = argparse.ArgumentParser(description=(described or "").partition("\n")[0])
    parser.add_argument("--small", action="store_true", help="leave out what needs much memory")
    parser.add_argument("--again", action="store_true", help="measure what the file holds too")
    return parser.parse_args()
