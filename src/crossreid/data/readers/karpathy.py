"""Flickr30k and MSCOCO: photographs of anything, five captions each; splits of Karpathy & Fei-Fei (CVPR 2015)."""

from pathlib import Path

from crossreid.core.errors import DataError
from crossreid.core.modality import Modality
from crossreid.data.dataset import Dataset
from crossreid.data.readers.captioned import check_captions
from crossreid.data.readers.layout import check_folders, check_keys, check_tree, find_part, inside, read_json
from crossreid.data.readers.records import Record, Splits, plain, to_dataset

FLICKR30K_SPLITS = plain("train", "val", "test")
MSCOCO_SPLITS = {
    "train": ("train", "restval"), "val": ("val",), "test": ("test",), "restval": ("restval",),
}  # fmt: skip


def load_flickr30k(root: str | Path, split: str | None = None) -> Dataset:
    """Read `dataset_flickr30k.json` and the pictures in `flickr30k-images/` or `images/`.

    Every photograph is a "person" of its own, so that its captions are its matches; the test split is the usual 1K.

    Raises:
        DataError: the tree is not like that, or there is no such split.
    """
    root = Path(root)
    check_tree(root, "flickr30k", "dataset_flickr30k.json")
    pictures = find_part(root, "flickr30k", "flickr30k-images/", "images/")
    records = _read(root, root / "dataset_flickr30k.json", pictures, FLICKR30K_SPLITS)
    return to_dataset("flickr30k", records, split, FLICKR30K_SPLITS)


def load_mscoco(root: str | Path, split: str | None = None) -> Dataset:
    """Read `dataset_coco.json` and the pictures in `train2014/` and `val2014/`, perhaps below `images/`.

    Every photograph is a "person" of its own, so that its captions are its matches. The split `train` holds `restval`
    too, as is usual; `test` is the 5K.

    Raises:
        DataError: the tree is not like that, or there is no such split.
    """
    root = Path(root)
    check_tree(root, "mscoco", "dataset_coco.json")
    pictures = find_part(root, "mscoco", "val2014/", "images/val2014/").parent
    records = _read(root, root / "dataset_coco.json", pictures, MSCOCO_SPLITS)
    return to_dataset("mscoco", records, split, MSCOCO_SPLITS)


def _read(root: Path, annotations: Path, pictures: Path, splits: Splits) -> list[Record]:
    images = check_keys(read_json(annotations), ("images",), where=str(annotations))["images"]
    if not isinstance(images, list) or not images:
        raise DataError(f"{annotations} lists no images", expected="one object a picture")
    records: list[Record] = []
    for number, entry in enumerate(images, start=1):
        where = f"{annotations}, picture {number}"
        found = check_keys(entry, ("filename", "sentences", "split"), where=where)
        if found["split"] not in splits:
            raise DataError(f"{where}: the split {found['split']!r}", expected=f"one of {', '.join(splits)}")
        folder = f"{found['filepath']}/" if "filepath" in found else ""
        path = inside(pictures, f"{folder}{found['filename']}", where=where)
        item, name = path.relative_to(root).as_posix(), path.name
        records.append(Record(found["split"], Modality.RGB, name, item, path=path, source=item))
        listed = found["sentences"]
        if not isinstance(listed, list):
            raise DataError(f"{where}: sentences {listed!r:.60}", expected="a list of objects with raw")
        sentences = [check_keys(words, ("raw",), where=where)["raw"] for words in listed]
        records += [
            Record(found["split"], Modality.TEXT, name, f"{item}#{place}", caption=caption, source=item)
            for place, caption in enumerate(check_captions(sentences, where=where))
            if caption.strip()
        ]
    check_folders(annotations.stem, (record.path for record in records if record.path))
    return records
