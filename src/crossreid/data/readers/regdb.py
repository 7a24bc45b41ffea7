"""RegDB: ten photographs and ten thermal pictures a person (Nguyen et al., Sensors 2017)."""

from pathlib import Path

from crossreid.core.modality import Modality
from crossreid.data.dataset import Dataset
from crossreid.data.readers.layout import check_folders, check_tree, inside, read_list
from crossreid.data.readers.records import Record, to_dataset
from crossreid.data.readers.trials import SPLITS, find_trial

NAME = "regdb"
_KINDS = {"visible": (Modality.RGB, 1), "thermal": (Modality.IR, 2)}


def load_regdb(root: str | Path, split: str | None = None) -> Dataset:
    """Read `idx/{train,test}_{visible,thermal}_{1..10}.txt` and the pictures that they list.

    The lists number training and test people each on their own, so that their names here are `train/0` and `test/0`.
    Camera 1 is the visible one, 2 the thermal one.

    Args:
        root: of the data set.
        split: train or test, of the first trial; of another one such as `train-7`.

    Raises:
        DataError: the tree is not like that, or there is no such split.
    """
    root, trial = Path(root), find_trial(NAME, split)
    lists = {(part, kind): f"idx/{part}_{kind}_{trial}.txt" for part in ("train", "test") for kind in _KINDS}
    check_tree(root, NAME, *lists.values())
    records = []
    for (part, kind), file in lists.items():
        modality, camera = _KINDS[kind]
        for number, (written, label) in enumerate(read_list(root / file, str, int), start=1):
            path = inside(root, written, where=f"{root / file}, picture {number}")
            item = path.relative_to(root).as_posix()
            records.append(Record(part, modality, f"{part}/{label}", item, path=path, camera=camera))
    check_folders(NAME, (record.path for record in records if record.path))
    return to_dataset(NAME, records, split, SPLITS)
