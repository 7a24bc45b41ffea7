"""CUHK-PEDES, ICFG-PEDES and RSTPReid: JSON lists of pictures with captions."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossreid.core.errors import DataError
from crossreid.core.modality import Modality
from crossreid.data import load_dataset
from crossreid.data.readers.layout import inside

Tree = Callable[[str], Path]


def rewrite(file: Path, change: Callable[[Any], object]) -> None:
    listed = json.loads(file.read_text())
    change(listed)
    file.write_text(json.dumps(listed))


def test_a_picture_comes_before_its_captions_which_name_it_as_their_source(tree: Tree) -> None:
    root = tree("cuhk-pedes")
    photo, first, second, *_ = load_dataset("cuhk-pedes", root, "train").samples
    assert photo.path == root / "imgs/CUHK03/0001_00.png"
    assert (first.caption, second.caption) == ("A man number 0 in blue.", "Somebody 0 with a bag.")
    assert {photo.source_id, first.source_id, second.source_id} == {"imgs/CUHK03/0001_00.png"}
    assert [sample.modality for sample in (photo, first)] == [Modality.RGB, Modality.TEXT]


def test_people_are_ordered_by_number(tree: Tree) -> None:
    assert load_dataset("cuhk-pedes", tree("cuhk-pedes")).labels == ("1", "2", "3", "10")


def test_the_list_may_have_its_other_name(tree: Tree) -> None:
    root = tree("cuhk-pedes")
    (root / "reid_raw.json").rename(root / "caption_all.json")
    assert len(load_dataset("cuhk-pedes", root, "val")) == 3
    icfg = tree("icfg-pedes")
    (icfg / "ICFG-PEDES.json").rename(icfg / "ICFG_PEDES.json")
    assert len(load_dataset("icfg-pedes", icfg, "test")) == 2


def test_the_split_is_what_the_list_says_and_not_the_folder(tree: Tree) -> None:
    train = load_dataset("icfg-pedes", tree("icfg-pedes"), "train").of("rgb")
    assert [sample.path.parts[-3] for sample in train.samples if sample.path] == ["train", "test"]
    assert train.labels == ("0",)


@pytest.mark.parametrize(("name", "cameras"), [("icfg-pedes", [1, 5, 12]), ("rstpreid", [14, 1, 5, 7])])
def test_cameras_stand_in_the_names(tree: Tree, name: str, cameras: list[int]) -> None:
    photos = load_dataset(name, tree(name)).of("rgb")
    assert [sample.camera_id for sample in photos.samples] == cameras


def test_empty_captions_are_left_out(tree: Tree) -> None:
    root = tree("rstpreid")
    rewrite(root / "data_captions.json", lambda listed: listed[0].update(captions=["", "  ", "A man."]))
    captions = load_dataset("rstpreid", root, "train").of("text").samples
    assert captions[0].caption == "A man."
    assert len(captions) == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda listed: listed[1].pop("id"),
            "picture 2 lacks id; expected the keys id, img_path, captions, split",
        ),
        (
            lambda listed: listed[0].update(split="dev"),
            "picture 1: the split 'dev'; expected one of train, val, test",
        ),
        (
            lambda listed: listed[0].update(img_path="../x.jpg"),
            r"the path '\.\./x\.jpg'; expected a path inside",
        ),
        (lambda listed: listed[0].update(img_path="/x.jpg"), "the path '/x.jpg'; expected a path inside"),
        (lambda listed: listed[0].update(img_path=7), "picture 1: 7; expected the path of a picture"),
        (lambda listed: listed[0].update(captions="A man"), "captions 'A man'; expected a list of texts"),
        (
            lambda listed: listed[0].update(img_path="gone/x.jpg"),
            "1 pictures in 1 folders that are not there: .*gone",
        ),
        (lambda listed: listed.insert(0, "text"), "picture 1 is str; expected an object"),
        (lambda listed: listed.clear(), "holds no list"),
    ],
)
def test_what_is_wrong_in_the_list_is_named(
    tree: Tree, change: Callable[[Any], object], message: str
) -> None:
    root = tree("rstpreid")
    rewrite(root / "data_captions.json", change)
    with pytest.raises(DataError, match=message):
        load_dataset("rstpreid", root)


@pytest.mark.parametrize("content", ["{", '{"a": 1}', "[" * 100_000])
def test_a_list_that_is_no_list(tree: Tree, content: str) -> None:
    root = tree("rstpreid")
    (root / "data_captions.json").write_text(content)
    with pytest.raises(DataError, match=r"data_captions\.json"):
        load_dataset("rstpreid", root)


@given(st.text(alphabet="./a\\\0", max_size=12))
def test_no_listed_path_leaves_its_folder(written: str) -> None:
    try:
        found = inside(Path("/data"), written, where="here")
    except DataError:
        return
    assert found.is_relative_to("/data")
    assert ".." not in found.parts
