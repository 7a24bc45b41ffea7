from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crossreid.data.loading import load_dataset


def draw(run: Callable[..., Any], folder: Path, *words: object, status: int = 0) -> Any:
    people = ("--people", "train=2", "--people", "test=1")
    return run("data", "draw", folder, *people, "--workers", 1, *words, status=status)


def test_a_world_is_drawn_once_and_can_be_read(run: Callable[..., Any], tmp_path: Path) -> None:
    folder = tmp_path / "world"
    result = draw(run, folder, "--groups", 1, "--seed", 5)
    assert "3 people, 3 encounters, 12 items" in result.stdout
    assert f"crossreid train configs/teacher-tiny.yaml --data {folder}" in result.stdout
    assert len(load_dataset("pedestrians", folder, "train").people) == 2
    assert len(load_dataset("pedestrians", folder, "test")) == 4
    written = {file: file.stat().st_mtime_ns for file in folder.rglob("*.*")}
    draw(run, folder, "--groups", 1, "--seed", 5)
    assert {file: file.stat().st_mtime_ns for file in folder.rglob("*.*")} == written
    other = draw(run, folder, "--groups", 1, "--seed", 6, status=2)
    assert "holds another world" in other.stderr


@pytest.mark.parametrize(
    ("people", "complaint"),
    [
        ("train", "--people train; expected SPLIT=NUMBER"),
        ("train=many", "--people train=many; expected SPLIT=NUMBER"),
        ("train=-1", "--people train=-1; expected SPLIT=NUMBER"),
        ("tests=3", "splits ['tests']; expected some of pretrain, train"),
        ("train=3", "--people for 'train' twice"),
    ],
)
def test_people_that_cannot_be_drawn(
    run: Callable[..., Any], tmp_path: Path, people: str, complaint: str
) -> None:
    result = run("data", "draw", tmp_path / "w", "--people", people, "--people", "train=1", status=2)
    assert complaint in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_file_is_in_the_way(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = draw(run, tmp_path / "file" / "world", status=2)
    assert f"the folder {tmp_path}/file/world cannot be made" in result.stderr
