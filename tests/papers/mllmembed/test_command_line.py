"""The options of `python -m papers.mllmembed`; the work behind it is tested in the files beside this one."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from papers.mllmembed import run as reproduction
from papers.mllmembed.command_line import PROGRAM, app


def call(*words: object, status: int = 0) -> str:
    """Call the program; the exit status must be the one that is expected."""
    result = CliRunner().invoke(app, [str(word) for word in words], prog_name=PROGRAM)
    assert result.exit_code == status, result.output
    return result.output


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """What the command hands on, in place of doing it."""
    seen: dict[str, Any] = {}

    def record(items: Any, study: Any, **options: Any) -> reproduction.Reproduction:
        seen.update(options, items=items, study=study)
        return reproduction.Reproduction(
            tmp_path / "page.html",
            tmp_path / "page.md",
            options["results"],
            ("Is it so? not shown.",),
            tmp_path / "0" / "edge" / "model",
        )

    monkeypatch.setattr(reproduction, "reproduce", record)
    return seen


def test_what_is_handed_on(asked: dict[str, Any], tmp_path: Path) -> None:
    words = ["--seeds", 2, "--out", tmp_path / "runs", "--set", "teacher.loop.steps=7"]
    shown = call("figure6", "table2", "table2", *words)
    assert asked["items"] == ("table2", "figure6")
    assert (asked["seeds"], asked["folder"], asked["results"]) == (
        2,
        tmp_path / "runs",
        tmp_path / "runs" / "results",
    )
    assert asked["study"].teacher.loop.steps == 7
    assert asked["study"].teacher.lora.dense == 1
    assert "Is it so? not shown." in shown
    again = f"--seeds 2 --out {tmp_path / 'runs'} --set teacher.loop.steps=7"
    assert shown.endswith(f"Next: python -m papers.mllmembed all --preset tiny {again}\n")


def test_all_is_everything_by_the_seeds_of_each_item(asked: dict[str, Any], tmp_path: Path) -> None:
    shown = call("all", "--out", tmp_path)
    assert len(asked["items"]) == 17
    assert asked["seeds"] is None
    model = tmp_path / "0" / "edge" / "model"
    assert shown.endswith(f"Next: crossreid index PHOTOS --encoder {model} --out gallery\n")


def test_claims_have_more_seeds() -> None:
    assert [reproduction.seeds_of(item, "tiny") for item in ("table1", "table2", "scarce")] == [3, 5, 5]
    assert reproduction.seeds_of("table2", "paper") == 1


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["table9"], "table9; expected table1"),
        (["table1", "--data", "A=b"], "--data with the preset tiny"),
        (["table1", "--set", "batch.people=3"], "a setting of world, arms, teacher, student, distillation"),
        (["table1", "--set", "arms.labels=[3]"], "arms.labels; expected one of teacher_learning_rates"),
        (["labels", "--set", "arms.labelled_people=[9, 3]"], "ascending numbers of 2 or more"),
        (["labels", "--set", "arms.labelled_people=9"], "a list of numbers"),
        (["table1", "--set", "world.persons=3"], "world.persons; expected one of"),
        (["table1", "--set", "teacher.loop.stepps=3"], "mean teacher.loop.steps?"),
        (["figure7", "--spectrum", "llcm=b"], "--spectrum with the preset tiny"),
        (["table1", "--preset", "paper", "--data", "folder"], "--data folder; expected NAME=FOLDER"),
        (["figure7", "--preset", "paper", "--spectrum", "llcm"], "--spectrum llcm; expected FORMAT=FOLDER"),
        (["table1", "--preset", "paper", "--configs", "gone"], "the configuration gone/teacher.yaml"),
    ],
)
def test_what_is_refused(tmp_path: Path, words: list[str], complaint: str) -> None:
    output = call(*words, "--out", tmp_path, status=2)
    assert complaint in " ".join(output.split())
