"""MSMT17: photographs by fifteen cameras, listed in files (Wei et al., CVPR 2018)."""

import re
from pathlib import Path

from crossreid.core.errors import DataError
from crossreid.core.modality import Modality
from crossreid.data.dataset import Dataset
from crossreid.data.readers.layout import check_folders, check_tree, find_part, inside, read_list
from crossreid.data.readers.records import Record, to_dataset

NAME = "msmt17"
SPLITS = {
    "train": ("train",), "val": ("val",), "query": ("query",), "gallery": ("gallery",),
    "trainval": ("train", "val"), "test": ("query", "gallery"),
}  # fmt: skip
_LISTS = ("train", "val", "query", "gallery")
_CAMERA = re.compile(r"\d+_\d+_(\d+)_")


def load_msmt17(root: str | Path, split: str | None = None) -> Dataset:
    """Read `list_{train,val,query,gallery}.txt` and the pictures in `train/` and `test/`.

    These folders are also shipped as `mask_train_v2/` and `mask_test_v2/`. The official training set is `trainval`;
    `val` are other pictures of the same people. The numbers of training and test people both begin at 0, so that
    their names here are `train/0000` and `test/0000`.

    Raises:
        DataError: the tree is not like that, or there is no such split.
    """
    root = Path(root)
    check_tree(root, NAME, *(f"list_{part}.txt" for part in _LISTS))
    folders = {
        "train": find_part(root, NAME, "train/", "mask_train_v2/"),
        "test": find_part(root, NAME, "test/", "mask_test_v2/"),
    }
    records = []
    for part in _LISTS:
        side = "train" if part in ("train", "val") else "test"
        file = root / f"list_{part}.txt"
        for number, (written, label) in enumerate(read_list(file, str, int), start=1):
            where = f"{file}, picture {number}"
            path = inside(folders[side], written, where=where)
            records.append(
                Record(
                    part,
                    Modality.RGB,
                    f"{side}/{label:04d}",
                    path.relative_to(root).as_posix(),
                    path=path,
                    camera=_camera(path.name, where),
                )
            )
    check_folders(NAME, (record.path for record in records if record.path))
    return to_dataset(NAME, records, split, SPLITS)


def _camera(file: str, where: str) -> int:
    found = _CAMERA.match(file)
    if found is None:
        raise DataError(f"{where}: {file}", expected="a name like 0000_000_01_0303morning_0008_0.jpg")
    return int(found[1])
