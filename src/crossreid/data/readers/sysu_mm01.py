"""SYSU-MM01: photographs by four cameras and near infrared by two (Wu et al., ICCV 2017)."""

from pathlib import Path

from crossreid.core.errors import DataError
from crossreid.core.modality import Modality
from crossreid.data.dataset import Dataset
from crossreid.data.readers.layout import check_tree, list_pictures, read_numbers
from crossreid.data.readers.records import Record, to_dataset

NAME = "sysu-mm01"
SPLITS = {"train": ("train",), "val": ("val",), "trainval": ("train", "val"), "test": ("test",)}
_PARTS = ("train", "val", "test")
CAMERAS = {
    1: Modality.RGB, 2: Modality.RGB, 3: Modality.IR, 4: Modality.RGB, 5: Modality.RGB, 6: Modality.IR,
}  # fmt: skip


def load_sysu_mm01(root: str | Path, split: str | None = None) -> Dataset:
    """Read `cam1/` to `cam6/` with a folder a person, and `exp/{train,val,test}_id.txt`.

    Cameras 3 and 6 are infrared. All pictures of the test people are read: which of them are
    the gallery of a trial is up to the protocol. Not everyone was seen by every camera.

    Raises:
        DataError: the tree is not like that, a listed person has no picture, or there is no such split.
    """
    root = Path(root)
    lists = {part: f"exp/{part}_id.txt" for part in _PARTS}
    check_tree(root, NAME, *(f"cam{camera}/" for camera in CAMERAS), *lists.values())
    records = []
    for part, file in lists.items():
        for number in read_numbers(root / file):
            found = _pictures(root, part, f"{number:04d}")
            if not found:
                raise DataError(
                    f"{root / file} lists person {number}, of whom no camera has a picture",
                    expected=f"a folder {number:04d} in cam1/ to cam6/",
                )
            records += found
    return to_dataset(NAME, records, split, SPLITS)


def _pictures(root: Path, part: str, person: str) -> list[Record]:
    return [
        Record(part, modality, person, path.relative_to(root).as_posix(), path=path, camera=camera)
        for camera, modality in CAMERAS.items()
        for path in list_pictures(root / f"cam{camera}" / person, required=False)
    ]
