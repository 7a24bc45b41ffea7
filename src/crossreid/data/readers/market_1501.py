"""Market-1501 (Zheng et al., ICCV 2015) and DukeMTMC-reID (Zheng et al., ICCV 2017): three folders of photographs."""

import re
from pathlib import Path

from crossreid.core.errors import DataError
from crossreid.core.modality import Modality
from crossreid.data.dataset import Dataset
from crossreid.data.readers.layout import check_tree, list_pictures
from crossreid.data.readers.records import Record, to_dataset

NAMES = ("market-1501", "dukemtmc-reid")
SPLITS = {"train": ("train",), "query": ("query",), "gallery": ("gallery",), "test": ("query", "gallery")}
_FOLDERS = {"train": "bounding_box_train", "query": "query", "gallery": "bounding_box_test"}
_NAME = re.compile(r"([-\d]+)_c(\d)")
_JUNK, _DISTRACTOR = -1, 0


def load_market_1501(name: str, root: str | Path, split: str | None = None) -> Dataset:
    """Read `bounding_box_train/`, `query/` and `bounding_box_test/`, the gallery.

    Person and camera stand in a picture's name, as in `0002_c1s1_000451_03.jpg`. Junk (person -1) is left out;
    distractors (person 0) are in the gallery as people of nobody known.

    Args:
        name: one of `NAMES`, whose layouts are the same.
        root: of the data set.
        split: train, query, gallery, or test: queries and gallery together.

    Raises:
        DataError: the tree is not like that, or there is no such split.
    """
    root = Path(root)
    check_tree(root, name, *(f"{folder}/" for folder in _FOLDERS.values()))
    records = [
        record
        for part, folder in _FOLDERS.items()
        for path in list_pictures(root / folder)
        if (record := _record(part, path, root)) is not None
    ]
    return to_dataset(name, records, split, SPLITS)


def _record(split: str, path: Path, root: Path) -> Record | None:
    found = _NAME.match(path.name)
    try:
        person = int(found[1]) if found else None
    except ValueError:
        person = None
    if found is None or person is None:
        raise DataError(
            f"{path}: a name without person and camera", expected="one like 0002_c1s1_000451_03.jpg"
        )
    if person == _JUNK:
        return None
    return Record(
        split,
        Modality.RGB,
        "" if person == _DISTRACTOR else f"{person:04d}",
        path.relative_to(root).as_posix(),
        path=path,
        camera=int(found[2]),
    )
