import json
from pathlib import Path

import pytest

from benchmarks.harness.cases import measure_cases


def test_what_was_measured_before_is_kept_and_what_was_not_is_added(tmp_path: Path) -> None:
    path, told, measured = tmp_path / "results" / "x.json", [], []

    def case(name: str) -> dict[str, float]:
        measured.append(name)
        return {"value": float(len(measured))}

    def stop() -> dict[str, float]:
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError):
        measure_cases(path, "things", {"a": lambda: case("a"), "b": stop}, tell=told.append)
    cases = {name: lambda name=name: case(name) for name in ("a", "b")}
    stored = measure_cases(path, "things", cases, tell=told.append)
    assert measured == ["a", "b"]
    assert told == ["a: measured", "a: measured before", "b: measured"]
    assert {name: numbers["value"] for name, numbers in stored.items()} == {"a": 1.0, "b": 2.0}
    assert {"commit", "versions", "hardware"} < set(stored["a"])
    assert json.loads(path.read_text()) == {"what": "things", "cases": stored}
    measure_cases(path, "things", {"a": lambda: case("a")}, again=True, tell=told.append)
    written = json.loads(path.read_text())["cases"]
    assert {name: numbers["value"] for name, numbers in written.items()} == {"a": 3.0, "b": 2.0}
