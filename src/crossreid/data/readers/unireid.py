"""UNIReID's Tri-* data sets: a sketch for every photograph of a captioned data set (Chen et al., CVPR 2023)."""

from dataclasses import replace
from pathlib import Path

from crossreid.core.errors import DataError
from crossreid.core.modality import Modality
from crossreid.core.sample import UNKNOWN
from crossreid.data.dataset import Dataset
from crossreid.data.readers import cuhk_pedes, icfg_pedes, rstpreid
from crossreid.data.readers.captioned import PICTURES
from crossreid.data.readers.layout import check_folders, find_part
from crossreid.data.readers.records import Record, to_dataset

SKETCHES = ("imgs-sketch2/", "imgs-sketch/")
_BASES = {
    "tri-cuhk-pedes": (cuhk_pedes.read_cuhk_pedes, cuhk_pedes.SPLITS),
    "tri-icfg-pedes": (icfg_pedes.read_icfg_pedes, icfg_pedes.SPLITS),
    "tri-rstpreid": (rstpreid.read_rstpreid, rstpreid.SPLITS),
}
NAMES = tuple(_BASES)


def load_unireid(name: str, root: str | Path, split: str | None = None) -> Dataset:
    """Read a captioned data set and the sketches that mirror its `imgs/` in `imgs-sketch2/` or `imgs-sketch/`.

    A sketch bears its photograph's path, perhaps with another suffix, and is of the photograph's group.

    Raises:
        DataError: the tree is not like that, or there is no such split.
    """
    root = Path(root)
    read, splits = _BASES[name]
    records = read(root)
    sketches = find_part(root, name, *SKETCHES)
    drawn = [_sketch(record, root, sketches) for record in records if record.modality == Modality.RGB]
    check_folders(name, (record.path for record in drawn if record.path))
    return to_dataset(name, [*records, *drawn], split, splits)


def _sketch(photo: Record, root: Path, sketches: Path) -> Record:
    if photo.path is None:
        raise DataError(f"{photo.item} has no file", expected="a photograph")
    path = sketches / photo.path.relative_to(root / PICTURES)
    if not path.exists():
        others = (path.with_suffix(suffix) for suffix in (".jpg", ".png"))
        path = next((other for other in others if other.exists()), path)
    item = path.relative_to(root).as_posix()
    return replace(photo, modality=Modality.SKETCH, path=path, item=item, camera=UNKNOWN)
