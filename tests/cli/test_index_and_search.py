import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from crossreid.cli.main import app
from crossreid.core.errors import CheckpointError
from crossreid.models import loading

Call = Callable[..., Any]


@pytest.fixture
def call(colours: Any, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run a command whose encoders, "edge@space", "cloud@space" or "other", see colours only."""

    def load(source: str, *, device: str | None = None) -> Any:
        if source not in ("edge@space", "cloud@space", "other"):
            raise CheckpointError(f"no model at {source}")
        name, _, space = source.partition("@")
        return colours.ColourEncoder(name, space=space, source=source)

    monkeypatch.setattr(loading, "load_encoder", load)
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def photos(tmp_path: Path, colours: Any) -> Path:
    """ann/1.jpg red, ann/[b] 2.png red over black, bob/1.jpg blue."""
    folder = tmp_path / "photos"
    for name, words in {
        "ann/1.jpg": "red red",
        "ann/[b] 2.png": "red black",
        "bob/1.jpg": "blue blue",
    }.items():
        image = np.repeat([colours.COLOURS[word] for word in words.split()], 20, axis=0)[:, None]
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.repeat(image, 20, axis=1).astype(np.uint8)).save(folder / name)
    return folder


@pytest.fixture
def home(tmp_path: Path, photos: Path, call: Call) -> Path:
    home = tmp_path / "gallery"
    result = call("index", photos, "--encoder", "edge@space", "--out", home)
    assert result.exit_code == 0, result.output
    return home


def found(result: Any) -> list[str]:
    assert result.exit_code == 0, result.output
    return [Path(row["path"]).name for row in json.loads(result.stdout)["results"]]


def test_index_says_what_it_did_and_what_comes_next(tmp_path: Path, photos: Path, call: Call) -> None:
    (photos / "zero.jpg").touch()
    home = tmp_path / "gallery"
    result = call("index", photos, "--encoder", "edge@space", "--out", home)
    assert result.exit_code == 0
    assert "3 pictures (3 added, 0 changed, 0 unchanged, 0 removed, 1 skipped)" in result.stdout
    assert f"Next: crossreid search {home}" in result.stdout
    assert result.stderr.startswith(f"skipped {photos / 'zero.jpg'}: an empty file")
    again = call("index", photos, "--encoder", "edge@space", "--out", home)
    assert "0 added, 0 changed, 3 unchanged" in again.stdout


def test_index_refuses_another_encoder_until_rebuilt(photos: Path, home: Path, call: Call) -> None:
    result = call("index", photos, "--encoder", "other", "--out", home)
    assert result.exit_code == 2
    assert re.fullmatch(r"crossreid: .*edge@space.*--rebuild\n", result.stderr)
    assert call("index", photos, "--encoder", "other", "--out", home, "--rebuild").exit_code == 0


@pytest.mark.parametrize(
    ("source", "message"),
    [("empty", "holds no pictures|no readable picture"), ("absent", "nothing at"), ("text", "text")],
)
def test_index_without_pictures_fails_in_one_line(
    tmp_path: Path, call: Call, source: str, message: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "a.jpg").write_text("text")
    result = call("index", tmp_path / source, "--encoder", "edge@space", "--out", tmp_path / "gallery")
    assert result.exit_code == 2
    assert re.match(f"crossreid: .*({message})", result.stderr)
    assert result.stderr.count("\n") == 1


def test_index_of_an_unknown_encoder(photos: Path, tmp_path: Path, call: Call) -> None:
    result = call("index", photos, "--encoder", "nonsense", "--out", tmp_path / "gallery")
    assert (result.exit_code, result.stderr) == (2, "crossreid: no model at nonsense\n")


def test_search_by_words(photos: Path, home: Path, call: Call) -> None:
    result = call("search", home, "--text", "a person in red", "--top", "2")
    assert result.exit_code == 0
    header, first, second = result.stdout.splitlines()
    assert header.split() == ["rank", "score", "person", "camera", "path"]
    assert first.split() == ["1", "1.000", "ann", "-", str(photos / "ann" / "1.jpg")]
    assert second.endswith(str(photos / "ann" / "[b] 2.png"))
    assert result.stderr.startswith("Next: ")


def test_search_by_every_kind_of_evidence(photos: Path, home: Path, call: Call) -> None:
    for kind in ("sketch", "ir", "rgb"):
        assert found(call("search", home, f"--{kind}", photos / "bob" / "1.jpg", "--top", "1", "--json")) == [
            "1.jpg"
        ]
    mixed = call(
        "search", home, "--text", "black", "--rgb", photos / "ann" / "1.jpg", "--text", "black", "--json"
    )
    assert found(mixed)[0] == "[b] 2.png"


def test_search_result_as_json(photos: Path, home: Path, call: Call) -> None:
    result = call("search", home, "--text", "blue", "--top", "1", "--json")
    assert json.loads(result.stdout) == {
        "gallery": str(home),
        "results": [
            {
                "rank": 1, "score": 1.0, "path": str(photos / "bob" / "1.jpg"), "person": "bob", "camera": "",
                "time": None, "modality": "rgb", "source": "",
            }
        ],
    }  # fmt: skip


def test_conditions(tmp_path: Path, photos: Path, call: Call) -> None:
    manifest = photos / "list.csv"
    manifest.write_text(
        "path,camera,time,modality\nann/1.jpg,north,2025-03-01T12:00,rgb\nbob/1.jpg,south,2025-03-02T12:00,ir\n"
    )
    home = tmp_path / "gallery"
    assert call("index", manifest, "--encoder", "edge@space", "--out", home).exit_code == 0
    ask = ("search", home, "--text", "red", "--json")
    assert found(call(*ask)) == ["1.jpg", "1.jpg"]
    assert len(found(call(*ask, "--camera", "south"))) == 1
    assert len(found(call(*ask, "--camera", "south", "--camera", "north"))) == 2
    assert len(found(call(*ask, "--modality", "ir"))) == 1
    assert len(found(call(*ask, "--after", "2025-03-01", "--before", "2025-03-01T12:00:00"))) == 1
    assert found(call(*ask, "--after", "2025-03-03")) == []
    nothing = call("search", home, "--text", "red", "--camera", "east")
    assert "Nothing passes these conditions" in nothing.stderr


def test_the_strip_is_written(tmp_path: Path, photos: Path, home: Path, call: Call) -> None:
    (photos / "bob" / "1.jpg").unlink()
    strip = tmp_path / "new" / "found.png"
    result = call("search", home, "--text", "red", "--rgb", photos / "ann" / "1.jpg", "--show", strip)
    assert result.exit_code == 0, result.output
    assert f"Wrote {strip}" in result.stderr
    with Image.open(strip) as image:
        assert image.width > image.height


def test_encoders_of_the_same_space_may_search(home: Path, call: Call) -> None:
    assert found(
        call("search", home, "--text", "blue", "--encoder", "cloud@space", "--top", "1", "--json")
    ) == ["1.jpg"]
    result = call("search", home, "--text", "blue", "--encoder", "other")
    assert result.exit_code == 2
    assert "same space" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "nothing to search with"),
        (["--text", " "], "an empty caption"),
        (["--rgb", "absent.jpg"], r"absent\.jpg: cannot be read"),
        (["--text", "red", "--show", "found.exe"], r"found\.exe"),
        (["--text", "red", "--modality", "smell"], "smell"),
    ],
)
def test_bad_questions_fail_in_one_line(home: Path, call: Call, arguments: list[str], message: str) -> None:
    result = call("search", home, *arguments)
    assert result.exit_code == 2
    assert re.match(f"crossreid: .*{message}", result.stderr)
    assert result.stderr.count("\n") == 1


def test_no_gallery(tmp_path: Path, call: Call) -> None:
    result = call("search", tmp_path / "none", "--text", "red")
    assert result.exit_code == 2
    assert "crossreid index FOLDER" in result.stderr
    nobody = call("search", "postgresql://127.0.0.1:1/base", "--text", "red")
    assert nobody.exit_code == 2
    assert "postgresql://127.0.0.1:1/base cannot be reached" in nobody.stderr


def test_a_gallery_that_does_not_name_its_encoder(home: Path, call: Call) -> None:
    state = json.loads((home / "gallery.json").read_text())
    state["encoder"]["source"] = ""
    (home / "gallery.json").write_text(json.dumps(state))
    assert "--encoder" in call("search", home, "--text", "red").stderr
    assert found(call("search", home, "--text", "red", "--encoder", "edge@space", "--json"))[0] == "1.jpg"
