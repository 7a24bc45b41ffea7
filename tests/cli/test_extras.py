"""What runs without drawing, plotting and scikit-learn, and what names the extra that it needs."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crossreid.cli.extras import EXTRAS, require_extras
from crossreid.core.errors import MissingDependencyError

WITHOUT = """
import sys
from importlib import metadata

known = metadata.version

def version(name):
    if name in ("matplotlib", "scikit-learn", "skia-python"):
        raise metadata.PackageNotFoundError(name)
    return known(name)

metadata.version = version
sys.modules.update(dict.fromkeys(("matplotlib", "sklearn", "skia")))
from crossreid.cli.main import run
run()
"""
"""The command line, in an installation without three libraries."""

Bare = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Bare:
    """Call `crossreid` without the extras, in a folder with photos/."""
    folder = tmp_path_factory.mktemp("bare")
    (folder / "photos").mkdir()
    for name, colour in (("red", (200, 30, 30)), ("blue", (30, 30, 200))):
        Image.fromarray(np.full((112, 56, 3), colour, np.uint8)).save(folder / "photos" / f"{name}.png")

    def call(*words: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-c", WITHOUT, *words]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)

    return call


@pytest.fixture(scope="module")
def gallery(bare: Bare) -> str:
    done = bare("index", "photos", "--encoder", "tiny-edge", "--out", "gallery")
    assert done.returncode == 0, done.stderr
    return "gallery"


def test_a_gallery_is_filled_and_searched(bare: Bare, gallery: str) -> None:
    done = bare("search", gallery, "--rgb", "photos/red.png", "--top", "1", "--json")
    assert done.returncode == 0, done.stderr
    assert Path(json.loads(done.stdout)["results"][0]["path"]).name == "red.png"


def test_the_doctor_notes_what_is_missing(bare: Bare) -> None:
    done = bare("doctor", "--json")
    assert done.returncode == 0, done.stdout
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    remedies = {name: checks[name]["remedy"] for name in ("drawing", "matplotlib", "scikit-learn")}
    assert remedies == {
        "drawing": 'pip install "crossreid[synthetic]"',
        "matplotlib": 'pip install "crossreid[plots]"',
        "scikit-learn": 'pip install "crossreid[plots]"',
    }
    assert {checks[name]["verdict"] for name in remedies} == {"note"}


def test_the_edge_explains_itself(bare: Bare) -> None:
    done = bare("edge", "--help")
    assert done.returncode == 0, done.stderr
    assert "run" in done.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("search", "gallery", "--text", "a man", "--show", "found.png"),
         "search --show needs matplotlib, sklearn; pip install 'crossreid[plots]'"),
        (("analyse", "low-rank", "gone.parquet", "--out", "spectrum.png"),
         "analyse needs matplotlib; pip install 'crossreid[plots]'"),
        (("calibrate", "tiny-edge", "--data", "world", "--figures", "figures"),
         "calibrate --figures needs matplotlib, sklearn; pip install 'crossreid[plots]'"),
        (("data", "draw", "world"), "data draw needs skia; pip install 'crossreid[synthetic]'"),
        (("demo",), "demo needs matplotlib, sklearn, skia; pip install 'crossreid[plots,synthetic]'"),
    ],
)  # fmt: skip
def test_the_extra_is_named(bare: Bare, gallery: str, words: tuple[str, ...], message: str) -> None:
    done = bare(*words)
    assert (done.returncode, done.stderr) == (2, f"crossreid: {message}\n")


def test_what_is_installed_is_not_asked_for() -> None:
    require_extras("this test", *EXTRAS)


def test_all_that_is_missing_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setitem(sys.modules, "skia", None)
    with pytest.raises(MissingDependencyError) as refused:
        require_extras("demo", "models", "plots", "synthetic")
    assert str(refused.value) == "demo needs torch, skia; pip install 'crossreid[models,synthetic]'"
