"""LLCM: photographs and near infrared at night by nine cameras (Zhang & Wang, CVPR 2023)."""

import re
from pathlib import Path

from crossreid.core.errors import DataError
from crossreid.core.modality import Modality
from crossreid.data.dataset import Dataset
from crossreid.data.readers.layout import (
    check_folders,
    check_tree,
    inside,
    list_pictures,
    read_list,
    read_numbers,
)
from crossreid.data.readers.records import Record, plain, to_dataset

NAME = "llcm"
SPLITS = plain("train", "test")
_TRAIN = {"idx/train_vis.txt": Modality.RGB, "idx/train_nir.txt": Modality.IR}
_TEST = {"test_vis": Modality.RGB, "test_nir": Modality.IR}
_CAMERAS = range(1, 10)
_NAME = re.compile(r"(\d+)_c(\d+)_")


def load_llcm(root: str | Path, split: str | None = None) -> Dataset:
    """Read `idx/train_{vis,nir}.txt` with the pictures they list, and `test_vis/`, `test_nir/` with `cam1/` to `cam9/`.

    Of the test folders the people in `idx/test_id.txt` are read, all of their pictures: which of them are the gallery
    of a trial is up to the protocol. Person and camera of a training picture stand in its name, as in
    `0001_c01_s185535_f7010_vis.jpg`. Camera 3 took no infrared.

    Raises:
        DataError: the tree is not like that, a listed person has no picture, or there is no such split.
    """
    root = Path(root)
    check_tree(root, NAME, *_TRAIN, "idx/test_id.txt", *(f"{folder}/" for folder in _TEST))
    return to_dataset(NAME, [*_training(root), *_testing(root)], split, SPLITS)


def _training(root: Path) -> list[Record]:
    records = []
    for file, modality in _TRAIN.items():
        for number, (written, _) in enumerate(read_list(root / file, str, int), start=1):
            where = f"{root / file}, picture {number}"
            path = inside(root, written, where=where)
            found = _NAME.match(path.name)
            if found is None:
                raise DataError(
                    f"{where}: {path.name}", expected="a name like 0001_c01_s185535_f7010_vis.jpg"
                )
            person, camera = f"{int(found[1]):04d}", int(found[2])
            item = path.relative_to(root).as_posix()
            records.append(Record("train", modality, person, item, path=path, camera=camera))
    check_folders(NAME, (record.path for record in records if record.path))
    return records


def _testing(root: Path) -> list[Record]:
    records = []
    for number in read_numbers(root / "idx/test_id.txt"):
        person = f"{number:04d}"
        found = [
            Record("test", modality, person, path.relative_to(root).as_posix(), path=path, camera=camera)
            for folder, modality in _TEST.items()
            for camera in _CAMERAS
            for path in list_pictures(root / folder / f"cam{camera}" / person, required=False)
        ]
        if not found:
            raise DataError(
                f"{root / 'idx/test_id.txt'} lists person {number}, of whom no camera has a picture",
                expected=f"a folder {person} in test_vis/cam1/ to test_nir/cam9/",
            )
        records += found
    return records
