"""QrCM-ReID, as the authors of MLLMEmbed-ReID write it: one CSV of photographs, infrared, sketches and captions."""

from pathlib import Path

from crossreid.core.errors import DataError
from crossreid.core.modality import Modality
from crossreid.data.dataset import Dataset
from crossreid.data.readers.layout import check_folders, inside
from crossreid.data.readers.records import Record, plain, to_dataset
from crossreid.data.readers.table import Row, read_table

NAME = "qrcm-reid"
SPLITS = plain("train", "val", "test")
COLUMNS = ("image_path", "pid", "text", "modality", "ori_caption", "num_images", "camid", "split")
_USED = ("image_path", "pid", "modality", "ori_caption", "camid", "split")


def load_qrcm_reid(root: str | Path, split: str | None = None) -> Dataset:
    """Read the authors' CSV: a file, or the only one in a folder.

    `camid` is the key of the source photograph, not a camera. Captions come from `ori_caption`; `text` repeats
    them inside a prompt and is not read. Paths may be relative to the CSV, or absolute as on the machine that
    wrote it: then as many leading folders are dropped as make the first one exist beside the CSV.

    Raises:
        DataError: the table is not like that, a folder of pictures is missing, or there is no such split.
    """
    table = _find(Path(root))
    columns, rows = read_table(table)
    missing = [column for column in _USED if column not in columns]
    if missing:
        raise DataError(f"{table} lacks the columns {', '.join(missing)}", expected=f"{', '.join(COLUMNS)}")
    dropped = _leading_folders(table, rows)
    records = [_record(table, number, row, dropped) for number, row in enumerate(rows, start=1)]
    kept = [record for record in records if record.path is not None or (record.caption or "").strip()]
    check_folders(NAME, (record.path for record in kept if record.path))
    return to_dataset(NAME, kept, split, SPLITS)


def _find(root: Path) -> Path:
    if root.is_file():
        return root
    tables = sorted(root.glob("*.csv"))
    if len(tables) != 1:
        found = ", ".join(table.name for table in tables) or "no CSV"
        raise DataError(f"{root} holds {found}", expected="one .csv file", remedy="name the file itself")
    return tables[0]


def _leading_folders(table: Path, rows: list[Row]) -> int:
    """How many parts of absolute paths to leave out; 0 when they are right as they are."""
    written = next((row["image_path"] for row in rows if row["image_path"].startswith("/")), None)
    if written is None or Path(written).exists():
        return 0
    parts = Path(written).parts
    for count in range(1, len(parts)):
        if table.parent.joinpath(*parts[count:]).exists():
            return count
    raise DataError(
        f"{table}: {written} is not there, nor any end of that path in {table.parent}",
        expected="the folders of pictures beside the CSV",
    )


def _record(table: Path, number: int, row: Row, dropped: int) -> Record:
    where = f"{table}, row {number}"
    try:
        modality = Modality(row["modality"].strip().lower())
    except ValueError as error:
        raise DataError(
            f"{where}: unknown modality {row['modality']!r}", expected="RGB, IR, sketch or text"
        ) from error
    if row["split"] not in SPLITS:
        raise DataError(f"{where}: the split {row['split']!r}", expected=f"one of {', '.join(SPLITS)}")
    if not row["pid"] or not row["camid"]:
        raise DataError(f"{where}: pid {row['pid']!r}, camid {row['camid']!r}", expected="a number each")
    if modality == Modality.TEXT:
        item = f"caption:{number}"
        return Record(
            row["split"], modality, row["pid"], item, caption=row["ori_caption"], source=row["camid"]
        )
    path = _path(table, row["image_path"], dropped, where)
    return Record(row["split"], modality, row["pid"], row["image_path"], path=path, source=row["camid"])


def _path(table: Path, written: str, dropped: int, where: str) -> Path:
    if written.startswith("/"):
        parts = Path(written).parts
        return inside(table.parent, "/".join(parts[dropped:]), where=where) if dropped else Path(written)
    return inside(table.parent, written, where=where)
