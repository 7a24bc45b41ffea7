"""The numbers that the paper printed, all in one file."""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_name("published.json")


@cache
def _published() -> dict[str, Any]:
    return json.loads(_FILE.read_text(encoding="utf-8"))


def source() -> str:
    """Title and number of the paper."""
    return _published()["source"]


def printed_rows(table: str) -> Sequence[dict[str, Any]]:
    """Rows of a table: keys by name, and R1, R5, R10, mAP and mINP in percent or times in ms."""
    return _published()[table].get("rows", ())


def printed_averages(table: str) -> Sequence[dict[str, Any]]:
    """The column Avg. of a table: keys by name and `mean_ap` in percent."""
    return _published()[table].get("averages", ())


def printed_average(table: str, **keys: object) -> float | None:
    """One value of the column Avg.; None where the paper has none."""
    found = [row["mean_ap"] for row in printed_averages(table) if keys.items() <= row.items()]
    return found[0] if found else None
