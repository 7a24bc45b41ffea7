"""The page of reliability says what the records say, and names what has none."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MACHINE = {
    "hardware": {"processor": "Abacus", "cores": 2, "accelerator": "none"},
    "versions": {"python": "3.11", "torch": "2"},
}
COUNTS = {
    "acknowledged": 40, "lost": 0, "twice": 0, "log_intact": True, "enrolled_unnoted": 0, "searches_unnoted": 0,
    "kept_unacknowledged": 2,
}  # fmt: skip
FAULT = {
    "during": {"enrolment": {"201": 3, "503 disk_full": 5}, "search": {"no answer": 1}},
    "recovered_s": {"enrolment": 1.26, "search": 0.5}, "longest_wait_s": 2.04, "without_retry_after": 0,
    "counts": COUNTS,
}  # fmt: skip


@pytest.fixture
def page(program: Callable[[str], Any], tmp_path: Path) -> Callable[..., str]:
    def build(**faults: Any) -> str:
        record = MACHINE | {"configuration": {"encoder": "eye"}, "faults": faults}
        (tmp_path / "reliability.json").write_text(json.dumps(record))
        return program("tools/write_reliability.py").page(tmp_path)

    return build


def row(page: str, title: str) -> list[str]:
    (line,) = [line for line in page.splitlines() if line.startswith(f"| {title} |")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_fault_is_a_row(page: Callable[..., str]) -> None:
    written = page(**{"disk full": FAULT})
    assert row(written, "The disk is full to the last byte") == [
        "The disk is full to the last byte",
        "enrolment: 5 × 503 `disk_full`, 3 × 201; search: 1 × no answer",
        "1.3", "2.0", "40", "0", "0", "whole",
    ]  # fmt: skip
    assert "2 items were committed whose answer was lost." in written
    assert "Abacus, 2 cores" in written
    assert "encoder `eye`" in written


@pytest.mark.parametrize("wrong", [{"log_intact": False}, {"enrolled_unnoted": 1}, {"searches_unnoted": 1}])
def test_a_log_that_is_not_whole_stands_out(page: Callable[..., str], wrong: dict[str, Any]) -> None:
    written = page(**{"disk full": FAULT | {"counts": COUNTS | wrong}})
    assert row(written, "The disk is full to the last byte")[-1] == "BROKEN"


def test_what_was_not_measured_is_named(page: Callable[..., str]) -> None:
    written = page()
    assert row(written, "The clock jumps")[1] == "not measured yet"
    assert written.count("Not measured yet.") == 3
