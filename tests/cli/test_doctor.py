import hashlib
import json
import re
import shutil
import sys
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from crossreid.cli import checks, doctor
from crossreid.cli.checks import Check
from crossreid.cli.main import app
from crossreid.models import loading

GOOD = Check("python", "ok", "3.11")
BAD = Check("weights", "broken", "gone [sic]", "bring them back")
NOTE = Check("disk", "note", "little room")


def test_a_healthy_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "run_checks", lambda: [GOOD, NOTE])
    result = CliRunner().invoke(app, ["doctor"])
    assert result.exit_code == 0
    assert "All is well. Next: crossreid index" in result.stdout


def test_a_broken_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "run_checks", lambda: [GOOD, BAD])
    result = CliRunner().invoke(app, ["doctor"])
    assert result.exit_code == 1
    assert "gone [sic]" in result.stdout
    assert "bring them back" in result.stdout
    assert "Broken: weights." in result.stdout
    result = CliRunner().invoke(app, ["doctor", "--json"])
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert report["healthy"] is False
    assert report["checks"][1] == {
        "name": "weights", "verdict": "broken", "found": "gone [sic]", "remedy": "bring them back",
    }  # fmt: skip


def test_all_checks_of_this_installation_answer() -> None:
    found = {check.name: check for check in checks.run_checks()}
    for name in ("python", "libraries", "torch", "drawing", "disk"):
        assert found[name].verdict != "broken", found[name]
    assert {"weights tiny-edge", "weights tiny-cloud"} <= found.keys()
    assert all(check.remedy for check in found.values() if check.verdict == "broken")


def test_old_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 4))
    assert checks.check_python().verdict == "broken"


def test_missing_and_old_libraries() -> None:
    requirements = [
        "numpy>=1",
        "numpy>=999",
        "no-such-library",
        'absent; extra == "dev"',
        'absent; python_version < "3"',
    ]
    check = checks.check_libraries(requirements)
    assert check.verdict == "broken"
    assert check.remedy == 'pip install "numpy>=999" "no-such-library"'


def test_a_device_needs_no_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = checks._version
    monkeypatch.setattr(checks, "_version", lambda name: "" if name == "torch" else installed(name))
    found = {check.name: check for check in checks.run_checks()}
    assert found["torch"].verdict == "note"
    assert "crossreid[models]" in found["torch"].remedy
    assert not [name for name in found if name.startswith(("precision", "models"))]
    assert found["encode tiny-edge"].verdict == "ok"


def test_the_precision_and_the_rates_behind_it() -> None:
    check = checks.check_precision()[0]
    rate = r"[\d,]+\.\d GFLOP/s"
    assert (check.name, check.verdict) == ("precision cpu", "ok")
    assert re.fullmatch(
        rf"auto is (fp32|bf16); products in fp32 {rate}, bf16 {rate}( \(emulated\))?", check.found
    )


def test_system_libraries_of_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> None:
        raise ImportError("libEGL.so.1: cannot open shared object file")

    monkeypatch.setattr(checks, "import_module", fail)
    check = checks.check_drawing()
    assert check.verdict == "broken"
    assert check.remedy.startswith("apt-get install libegl1 ")


def test_whatever_a_check_raises_is_reported() -> None:
    assert checks.guarded("x", lambda: [][0]) == Check(
        "x", "broken", "IndexError: list index out of range", checks._REINSTALL
    )


def test_weights(tmp_path: Path) -> None:
    folder = tmp_path / "weights"
    assert checks.check_weights("w", folder).found.endswith("is missing")
    folder.mkdir()
    assert "SHA256SUMS is missing" in checks.check_weights("w", folder).found
    (folder / "a.bin").write_bytes(b"abc")
    digest = hashlib.sha256(b"abc").hexdigest()
    (folder / checks.SUMS).write_text(f"{digest}  a.bin\n")
    assert checks.check_weights("w", folder).verdict == "ok"
    (folder / checks.SUMS).write_text(f"{digest} *a.bin\n{digest}  b.bin\n")
    assert checks.check_weights("w", folder).found.startswith("b.bin in")
    (folder / checks.SUMS).write_text(f"{digest}  a.bin\n")
    (folder / "a.bin").write_bytes(b"abd")
    assert checks.check_weights("w", folder).verdict == "broken"
    (folder / checks.SUMS).write_text("")
    assert checks.check_weights("w", folder).verdict == "broken"


@pytest.fixture
def shipped(colours: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "load_encoder", colours.ColourEncoder)


@pytest.mark.usefixtures("shipped")
def test_encoding_from_end_to_end() -> None:
    assert checks.check_encoding("tiny-edge").found.startswith("3 items to 64 numbers")


@pytest.mark.usefixtures("shipped")
def test_a_blind_encoder_is_broken(colours: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(colours.ColourEncoder, "encode", blind(colours.ColourEncoder.encode))
    assert checks.check_encoding("tiny-edge").verdict == "broken"


def blind(encode: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self, items, **options: encode(self, [items[0]] * len(items), **options)


@pytest.mark.parametrize(("free_gib", "verdict"), [(50, "ok"), (1, "note"), (0.1, "broken")])
def test_room(free_gib: float, verdict: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    usage = namedtuple("usage", "free")(int(free_gib * 2**30))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert checks.check_disk(tmp_path).verdict == verdict
