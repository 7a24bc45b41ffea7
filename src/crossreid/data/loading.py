"""One door to all data sets."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from crossreid.core.errors import DataError
from crossreid.data.dataset import Dataset
from crossreid.data.readers import market_1501, unireid
from crossreid.data.readers.cuhk_pedes import load_cuhk_pedes
from crossreid.data.readers.folder import load_folder
from crossreid.data.readers.icfg_pedes import load_icfg_pedes
from crossreid.data.readers.karpathy import load_flickr30k, load_mscoco
from crossreid.data.readers.llcm import load_llcm
from crossreid.data.readers.manifest import load_manifest
from crossreid.data.readers.msmt17 import load_msmt17
from crossreid.data.readers.orbench import load_orbench
from crossreid.data.readers.pku_sketch import load_pku_sketch
from crossreid.data.readers.qrcm_reid import load_qrcm_reid
from crossreid.data.readers.regdb import load_regdb
from crossreid.data.readers.rstpreid import load_rstpreid
from crossreid.data.readers.sysu_mm01 import load_sysu_mm01

PUBLIC: dict[str, Callable[[str | Path, str | None], Dataset]] = {
    "cuhk-pedes": load_cuhk_pedes,
    "icfg-pedes": load_icfg_pedes,
    "rstpreid": load_rstpreid,
    "qrcm-reid": load_qrcm_reid,
    **{name: partial(unireid.load_unireid, name) for name in unireid.NAMES},
    "sysu-mm01": load_sysu_mm01,
    "regdb": load_regdb,
    "llcm": load_llcm,
    **{name: partial(market_1501.load_market_1501, name) for name in market_1501.NAMES},
    "msmt17": load_msmt17,
    "pku-sketch": load_pku_sketch,
    "orbench": load_orbench,
    "flickr30k": load_flickr30k,
    "mscoco": load_mscoco,
}
"""Public data sets in their official layouts, and what reads them."""

DATASETS = ("manifest", "folder", "pedestrians", *PUBLIC)


def load_dataset(name: str, root: str | Path, split: str | None = None) -> Dataset:
    """Read a data set.

    Args:
        name: its format: "manifest" (a CSV or Parquet table), "folder" (any tree of pictures;
            a split is a sub-folder), "pedestrians" (a world drawn by the program), or one of `PUBLIC`.
        root: where it lies.
        split: the part to read; everything when left out.

    Raises:
        DataError: the name is unknown, or the files are not what they should be.
    """
    match name:
        case "manifest":
            return load_manifest(root, split=split)
        case "folder":
            return load_folder(Path(root) / split if split else root)
        case "pedestrians":
            if not (Path(root) / "manifest.csv").is_file():
                raise DataError(
                    f"no finished world in {root}",
                    expected="a folder with a manifest.csv",
                    remedy="draw it first",
                )
            return load_manifest(root, split=split)
        case _ if name in PUBLIC:
            return PUBLIC[name](root, split)
        case _:
            raise DataError(f"the data set {name!r}", expected=f"one of {', '.join(DATASETS)}")
