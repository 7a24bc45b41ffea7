"""PKU-Sketch: two photographs and one artist's sketch a person (Pang et al., ACM MM 2018)."""

from pathlib import Path

import numpy as np

from crossreid.core.errors import DataError
from crossreid.core.modality import Modality
from crossreid.data.dataset import Dataset
from crossreid.data.readers.layout import check_tree, list_pictures
from crossreid.data.readers.records import Record, to_dataset
from crossreid.data.readers.trials import SPLITS, find_trial

NAME = "pku-sketch"
_TRAINING_SHARE = 0.75


def load_pku_sketch(root: str | Path, split: str | None = None) -> Dataset:
    """Read `photo/` and `sketch/`, with names such as `1_05_356.jpg` and `1.jpg`; the first number is the person.

    No lists of splits come with the data: each trial draws three of four people for training, in an order that
    depends on the trial's number alone, so that figures compare with others drawn here and not with published ones.

    Args:
        root: of the data set.
        split: train or test, of the first trial; of another one such as `train-7`.

    Raises:
        DataError: the tree is not like that, someone lacks photograph or sketch, or there is no such split.
    """
    root, trial = Path(root), find_trial(NAME, split)
    check_tree(root, NAME, "photo/", "sketch/")
    photos = [(_person(path), Modality.RGB, path) for path in list_pictures(root / "photo")]
    sketches = [(_person(path), Modality.SKETCH, path) for path in list_pictures(root / "sketch")]
    lonely = {person for person, _, _ in photos} ^ {person for person, _, _ in sketches}
    if lonely:
        raise DataError(
            f"{root}: person {min(lonely)} has only one of photograph and sketch"
            + (f", like {len(lonely) - 1} more" if len(lonely) > 1 else ""),
            expected="both for everyone",
        )
    training = _training_people(sorted({person for person, _, _ in photos}), trial)
    records = [
        Record(
            "train" if person in training else "test",
            modality,
            str(person),
            path.relative_to(root).as_posix(),
            path=path,
        )
        for person, modality, path in sorted([*photos, *sketches])
    ]
    return to_dataset(NAME, records, split, SPLITS)


def _training_people(people: list[int], trial: int) -> set[int]:
    order = np.random.default_rng(trial).permutation(len(people))
    return {people[place] for place in order[: round(_TRAINING_SHARE * len(people))]}


def _person(path: Path) -> int:
    number = path.stem.partition("_")[0]
    if not (number.isascii() and number.isdigit()):
        raise DataError(f"{path}: a name without a person", expected="one that begins with a number")
    return int(number)
