import json
from collections.abc import Callable
from pathlib import Path

import pytest

from crossreid.core.errors import DataError
from crossreid.data import load_dataset

Tree = Callable[[str], Path]


def test_a_photograph_is_matched_by_its_five_captions(tree: Tree) -> None:
    root = tree("flickr30k")
    photo, *captions = load_dataset("flickr30k", root, "test").samples
    assert photo.path == root / "flickr30k-images/1007129816.jpg"
    assert [caption.caption for caption in captions][4] == "A dog 4 of 1007129816.jpg."
    assert {sample.person_id for sample in (photo, *captions)} == {0}
    assert {sample.source_id for sample in (photo, *captions)} == {photo.item_id}


def test_the_pictures_may_be_in_images(tree: Tree) -> None:
    root = tree("flickr30k")
    (root / "flickr30k-images").rename(root / "images")
    assert len(load_dataset("flickr30k", root)) == 18


def test_training_on_coco_takes_restval_too(tree: Tree) -> None:
    root = tree("mscoco")
    train = load_dataset("mscoco", root, "train").of("rgb")
    assert train.splits == ("train", "restval")
    assert len(load_dataset("mscoco", root, "restval").of("rgb")) == 1


def test_coco_may_lie_below_images(tree: Tree) -> None:
    root = tree("mscoco")
    (root / "images").mkdir()
    for folder in ("train2014", "val2014"):
        (root / folder).rename(root / "images" / folder)
    assert load_dataset("mscoco", root, "val").samples[0].item_id.startswith("images/val2014/")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"images": []}, "lists no images"),
        ({"pictures": []}, "lacks images"),
        ({"images": [{"filename": "x.jpg", "split": "test"}]}, "picture 1 lacks sentences"),
        (
            {"images": [{"filename": "x.jpg", "split": "exam", "sentences": []}]},
            "picture 1: the split 'exam'; expected one of train, val, test",
        ),
        (
            {"images": [{"filename": "x.jpg", "split": "test", "sentences": [{"tokens": []}]}]},
            "picture 1 lacks raw",
        ),
    ],
)
def test_what_is_wrong_in_the_list_is_named(tree: Tree, content: object, message: str) -> None:
    root = tree("flickr30k")
    (root / "dataset_flickr30k.json").write_text(json.dumps(content))
    with pytest.raises(DataError, match=message):
        load_dataset("flickr30k", root)
