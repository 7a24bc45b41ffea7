"""ORBench: photographs, near infrared, colour pencil, sketches and captions (Zuo et al., NeurIPS 2025)."""

from pathlib import Path
from typing import Any

from crossreid.core.errors import DataError
from crossreid.core.modality import Modality
from crossreid.data.dataset import Dataset
from crossreid.data.readers.layout import (
    check_folders,
    check_keys,
    check_tree,
    inside,
    list_pictures,
    read_json,
)
from crossreid.data.readers.records import Record, to_dataset

NAME = "orbench"
SPLITS = {"train": ("train",), "query": ("query",), "gallery": ("gallery",), "test": ("query", "gallery")}
_TRAIN, _TEST = "train_annos.json", "test_gallery_and_queries.json"
_DRAWN = {"nir": Modality.IR, "cp": Modality.SKETCH, "sk": Modality.SKETCH}
_QUERIES = {"NIR": Modality.IR, "CP": Modality.SKETCH, "SK": Modality.SKETCH, "TEXT": Modality.TEXT}
_GALLERY = "RGB_GALLERY"


def load_orbench(root: str | Path, split: str | None = None) -> Dataset:
    """Read `vis/`, `nir/`, `cp/`, `sk/` with a folder a person, and the lists of training and test.

    The lists are `train_annos.json` and `test_gallery_and_queries.json`.

    Colour pencil (`cp`) and sketches (`sk`) are both sketches here; their paths, hence `item_id`, tell them apart.
    People are named by their folder. Of the queries those of one modality are read: the others combine them.

    Raises:
        DataError: the tree is not like that, or there is no such split.
    """
    root = Path(root)
    check_tree(root, NAME, "vis/", "nir/", "cp/", "sk/", _TRAIN, _TEST)
    records = [*_training(root), *_testing(root)]
    check_folders(NAME, (record.path for record in records if record.path))
    return to_dataset(NAME, records, split, SPLITS)


def _training(root: Path) -> list[Record]:
    listed = read_json(root / _TRAIN)
    if not isinstance(listed, list) or not listed:
        raise DataError(f"{root / _TRAIN} holds no list", expected="a list with one object a photograph")
    records: list[Record] = []
    for number, entry in enumerate(listed, start=1):
        where = f"{root / _TRAIN}, photograph {number}"
        found = check_keys(entry, ("file_path", "caption"), where=where)
        path = inside(root, found["file_path"], where=where)
        item, person = path.relative_to(root).as_posix(), path.parent.name
        records.append(Record("train", Modality.RGB, person, item, path=path, source=item))
        caption = _caption(found["caption"], where)
        if caption.strip():
            records.append(Record("train", Modality.TEXT, person, f"{item}#0", caption=caption, source=item))
    records += [
        Record("train", modality, person, path.relative_to(root).as_posix(), path=path)
        for person in sorted({record.person for record in records})
        for folder, modality in _DRAWN.items()
        for path in list_pictures(root / folder / person)
    ]
    return records


def _testing(root: Path) -> list[Record]:
    found = check_keys(read_json(root / _TEST), (_GALLERY, *_QUERIES), where=str(root / _TEST))
    records, names = [], {}
    for where, number, written in _rows(root, found, _GALLERY):
        path = inside(root, written, where=where)
        names[number] = path.parent.name
        records.append(
            Record("gallery", Modality.RGB, names[number], path.relative_to(root).as_posix(), path=path)
        )
    for key, modality in _QUERIES.items():
        for place, (where, number, written) in enumerate(_rows(root, found, key)):
            if number not in names:
                raise DataError(f"{where}: person {number}", expected=f"someone of {_GALLERY}")
            if modality == Modality.TEXT:
                caption = _caption(written, where)
                if caption.strip():
                    records.append(
                        Record("query", modality, names[number], f"{key}#{place}", caption=caption)
                    )
                continue
            path = inside(root, written, where=where)
            item = path.relative_to(root).as_posix()
            records.append(Record("query", modality, names[number], item, path=path))
    return records


def _rows(root: Path, found: dict[str, Any], key: str) -> list[tuple[str, str, Any]]:
    if not isinstance(found[key], list):
        raise DataError(f"{root / _TEST}: {key} is {type(found[key]).__name__}", expected="a list")
    rows = []
    for number, row in enumerate(found[key], start=1):
        where = f"{root / _TEST}, {key} {number}"
        if not isinstance(row, list) or len(row) != 2:
            raise DataError(f"{where}: {row!r:.60}", expected="a person's number and a path or caption")
        rows.append((where, str(row[0]), row[1]))
    return rows


def _caption(written: object, where: str) -> str:
    if not isinstance(written, str):
        raise DataError(f"{where}: {written!r:.60}", expected="a caption")
    return written
