import csv
import json

import numpy as np
import pytest
from PIL import Image

from crossreid.core.errors import ConfigurationError, DataError
from crossreid.data import load_dataset
from crossreid.synthesis.pedestrians.dataset import write_world
from crossreid.synthesis.pedestrians.world import World

REQUEST = {"seed": 5, "people": {"test": 2, "demo": 1}, "groups_per_person": 2, "progress": False}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    write_world(folder, **REQUEST, workers=1)
    return folder


def test_a_world_is_read_like_any_data_set(drawn):
    everything = load_dataset("pedestrians", drawn)
    assert len(everything) == 3 * 2 * 4
    assert everything.labels == ("demo-00000", "test-00000", "test-00001")
    test = load_dataset("pedestrians", drawn, split="test")
    assert len(test.of("sketch")) == 4
    assert test.people == (0, 1)
    for source_id, members in test.groups().items():
        assert source_id.startswith("test/0000")
        assert [str(sample.modality) for sample in members] == ["rgb", "ir", "sketch", "text"]
        assert len({(sample.person_id, sample.camera_id) for sample in members}) == 1


def test_the_files_show_what_the_world_says(drawn):
    group = World(5).group("test", 1, 0)
    name = f"00001_c{group.camera_id}_00"
    path = drawn / "test" / "rgb" / f"{name}.jpg"
    picture = np.asarray(Image.open(path)).astype(float)
    assert picture.shape == (280, 140, 3)
    assert np.abs(picture - group.rgb()).mean() < 6  # grey levels that JPEG costs
    with (drawn / "manifest.csv").open(newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["source"] == f"test/{name}"]
    assert [row["caption"] for row in rows] == ["", "", "", group.caption]
    attributes = json.loads(rows[0]["attributes"])
    assert attributes["upper_colour"] == group.person.upper_colour
    assert attributes["view"] == group.shot.view


def test_an_interrupted_run_goes_on(drawn, tmp_path):
    write_world(tmp_path, **REQUEST, workers=1)
    pictures = sorted(tmp_path.rglob("*.jpg"))
    (tmp_path / "manifest.csv").unlink()
    pictures[0].unlink()
    pictures[1].write_bytes(b"kept")
    write_world(tmp_path, **REQUEST, workers=1)
    assert pictures[0].read_bytes() == (drawn / pictures[0].relative_to(tmp_path)).read_bytes()
    assert pictures[1].read_bytes() == b"kept"
    assert (tmp_path / "manifest.csv").read_bytes() == (drawn / "manifest.csv").read_bytes()
    assert sorted(tmp_path.rglob("*.jpg")) == pictures
    assert not list(tmp_path.rglob("*.part"))


def test_processes_draw_the_same_files(drawn, tmp_path):
    write_world(tmp_path, **REQUEST, workers=2)
    for path in drawn.rglob("*.*"):
        assert (tmp_path / path.relative_to(drawn)).read_bytes() == path.read_bytes()


def test_a_folder_with_another_world_is_refused(drawn):
    with pytest.raises(DataError, match=r"another world.*take another folder"):
        write_world(drawn, **{**REQUEST, "seed": 6})


def test_a_folder_with_another_data_set_is_refused(tmp_path):
    (tmp_path / "manifest.csv").write_text("path,modality\n")
    with pytest.raises(DataError, match="another data set"):
        write_world(tmp_path, **REQUEST)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"people": {"exam": 1}}, "exam"),
        ({"people": {"test": 0}}, "at least one person"),
        ({"people": {"test": -1, "demo": 1}}, "negative"),
        ({"groups_per_person": 0}, "groups_per_person 0"),
        ({"workers": 0}, "workers 0"),
    ],
)
def test_impossible_requests_are_refused(tmp_path, change, message):
    with pytest.raises(ConfigurationError, match=message):
        write_world(tmp_path / "new", **{**REQUEST, **change})
    assert not (tmp_path / "new").exists()
