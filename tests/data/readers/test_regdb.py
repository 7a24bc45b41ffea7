from collections.abc import Callable
from pathlib import Path

from crossreid.data import load_dataset

Tree = Callable[[str], Path]


def test_a_split_without_a_number_is_the_first_trial(tree: Tree) -> None:
    root = tree("regdb")
    first = load_dataset("regdb", root, "train")
    assert first.samples == load_dataset("regdb", root, "train-1").samples
    assert [sample.path.parent.name for sample in first.of("rgb").samples if sample.path] == [
        "11",
        "11",
        "30",
        "30",
    ]


def test_each_trial_has_its_own_people(tree: Tree) -> None:
    tenth = load_dataset("regdb", tree("regdb"), "train-10").of("ir").samples
    assert [sample.item_id for sample in tenth[:2]] == ["Thermal/20/front_1.bmp", "Thermal/20/front_2.bmp"]


def test_training_and_test_people_of_one_number_are_different(tree: Tree) -> None:
    data = load_dataset("regdb", tree("regdb"))
    assert data.labels == ("test/0", "test/1", "train/0", "train/1")
    assert {(sample.modality.value, sample.camera_id) for sample in data.samples} == {("rgb", 1), ("ir", 2)}
