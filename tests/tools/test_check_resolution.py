"""Which extras resolve where, with uv's answers put in its place."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

MISSING = """error: No solution found when resolving dependencies
  cause: Because openvino>=2025.0.0 has no wheels with a matching platform tag (e.g., `manylinux_2_28_aarch64`) and
  crossreid depends on openvino>=2025.0, we can conclude that your requirements are unsatisfiable.
"""


@pytest.fixture
def asked() -> list[list[str]]:
    return []


@pytest.fixture
def tool(program: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: list[list[str]]) -> Any:
    """Wheels of OpenVINO are missing on one platform."""
    module = program("tools/check_resolution.py")

    def run(words: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        asked.append(words)
        if words == ["uv", "--version"]:
            return subprocess.CompletedProcess(words, 0, "uv 0.13.9 (x86_64)\n", "")
        lacking = "aarch64-manylinux_2_28" in words and "edge" in words
        return subprocess.CompletedProcess(
            words, int(lacking), "" if lacking else "a==1\nb==2.0\n", MISSING if lacking else ""
        )

    monkeypatch.setattr(module.subprocess, "run", run)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "RECORD", tmp_path / "resolution.json")
    extras = '[project.optional-dependencies]\nedge = ["openvino"]\ndev = []\n'
    (tmp_path / "pyproject.toml").write_text(extras)
    return module


def test_every_extra_is_asked_for_on_every_platform_by_every_python(
    tool: Any, asked: list[list[str]], capsys: Any
) -> None:
    assert tool.main() == 0
    record = json.loads(tool.RECORD.read_text())
    assert len(record["rows"]) == 4 * len(tool.PLATFORMS) * len(tool.PYTHONS)
    assert record["resolver"] == "uv 0.13.9"
    lacking = [row for row in record["rows"] if row["reason"]]
    assert {(row["extra"], row["platform"], row["packages"]) for row in lacking} == {
        ("edge", "Linux arm64", 0)
    }
    assert [row["python"] for row in lacking] == list(tool.PYTHONS)
    assert {row["packages"] for row in record["rows"] if not row["reason"]} == {2}
    printed = capsys.readouterr().out
    assert "edge: not on Linux arm64 3.11, Linux arm64 3.12, Linux arm64 3.13" in printed
    assert "(none): everywhere" in printed
    assert printed.count("openvino>=2025.0.0 has no wheels") == 1
    assert all("--only-binary" in words for words in asked if words[1] == "pip")


def test_the_tested_versions_are_asked_for_by_their_file(tool: Any) -> None:
    words = tool.command(tool.TESTED, platform="aarch64-apple-darwin", python="3.13")
    assert words[-4:] == ["--extra", "dev", "--constraint", "constraints.txt"]
    assert "--extra" not in tool.command(tool.NOTHING, platform="aarch64-apple-darwin", python="3.13")


def test_a_reason_is_one_sentence(tool: Any) -> None:
    assert tool.reason_of(MISSING) == (
        "openvino>=2025.0.0 has no wheels with a matching platform tag (e.g., `manylinux_2_28_aarch64`) and crossreid"
        " depends on openvino>=2025.0"
    )
    assert tool.reason_of("error: no\n  network") == "error: no network"
