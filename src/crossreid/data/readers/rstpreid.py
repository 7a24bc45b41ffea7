"""RSTPReid: photographs of MSMT17, five a person, two captions each (Zhu et al., ACM MM 2021)."""

import re
from pathlib import Path

from crossreid.core.sample import UNKNOWN
from crossreid.data.dataset import Dataset
from crossreid.data.readers.captioned import read_captioned
from crossreid.data.readers.layout import check_tree
from crossreid.data.readers.records import Record, plain, to_dataset

NAME = "rstpreid"
SPLITS = plain("train", "val", "test")
_CAMERA = re.compile(r"\d+_c(\d+)_")


def load_rstpreid(root: str | Path, split: str | None = None) -> Dataset:
    """Read `imgs/` and `data_captions.json`. The camera stands in the picture's name, as in `0000_c14_0031.jpg`.

    Raises:
        DataError: the tree is not like that, or there is no such split.
    """
    return to_dataset(NAME, read_rstpreid(Path(root)), split, SPLITS)


def read_rstpreid(root: Path) -> list[Record]:
    """All records.

    Raises:
        DataError: the tree is not as it comes.
    """
    check_tree(root, NAME, "imgs/", "data_captions.json")
    return read_captioned(
        root,
        root / "data_captions.json",
        name=NAME,
        path_key="img_path",
        splits=tuple(SPLITS),
        camera_of=_camera,
    )


def _camera(file: str) -> int:
    found = _CAMERA.match(file)
    return int(found[1]) if found else UNKNOWN
