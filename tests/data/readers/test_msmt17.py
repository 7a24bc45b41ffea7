from collections.abc import Callable
from pathlib import Path

import pytest

from crossreid.core.errors import DataError
from crossreid.data import load_dataset

Tree = Callable[[str], Path]


def test_training_and_test_people_of_one_number_are_different(tree: Tree) -> None:
    data = load_dataset("msmt17", tree("msmt17"))
    assert data.labels == ("test/0000", "test/0002", "train/0000", "train/0001")


def test_the_official_training_set_is_both_lists(tree: Tree) -> None:
    trainval = load_dataset("msmt17", tree("msmt17"), "trainval")
    assert [(sample.person_id, sample.camera_id) for sample in trainval.samples] == [(0, 1), (1, 14), (0, 3)]
    assert trainval.splits == ("train", "train", "val")


def test_the_folders_may_have_their_other_names(tree: Tree) -> None:
    root = tree("msmt17")
    (root / "mask_train_v2").rename(root / "train")
    (root / "mask_test_v2").rename(root / "test")
    gallery = load_dataset("msmt17", root, "gallery")
    assert gallery.samples[1].path == root / "test/0002/0002_003_04_0303noon_0031_1.jpg"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("0000/0000_1.jpg 0", "picture 1: 0000_1.jpg; expected a name like 0000_000_01"),
        ("0000/x.jpg", "line 1: '0000/x.jpg'; expected a path a number"),
        ("0000/x.jpg zero", "expected a path a number"),
        ("../0000_000_01_x.jpg 0", "expected a path inside"),
        ("", "has no lines"),
    ],
)
def test_what_is_wrong_in_a_list_is_named(tree: Tree, line: str, message: str) -> None:
    root = tree("msmt17")
    (root / "list_val.txt").write_text(f"{line}\n")
    with pytest.raises(DataError, match=rf"list_val\.txt.*{message}"):
        load_dataset("msmt17", root)
