from collections.abc import Callable
from pathlib import Path

import pytest

from crossreid.core.errors import DataError
from crossreid.data import load_dataset

Tree = Callable[[str], Path]


def test_cameras_3_and_6_are_infrared(tree: Tree) -> None:
    data = load_dataset("sysu-mm01", tree("sysu-mm01"))
    assert {sample.camera_id for sample in data.of("ir").samples} == {3, 6}
    assert {sample.camera_id for sample in data.of("rgb").samples} == {1, 2, 4, 5}


def test_people_are_those_of_the_lists(tree: Tree) -> None:
    root = tree("sysu-mm01")
    labels = {
        split: load_dataset("sysu-mm01", root, split).labels for split in ("train", "val", "test", "trainval")
    }
    assert labels == {
        "train": ("0001", "0012"), "val": ("0003",), "test": ("0006",), "trainval": ("0001", "0003", "0012"),
    }  # fmt: skip


def test_a_person_without_any_picture_is_named(tree: Tree) -> None:
    root = tree("sysu-mm01")
    (root / "exp/test_id.txt").write_text("6,95")
    with pytest.raises(DataError, match=r"test_id\.txt lists person 95, of whom no camera has a picture"):
        load_dataset("sysu-mm01", root)


@pytest.mark.parametrize("content", ["", "1;2", "one"])
def test_a_list_without_numbers_is_refused(tree: Tree, content: str) -> None:
    root = tree("sysu-mm01")
    (root / "exp/val_id.txt").write_text(content)
    with pytest.raises(DataError, match=r"val_id\.txt holds .*; expected numbers between commas"):
        load_dataset("sysu-mm01", root)
