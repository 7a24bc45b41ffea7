import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """Two people with a photograph each."""
    for seed, person in enumerate(("ada", "bob")):
        coarse = np.random.default_rng(seed).integers(0, 256, (12, 6, 3), dtype=np.uint8)
        (tmp_path / "people" / person).mkdir(parents=True)
        Image.fromarray(coarse).resize((64, 128)).save(tmp_path / "people" / person / "photo.png")
    return tmp_path / "people"


def test_a_sound_folder_ends_well(run: Callable[..., Any], people: Path) -> None:
    result = run("data", "check", "folder", people, "--workers", 1)
    assert "2 pictures opened" in result.stdout
    assert "Kinds of faults: 0; of notes: 0" in result.stdout


def test_faults_are_shown_written_and_told_by_the_status(
    run: Callable[..., Any], people: Path, tmp_path: Path
) -> None:
    (people / "bob" / "broken.jpg").write_text("none")
    out = tmp_path / "found.json"
    result = run("data", "check", "folder", people, "--workers", 1, "--json", out, status=1)
    assert "1 of 3 pictures cannot be read" in result.stdout
    assert f"Wrote {out}" in result.stdout
    (finding,) = json.loads(out.read_text())["findings"]
    assert finding["cases"] == [f"{people}/bob/broken.jpg: the content is no picture"]


def test_another_data_set_is_looked_at_too(run: Callable[..., Any], people: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "eve"
    other.mkdir(parents=True)
    Image.open(people / "ada" / "photo.png").resize((48, 96)).save(other / "photo.jpg")
    out = tmp_path / "found.json"
    words = ("data", "check", "folder", people, "--workers", 1, "--json", out)
    run(*words, "--against", "folder", other.parent, status=1)
    (finding,) = json.loads(out.read_text())["findings"]
    assert finding["cases"] == ["ada/photo.png (all) = eve/photo.jpg (all)"]


def test_a_wrong_tree_is_one_line(run: Callable[..., Any], people: Path) -> None:
    result = run("data", "check", "market-1501", people, status=2)
    assert "lacks bounding_box_train/, query/, bounding_box_test/" in result.stderr
    assert result.stderr.count("\n") == 1
