from collections.abc import Callable
from pathlib import Path

import pytest

from crossreid.core.errors import DataError
from crossreid.data import load_dataset

Tree = Callable[[str], Path]


def test_training_pictures_are_those_of_the_lists(tree: Tree) -> None:
    train = load_dataset("llcm", tree("llcm"), "train")
    assert train.labels == ("0001", "0020")
    assert [(s.modality.value, s.person_id, s.camera_id) for s in train.samples] == [
        ("rgb", 0, 1),
        ("rgb", 1, 9),
        ("ir", 0, 2),
    ]


def test_test_pictures_are_those_of_listed_people(tree: Tree) -> None:
    test = load_dataset("llcm", tree("llcm"), "test")
    assert test.labels == ("0005",)
    assert [(s.modality.value, s.camera_id) for s in test.samples] == [("rgb", 1), ("rgb", 9), ("ir", 2)]


def test_a_name_without_a_camera_is_refused(tree: Tree) -> None:
    root = tree("llcm")
    (root / "idx/train_nir.txt").write_text("nir/0001/picture.jpg 0\n")
    with pytest.raises(DataError, match=r"train_nir\.txt, picture 1: picture\.jpg; expected a name like"):
        load_dataset("llcm", root)


def test_a_person_without_any_picture_is_named(tree: Tree) -> None:
    root = tree("llcm")
    (root / "idx/test_id.txt").write_text("5,6")
    with pytest.raises(DataError, match="lists person 6, of whom no camera has a picture"):
        load_dataset("llcm", root)
