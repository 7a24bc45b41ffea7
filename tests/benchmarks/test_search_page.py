import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "search_page.py"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.mark.slow
@pytest.mark.skipif(not any(map(shutil.which, BROWSERS)), reason="no Chromium on this machine")
def test_a_miniature_measures_the_request_and_the_page() -> None:
    command = [sys.executable, str(PROGRAM), "--miniature"]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert found["target_ms"] == 300
    for kind in ("request_ms", "page_ms"):
        assert 0 < found[kind]["median"] <= found[kind]["p95"] <= found[kind]["largest"]
