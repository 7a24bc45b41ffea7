import subprocess
import sys
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

import crossreid
from crossreid.cli.lazy import LazyVerbs
from crossreid.cli.main import Verbs, app
from crossreid.core.errors import DataError

LIST_MODULES = """
import sys
from crossreid.cli.main import run
sys.argv = ["crossreid", *{arguments}]
try:
    run()
except SystemExit as end:
    assert not end.code, end.code
print("LOADED", *sorted({{name.split(".")[0] for name in sys.modules}}))
"""


def loaded_by(*arguments: str) -> set[str]:
    script = LIST_MODULES.format(arguments=list(arguments))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.partition("LOADED")[2].split())


@pytest.mark.parametrize(
    "arguments", [("--help",), ("--version",), *((verb, "--help") for verb in Verbs.verbs)]
)
def test_help_loads_nothing_heavy(arguments: tuple[str, ...]) -> None:
    heavy = {"torch", "numpy", "pyarrow", "transformers", "PIL", "cv2", "matplotlib", "sklearn"}
    loaded = loaded_by(*arguments)
    assert "crossreid" in loaded
    assert loaded & heavy == set()


def test_help_names_every_verb() -> None:
    output = CliRunner().invoke(app, ["--help"]).output
    for verb, (_, summary) in Verbs.verbs.items():
        assert verb in output
        assert len(summary) < 70


@pytest.mark.parametrize("verb", Verbs.verbs)
def test_every_verb_loads_and_describes_itself(verb: str) -> None:
    result = CliRunner().invoke(app, [verb, "--help"])
    assert result.exit_code == 0
    assert f"crossreid {verb}" in " ".join(result.output.split()) or f" {verb} " in result.output
    group: Any = typer.main.get_command(app)
    command = group.get_command(None, verb)
    assert command.short_help == Verbs.verbs[verb][1]
    assert command.help == command.load().help != ""
    assert [parameter.name for parameter in command.params] == [p.name for p in command.load().params]


def test_version() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.output) == (0, f"crossreid {crossreid.__version__}\n")


def test_launchers_of_processes_can_call_it() -> None:
    words = [sys.executable, "-m", "crossreid", "train", "gone.yaml", "--dry-run"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("crossreid: gone.yaml cannot be read")


def test_a_misspelt_verb_is_corrected() -> None:
    result = CliRunner().invoke(app, ["serach"])
    assert result.exit_code == 2
    assert "Did you mean 'search'?" in result.stderr


def test_a_verb_may_be_a_group_of_verbs(failing: typer.Typer, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = typer.Typer()
    inner.command("one")(collapse)
    inner.command("two")(lambda: print("two was called"))
    monkeypatch.setattr(sys.modules["failing_verbs"], "fail", inner)
    assert CliRunner().invoke(failing, ["fail", "two"]).output == "two was called\n"
    group: Any = typer.main.get_command(failing)
    assert group.get_command(None, "fail").list_commands(None) == ["one", "two"]


def fail() -> None:
    raise DataError("a bad file\nwith \udcff in its name", expected="a good one", remedy="mend it")


def interrupt() -> None:
    raise KeyboardInterrupt


def go_without(name: str = "torch") -> None:
    raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def collapse() -> None:
    raise ZeroDivisionError


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    verbs = {
        function.__name__: (f"failing_verbs:{function.__name__}", "")
        for function in (fail, interrupt, go_without, collapse)
    }
    module: Any = type(sys)("failing_verbs")
    module.fail, module.interrupt, module.collapse = fail, interrupt, collapse
    module.go_without = go_without
    monkeypatch.setitem(sys.modules, "failing_verbs", module)
    group = typer.Typer(cls=type("Failing", (LazyVerbs,), {"verbs": verbs}))
    group.callback()(lambda: None)
    return group


def test_errors_of_the_user_are_one_line(failing: typer.Typer) -> None:
    result = CliRunner().invoke(failing, ["fail"])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr == "crossreid: a bad file with \\udcff in its name; expected a good one; mend it\n"


def test_an_interrupt_is_no_traceback(failing: typer.Typer) -> None:
    result = CliRunner().invoke(failing, ["interrupt"])
    assert (result.exit_code, result.stderr) == (130, "crossreid: interrupted\n")


def test_a_missing_library_is_told_with_its_extra(failing: typer.Typer) -> None:
    result = CliRunner().invoke(failing, ["go_without"])
    assert result.exit_code == 2
    assert result.stderr == "crossreid: go_without needs torch; pip install 'crossreid[models]'\n"
    result = CliRunner().invoke(failing, ["go_without", "--name", "fastapi"])
    assert result.stderr == "crossreid: go_without needs fastapi; pip install 'crossreid[serve]'\n"
    result = CliRunner().invoke(failing, ["go_without", "--name", "crossreid.gone"])
    assert isinstance(result.exception, ModuleNotFoundError)


def test_errors_of_the_program_are_not_hidden(failing: typer.Typer) -> None:
    assert isinstance(CliRunner().invoke(failing, ["collapse"]).exception, ZeroDivisionError)
