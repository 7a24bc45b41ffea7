"""ICFG-PEDES: photographs of MSMT17, one long caption each (Ding et al., 2021)."""

import re
from pathlib import Path

from crossreid.core.sample import UNKNOWN
from crossreid.data.dataset import Dataset
from crossreid.data.readers.captioned import read_captioned
from crossreid.data.readers.layout import check_tree, find_part
from crossreid.data.readers.records import Record, plain, to_dataset

NAME = "icfg-pedes"
SPLITS = plain("train", "test")
_CAMERA = re.compile(r"\d+_\d+_(\d+)_")


def load_icfg_pedes(root: str | Path, split: str | None = None) -> Dataset:
    """Read `imgs/` and `ICFG-PEDES.json`, which is also shipped as `ICFG_PEDES.json`.

    The split is what the JSON says: `imgs/train` and `imgs/test` are folders of MSMT17. The camera
    stands in the picture's name.

    Raises:
        DataError: the tree is not like that, or there is no such split.
    """
    return to_dataset(NAME, read_icfg_pedes(Path(root)), split, SPLITS)


def read_icfg_pedes(root: Path) -> list[Record]:
    """All records.

    Raises:
        DataError: the tree is not as it comes.
    """
    check_tree(root, NAME, "imgs/")
    annotations = find_part(root, NAME, "ICFG-PEDES.json", "ICFG_PEDES.json")
    return read_captioned(
        root, annotations, name=NAME, path_key="file_path", splits=tuple(SPLITS), camera_of=_camera
    )


def _camera(file: str) -> int:
    found = _CAMERA.match(file)
    return int(found[1]) if found else UNKNOWN
