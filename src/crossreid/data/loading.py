"""One door to all data sets."""

from pathlib import Path

from crossreid.core.errors import DataError
from crossreid.data.dataset import Dataset
from crossreid.data.readers.folder import load_folder
from crossreid.data.readers.manifest import load_manifest

DATASETS = ("manifest", "folder", "pedestrians")


def load_dataset(name: str, root: str | Path, split: str | None = None) -> Dataset:
    """Read a data set.

    Args:
        name: its format: "manifest" (a CSV or Parquet table), "folder" (any tree of pictures;
            a split is a sub-folder), or "pedestrians" (a world drawn by the program).
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
        case _:
            raise DataError(f"the data set {name!r}", expected=f"one of {', '.join(DATASETS)}")
