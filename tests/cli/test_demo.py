"""What `crossreid demo` prints; the run itself is tested in tests/demonstration."""

import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import crossreid.demonstration.run
from crossreid.cli import demo as verb
from crossreid.cli.main import app
from crossreid.demonstration.run import DemoResult
from crossreid.demonstration.settings import DemoSettings
from crossreid.demonstration.story import Aim, Bar
from crossreid.evaluation.report import Report


def test_it_says_in_words_and_bars_what_was_found_and_what_to_type_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: dict[str, Any] = {}
    command = "crossreid search demo/gallery --text 'wearing [red] " + "and blue " * 12 + "' --show found.png"

    def run(settings: DemoSettings, folder: Path, **others: Any) -> DemoResult:
        called.update(settings=settings, folder=folder, **others)
        others["say"]("Drawing a site")
        return DemoResult(
            report=Report(()),
            claims=("Untrained, the cloud model has a mean mAP of 20.0 %.",),
            bars=(Bar("Edge model, untrained", 25.0), Bar("Edge model, distilled", 50.0)),
            aims=(Aim("Gain of the edge model by distillation", 25.0, 20.0),),
            written={"Report": folder / "report.html", "Edge model": folder / "edge" / "model"},
            commands=(command,),
            seconds={"draw": 60.2, "adapt": 100.0},
        )

    monkeypatch.setattr(crossreid.demonstration.run, "run_demo", run)
    monkeypatch.chdir(tmp_path)
    outcome = CliRunner().invoke(app, ["demo", "--out", "d", "--seed", "4"], catch_exceptions=False)
    assert outcome.exit_code == 0
    assert (called["settings"], called["folder"]) == (DemoSettings(seed=4), Path("d"))
    lines = outcome.stdout.splitlines()
    assert lines[0] == "Drawing a site"
    assert "Untrained, the cloud model has a mean mAP of 20.0 %." in lines
    assert f"Edge model, untrained  {'█' * 10}{' ' * 30}  25.0 %" in lines
    assert f"Edge model, distilled  {'█' * 20}{' ' * 20}  50.0 %" in lines
    assert "Gain of the edge model by distillation: 25.0 (aim: at least 20) - met" in lines
    assert "Written in 160 seconds" in lines
    assert "Report: d/report.html" in lines
    # On one line, so that it can be copied.
    assert lines[-1] == command


def test_a_missing_server_is_reported_before_anything_is_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crossreid.demonstration.run, "run_demo", lambda *_, **__: pytest.fail("it was run"))
    monkeypatch.setitem(sys.modules, "fastapi", None)
    for name in [
        name for name in sys.modules if name.startswith(("crossreid.server", "crossreid.cli.demo_"))
    ]:
        monkeypatch.delitem(sys.modules, name)
    outcome = CliRunner().invoke(app, ["demo", "--out", str(tmp_path / "d"), "--serve"])
    assert outcome.exit_code == 2, outcome.stderr
    assert "crossreid[serve]" in outcome.stderr
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize(
    ("called", "on_the_path", "expected"),
    [
        (".venv/bin/crossreid", None, ".venv/bin/crossreid"),
        (".venv/bin/crossreid", "/usr/bin/crossreid", "crossreid"),
        ("/usr/lib/python3/pytest", None, "crossreid"),
    ],
)
def test_commands_begin_with_what_can_be_typed(
    monkeypatch: pytest.MonkeyPatch, called: str, on_the_path: str | None, expected: str
) -> None:
    monkeypatch.setattr(sys, "argv", [called, "demo"])
    monkeypatch.setattr("shutil.which", lambda _: on_the_path)
    assert verb._program() == expected
