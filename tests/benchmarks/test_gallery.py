import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "gallery.py"


@pytest.mark.slow
def test_a_tiny_run_measures_everything_and_is_not_run_again(tmp_path: Path) -> None:
    pytest.importorskip("sqlalchemy")
    tmp_path.parent.parent.chmod(0o755)
    tmp_path.parent.chmod(0o755)
    tmp_path.chmod(0o755)
    arguments = ("--rows", "1200", "--dim", "96", "--queries", "12")
    places = ("--work", str(tmp_path / "work"), "--out", str(tmp_path / "gallery.json"))
    command = [sys.executable, str(PROGRAM), *arguments, *places]
    subprocess.run(command, check=True)
    content = json.loads((tmp_path / "gallery.json").read_text())
    low = content["cases"]["low-rank, 1200"]
    assert low["ingest"]["timed_items"] == 1200
    assert low["index"]["used"]
    assert low["index"]["bytes"] < low["full width"]["bytes"]
    graphs = [
        f"search, {graph}, {count} candidates" for graph in ("full width", "graph") for count in (200, 1000)
    ]
    for stage in ("exact", "search, filter camera and time", "search, filter none", *graphs):
        assert low[stage]["recall"] >= 0.9
    assert not content["cases"]["uniform, 1200"]["index"]["used"]
    again = subprocess.run(command, check=True, capture_output=True, text=True)
    assert again.stdout == ""
    assert json.loads((tmp_path / "gallery.json").read_text()) == content
