from collections.abc import Callable
from pathlib import Path

import pytest

from crossreid.core.errors import DataError
from crossreid.data import load_dataset

Tree = Callable[[str], Path]


def test_three_of_four_people_are_for_training(tree: Tree) -> None:
    root = tree("pku-sketch")
    train, test = (load_dataset("pku-sketch", root, split) for split in ("train", "test"))
    assert (len(train.people), len(test.people)) == (6, 2)
    assert (len(test.of("rgb")), len(test.of("sketch"))) == (4, 2)


def test_trials_draw_different_people(tree: Tree) -> None:
    root = tree("pku-sketch")
    drawn = {load_dataset("pku-sketch", root, f"test-{trial}").labels for trial in range(1, 11)}
    assert len(drawn) > 5


def test_a_person_without_a_sketch_is_named(tree: Tree) -> None:
    root = tree("pku-sketch")
    (root / "sketch/3.jpg").unlink()
    with pytest.raises(DataError, match="person 3 has only one of photograph and sketch"):
        load_dataset("pku-sketch", root)


def test_a_name_without_a_number_is_refused(tree: Tree) -> None:
    root = tree("pku-sketch")
    (root / "photo/cover.jpg").touch()
    with pytest.raises(DataError, match=r"cover\.jpg: a name without a person"):
        load_dataset("pku-sketch", root)
