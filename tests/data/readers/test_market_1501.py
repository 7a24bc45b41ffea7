from collections.abc import Callable
from pathlib import Path

import pytest

from crossreid.core.errors import DataError
from crossreid.data import load_dataset

Tree = Callable[[str], Path]


def test_junk_is_left_out_and_distractors_are_of_nobody(tree: Tree) -> None:
    gallery = load_dataset("market-1501", tree("market-1501"), "gallery")
    assert [(sample.path.name, sample.person_id) for sample in gallery.samples if sample.path] == [
        ("0000_c1s1_000151_01.jpg", -1),
        ("0001_c2s1_1.jpg", 0),
        ("0003_c4s1_1.jpg", 1),
        ("0004_c5s1_1.jpg", 2),
    ]


def test_queries_have_the_numbers_of_the_gallery(tree: Tree) -> None:
    root = tree("market-1501")
    query, gallery = (load_dataset("market-1501", root, split) for split in ("query", "gallery"))
    assert query.labels == gallery.labels == ("0001", "0003", "0004")
    assert [sample.person_id for sample in query.samples] == [0, 1]
    test = load_dataset("market-1501", root, "test")
    assert test.samples == (*query.samples, *gallery.samples)


def test_cameras_stand_in_the_names(tree: Tree) -> None:
    train = load_dataset("market-1501", tree("market-1501"), "train")
    assert [sample.camera_id for sample in train.samples] == [1, 2, 6]
    assert train.labels == ("0002", "0010")


def test_dukemtmc_reid_has_the_same_layout(tree: Tree) -> None:
    test = load_dataset("dukemtmc-reid", tree("dukemtmc-reid"), "test")
    assert [(sample.person_id, sample.camera_id) for sample in test.samples] == [(0, 2), (0, 5), (1, 3)]


@pytest.mark.parametrize("name", ["stranger.jpg", "--_c1s1_1.jpg"])
def test_a_name_without_a_person_is_refused(tree: Tree, name: str) -> None:
    root = tree("market-1501")
    (root / "query" / name).touch()
    with pytest.raises(
        DataError, match=rf"{name}: a name without person and camera; expected one like 0002_c1s1"
    ):
        load_dataset("market-1501", root)


def test_an_empty_folder_is_named(tree: Tree) -> None:
    root = tree("market-1501")
    for file in (root / "query").iterdir():
        file.unlink()
    with pytest.raises(DataError, match="query holds no pictures"):
        load_dataset("market-1501", root)
