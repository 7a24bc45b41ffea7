import csv
import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from crossreid.core.errors import ConfigurationError, DataError
from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.data import load_dataset
from crossreid.data.dataset import Dataset
from crossreid.data.images import decode_image
from crossreid.synthesis.expansion import expand_dataset
from crossreid.synthesis.expansion_plan import plan_expansion
from crossreid.synthesis.expansion_recipes import seed_of
from crossreid.synthesis.sketch import draw_photograph

ROWS = """\
path,caption,modality,person,camera,source,split,time
a/1.jpg,,rgb,zoe,2,a/1,train,08:00
,"A woman, tall.",text,zoe,2,a/1,train,08:00
a/2.png,,rgb,zoe,3,a/2,train,
a/2_drawn.png,,sketch,zoe,,a/2,train,
b/1.jpg,,rgb,adam,5,b/1,test,09:00
,A man in red.,text,adam,,b/1,test,
b/2.jpg,,rgb,,,,test,
b/3.jpg,,rgb,adam,5,b/3,test,
"""
QUIET: Any = {"workers": 1, "progress": False}


@pytest.fixture
def people(tmp_path: Path, photo: np.ndarray) -> Dataset:
    root = tmp_path / "people"
    for number, name in enumerate(("a/1.jpg", "a/2.png", "a/2_drawn.png", "b/1.jpg", "b/2.jpg", "b/3.jpg")):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.roll(photo, number, axis=1)[::2, ::2]).save(root / name)
    (root / "manifest.csv").write_text(ROWS)
    return load_dataset("manifest", root)


def contents(folder: Path) -> dict[str, str]:
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "manifest.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_photograph_gets_what_it_lacks(people: Dataset, tmp_path: Path) -> None:
    result = expand_dataset(people, tmp_path / "four", **QUIET)
    assert (result.new, result.skipped, result.written.skipped) == (9, {}, None)
    assert result.written.made == {Modality.SKETCH: 4, Modality.IR: 5}
    assert result.written.kept == {Modality.RGB: 5, Modality.TEXT: 2, Modality.SKETCH: 1}
    drawing = decode_image(tmp_path / "four/sketch/b/1.jpg")
    expected = draw_photograph(decode_image(tmp_path / "people/b/1.jpg"), seed=seed_of("b/1.jpg", 0))
    assert np.abs(drawing.astype(int) - expected).mean() < 3  # JPEG


def test_the_manifest_reads_as_a_data_set_with_people_groups_and_captions(
    people: Dataset, tmp_path: Path
) -> None:
    expand_dataset(people, tmp_path / "four", **QUIET)
    four = load_dataset("manifest", tmp_path / "four")
    assert four.labels == people.labels
    kinds = {source: sorted(sample.modality for sample in group) for source, group in four.groups().items()}
    assert kinds == {
        "a/1": ["ir", "rgb", "sketch", "text"],
        "a/2": ["ir", "rgb", "sketch"],
        "b/1": ["ir", "rgb", "sketch", "text"],
        "b/2.jpg": ["ir", "rgb", "sketch"],
        "b/3": ["ir", "rgb", "sketch"],
    }
    first = four.groups()["a/1"]
    assert {(s.person_id, s.camera_id) for s in first} == {(people.labels.index("zoe"), 2)}
    assert [s.caption for s in four.of("text").samples] == ["A woman, tall.", "A man in red."]
    assert load_dataset("manifest", tmp_path / "four", split="test").labels == ("adam",)
    assert all(sample.path is None or sample.path.is_file() for sample in four.samples)
    assert four.times[0] == "08:00"


def test_the_manifest_says_what_made_each_picture_and_of_what(people: Dataset, tmp_path: Path) -> None:
    expand_dataset(people, tmp_path / "four", seed=7, **QUIET)
    made = [row for row in rows_of(tmp_path / "four") if row["generator"]]
    assert {(row["modality"], row["generator"]) for row in made} == {
        ("sketch", "drawn-1"),
        ("ir", "rendered-1"),
    }
    assert {row["made_from"] for row in made} == {"a/1.jpg", "a/2.png", "b/1.jpg", "b/2.jpg", "b/3.jpg"}
    assert all(json.loads(row["parameters"]) == {"seed": seed_of(row["made_from"], 7)} for row in made)


def test_what_is_there_can_be_replaced_and_one_kind_left_out(people: Dataset, tmp_path: Path) -> None:
    result = expand_dataset(people, tmp_path / "four", infrared="none", replace=True, **QUIET)
    assert result.written.made == {Modality.SKETCH: 5}
    assert Modality.SKETCH not in result.written.kept
    assert not (tmp_path / "four/ir").exists()


def test_a_copy_stands_on_its_own(people: Dataset, tmp_path: Path) -> None:
    expand_dataset(people, tmp_path / "four", copy=True, **QUIET)
    original = (tmp_path / "people/a/1.jpg").read_bytes()
    assert (tmp_path / "four/rgb/a/1.jpg").read_bytes() == original
    (tmp_path / "four").rename(tmp_path / "elsewhere")
    moved = load_dataset("manifest", tmp_path / "elsewhere")
    assert all(
        sample.path is None or sample.path.is_relative_to(tmp_path / "elsewhere") for sample in moved.samples
    )
    assert all(sample.path is None or sample.path.is_file() for sample in moved.samples)


def test_two_processes_write_what_one_writes(people: Dataset, tmp_path: Path) -> None:
    expand_dataset(people, tmp_path / "one", **QUIET)
    expand_dataset(people, tmp_path / "two", workers=2, batch_size=1, progress=False)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


KILLED = """
import os, signal, sys
from crossreid.data import load_dataset
from crossreid.synthesis import expansion, expansion_tasks, files
written = []
def write(path, content):
    written.append(path)
    if len(written) == int(sys.argv[3]):
        path.with_name(f".{path.name}.1.part").write_bytes(content[:100])
        os.kill(os.getpid(), signal.SIGKILL)
    files.write_atomically(path, content)
expansion_tasks.write_atomically = write
expansion.expand_dataset(load_dataset("manifest", sys.argv[1]), sys.argv[2], workers=1, batch_size=2, progress=False)
"""


def test_a_killed_run_goes_on_to_the_same_bytes(people: Dataset, tmp_path: Path) -> None:
    expand_dataset(people, tmp_path / "whole", batch_size=2, **QUIET)
    arguments = [str(tmp_path / "people"), str(tmp_path / "killed"), "6"]
    child = subprocess.run([sys.executable, "-c", KILLED, *arguments], check=False, env=os.environ)
    assert child.returncode == -signal.SIGKILL
    assert len(list((tmp_path / "killed").rglob("*.jpg"))) == 5
    assert list((tmp_path / "killed").rglob(".*.part"))
    assert not (tmp_path / "killed/manifest.csv").exists()
    result = expand_dataset(people, tmp_path / "killed", batch_size=2, **QUIET)
    assert result.new == 4
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")


def test_a_finished_expansion_is_not_made_again(people: Dataset, tmp_path: Path) -> None:
    expand_dataset(people, tmp_path / "four", **QUIET)
    before = {file: file.stat().st_mtime_ns for file in (tmp_path / "four").rglob("*.jpg")}
    assert expand_dataset(people, tmp_path / "four", **QUIET).new == 0
    assert {file: file.stat().st_mtime_ns for file in (tmp_path / "four").rglob("*.jpg")} == before


def test_bad_pictures_are_listed_and_left_out_with_their_captions(people: Dataset, tmp_path: Path) -> None:
    (tmp_path / "people/a/1.jpg").write_bytes(b"\xff\xd8\xffnonsense")
    Image.fromarray(np.zeros((9, 40, 3), np.uint8)).save(tmp_path / "people/b/3.jpg")
    result = expand_dataset(people, tmp_path / "four", **QUIET)
    assert sorted(result.skipped) == ["a/1.jpg", "b/3.jpg"]
    assert "damaged JPEG" in result.skipped["a/1.jpg"]
    assert "40 x 9 pixels" in result.skipped["b/3.jpg"]
    table = (tmp_path / "four/skipped.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in table] == ["picture", "a/1.jpg", "b/3.jpg"]
    four = load_dataset("manifest", tmp_path / "four")
    assert set(four.groups()) == {"a/2", "b/1", "b/2.jpg"}
    assert [s.caption for s in four.of("text").samples] == ["A man in red."]


def test_a_mended_picture_is_taken_up_by_the_next_run(people: Dataset, tmp_path: Path) -> None:
    whole = (tmp_path / "people/a/1.jpg").read_bytes()
    expand_dataset(people, tmp_path / "whole", **QUIET)
    (tmp_path / "people/a/1.jpg").write_bytes(whole[:300])
    assert expand_dataset(people, tmp_path / "four", **QUIET).skipped
    (tmp_path / "people/a/1.jpg").write_bytes(whole)
    assert expand_dataset(people, tmp_path / "four", **QUIET).new == 2
    assert contents(tmp_path / "four") == contents(tmp_path / "whole")


def test_pictures_in_memory_are_written_too(photo: np.ndarray, tmp_path: Path) -> None:
    samples = (
        Sample(Modality.RGB, 0, image=photo, item_id="../x"),
        Sample(Modality.RGB, 0, image=photo[:, ::-1], item_id="/x.JPG"),
    )
    expand_dataset(Dataset("memory", "", samples, ("zoe",)), tmp_path / "four", **QUIET)
    four = load_dataset("manifest", tmp_path / "four")
    names = ["ir/x.jpg", "ir/x~2.jpg", "rgb/x.png", "rgb/x~2.png", "sketch/x.jpg", "sketch/x~2.jpg"]
    assert sorted(sample.item_id for sample in four.samples) == names
    assert np.array_equal(decode_image(tmp_path / "four/rgb/x~2.png"), photo[:, ::-1])


@given(st.lists(st.text(alphabet="aA./", min_size=1, max_size=6), max_size=8, unique=True))
def test_every_file_has_a_name_of_its_own_inside_the_folder(items: list[str]) -> None:
    pixel = np.zeros((1, 1, 3), np.uint8)
    samples = tuple(Sample(Modality.RGB, image=pixel, item_id=item) for item in items)
    plan = plan_expansion(Dataset("any", "", samples, ()), [Modality.SKETCH, Modality.IR])
    names = [name for work in plan for name in work.outputs]
    assert len({name.casefold() for name in names}) == len(names) == 3 * len(items)
    assert all(Path("/x", name).resolve().is_relative_to(Path("/x", name.split("/")[0])) for name in names)


def test_another_expansion_or_data_set_in_the_folder_is_refused(people: Dataset, tmp_path: Path) -> None:
    expand_dataset(people, tmp_path / "four", **QUIET)
    with pytest.raises(DataError, match="holds another expansion"):
        expand_dataset(people, tmp_path / "four", seed=1, **QUIET)
    with pytest.raises(DataError, match="holds another data set"):
        expand_dataset(people, tmp_path / "people", **QUIET)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sketch": "none", "infrared": "none"}, "neither sketches nor infrared"),
        ({"sketch": "rendered"}, "generator 'rendered' of sketch pictures; expected 'drawn', 'none'"),
        ({"infrared": "runs/none"}, "generator 'runs/none' of ir pictures; expected 'rendered'"),
        ({"batch_size": 0}, "batches of 0"),
    ],
)
def test_the_impossible_is_refused(
    people: Dataset, tmp_path: Path, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        expand_dataset(people, tmp_path / "four", **(QUIET | arguments))
    assert not (tmp_path / "four").exists()


def test_without_any_photograph_there_is_nothing_to_expand(people: Dataset, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="without photographs"):
        expand_dataset(people.of("text"), tmp_path / "four", **QUIET)
    for file in (tmp_path / "people").rglob("*.*g"):
        file.write_bytes(b"nothing")
    with pytest.raises(DataError, match=r"none of 5 pictures can be used, the first as .*1\.jpg"):
        expand_dataset(people, tmp_path / "five", **QUIET)
