"""CUHK-PEDES: photographs from five older data sets, two captions each (Li et al., CVPR 2017)."""

from pathlib import Path

from crossreid.data.dataset import Dataset
from crossreid.data.readers.captioned import read_captioned
from crossreid.data.readers.layout import check_tree, find_part
from crossreid.data.readers.records import Record, plain, to_dataset

NAME = "cuhk-pedes"
SPLITS = plain("train", "val", "test")


def load_cuhk_pedes(root: str | Path, split: str | None = None) -> Dataset:
    """Read `imgs/` and `reid_raw.json`, which is also shipped as `caption_all.json`. Cameras are unknown.

    Raises:
        DataError: the tree is not like that, or there is no such split.
    """
    return to_dataset(NAME, read_cuhk_pedes(Path(root)), split, SPLITS)


def read_cuhk_pedes(root: Path) -> list[Record]:
    """All records.

    Raises:
        DataError: the tree is not as it comes.
    """
    check_tree(root, NAME, "imgs/")
    annotations = find_part(root, NAME, "reid_raw.json", "caption_all.json")
    return read_captioned(root, annotations, name=NAME, path_key="file_path", splits=tuple(SPLITS))
