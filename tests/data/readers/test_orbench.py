import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crossreid.core.errors import DataError
from crossreid.data import load_dataset

Tree = Callable[[str], Path]
TEST = "test_gallery_and_queries.json"


def test_training_pictures_come_from_list_and_folders(tree: Tree) -> None:
    train = load_dataset("orbench", tree("orbench"), "train")
    assert train.labels == ("0001", "0002")
    assert {modality: len(train.of(modality)) for modality in ("rgb", "text", "ir", "sketch")} == {
        "rgb": 2, "text": 2, "ir": 2, "sketch": 4,
    }  # fmt: skip
    assert [sample.item_id for sample in train.of("sketch").samples[:2]] == [
        "cp/0001/0001_cp_1.jpg",
        "sk/0001/0001_sk_1.jpg",
    ]


def test_queries_of_one_modality_against_the_gallery(tree: Tree) -> None:
    root = tree("orbench")
    query, gallery = (load_dataset("orbench", root, split) for split in ("query", "gallery"))
    assert query.labels == gallery.labels == ("0601", "0602")
    assert [(s.caption, s.person_id) for s in query.of("text").samples] == [
        ("A woman in red.", 0),
        ("A woman in green.", 1),
    ]
    assert (len(query), len(gallery)) == (8, 2)


def _unknown_person(test: Any) -> None:
    test["TEXT"].append([7, "A man."])


def _no_pencil(test: Any) -> None:
    del test["CP"]


def _long_row(test: Any) -> None:
    test["NIR"][0].append("more")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_unknown_person, "TEXT 3: person 7; expected someone of RGB_GALLERY"),
        (_no_pencil, "lacks CP; expected the keys RGB_GALLERY, NIR, CP, SK, TEXT"),
        (_long_row, "NIR 1: .*expected a person's number and a path or caption"),
    ],
)
def test_what_is_wrong_in_the_test_list_is_named(
    tree: Tree, change: Callable[[Any], None], message: str
) -> None:
    root = tree("orbench")
    listed = json.loads((root / TEST).read_text())
    change(listed)
    (root / TEST).write_text(json.dumps(listed))
    with pytest.raises(DataError, match=message):
        load_dataset("orbench", root)
