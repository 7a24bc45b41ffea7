"""Tables of Arrow columns: Parquet files, and data sets of the library `datasets` as it saves them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crossreid.core.errors import DataError
from crossreid.data.readers.layout import inside, read_json
from crossreid.data.readers.table import Row, find_table, open_parquet, read_table

if TYPE_CHECKING:
    import pyarrow as pa

_SAVED, _SPLITS = "state.json", "dataset_dict.json"
_PICTURE = frozenset({"bytes", "path"})
"""The fields of a picture as `datasets` stores it: the file's content, or where it lies."""


@dataclass(frozen=True)
class ManifestTable:
    """Rows of a manifest.

    Args:
        file: that they come from; paths are relative to its folder.
        columns: their names.
        rows: an empty field is "".
        pictures: content of the picture of a row, where the table holds it; rows are counted from 0.
    """

    file: Path
    columns: Sequence[str]
    rows: list[Row]
    pictures: Mapping[int, bytes] = field(default_factory=dict)


def read_manifest(path: Path) -> ManifestTable:
    """Read a CSV or Parquet file, a folder with one of the name `manifest`, or what `datasets` saved to disk.

    Of the latter, class labels become their names, a column `image` plays the part of `path`, and of several splits the
    name goes into a column `split`, if there is none.

    Raises:
        DataError: there is none of them, or it cannot be read.
    """
    if (path / _SPLITS).is_file():
        return _read_splits(path)
    if (path / _SAVED).is_file():
        return _to_rows(path / _SAVED, _read_saved(path))
    file = find_table(path)
    if file.suffix.lower() == ".parquet":
        return _to_rows(file, open_parquet(file))
    return ManifestTable(file, *read_table(file))


def _read_splits(folder: Path) -> ManifestTable:
    splits = read_json(folder / _SPLITS)
    names = splits.get("splits") if isinstance(splits, dict) else None
    if not isinstance(names, list) or not names:
        raise DataError(f"{folder / _SPLITS} names no splits", expected='{"splits": [...]}')
    columns: dict[str, None] = {}
    rows: list[Row] = []
    pictures: dict[int, bytes] = {}
    for name in names:
        part = inside(folder, name, where=str(folder / _SPLITS))
        table = _to_rows(part / _SAVED, _read_saved(part))
        columns |= dict.fromkeys(table.columns)
        pictures |= {len(rows) + row: content for row, content in table.pictures.items()}
        rows += [{"split": name} | row for row in table.rows]
    return ManifestTable(folder / _SPLITS, [*columns, *({"split"} - columns.keys())], rows, pictures)


def _read_saved(folder: Path) -> "pa.Table":
    import pyarrow as pa

    state = read_json(folder / _SAVED)
    try:
        files = [
            inside(folder, part["filename"], where=str(folder / _SAVED)) for part in state["_data_files"]
        ]
    except (KeyError, TypeError) as error:
        raise DataError(f"{folder / _SAVED} names no files", expected="what `save_to_disk` writes") from error
    tables = []
    for file in files:
        try:
            with pa.OSFile(str(file)) as source:
                tables.append(pa.ipc.open_stream(source).read_all())
        except (OSError, pa.ArrowException) as error:
            raise DataError(f"{file} cannot be read ({error})", expected="an Arrow stream") from error
    if not tables:
        raise DataError(f"{folder / _SAVED} names no files", expected="at least one")
    return pa.concat_tables(tables)


def _to_rows(file: Path, table: "pa.Table") -> ManifestTable:
    names = _class_names(table)
    pictures: dict[int, bytes] = {}
    rows = []
    for number, values in enumerate(table.to_pylist()):
        row: Row = {}
        for column, value in values.items():
            if isinstance(value, dict) and value.keys() == _PICTURE:
                row["path"] = row.get("path") or ("" if value["bytes"] else str(value["path"] or ""))
                if value["bytes"]:
                    pictures[number] = value["bytes"]
            elif column in names and isinstance(value, int):
                row[column] = names[column][value] if 0 <= value < len(names[column]) else ""
            else:
                row[column] = row.get(column, "") if value is None else str(value)
        rows.append(row)
    shown = ["path" if _is_picture(table, column) else column for column in table.column_names]
    columns = list(dict.fromkeys(shown))
    blank = dict.fromkeys(columns, "")
    return ManifestTable(file, columns, [blank | row for row in rows], pictures)


def _is_picture(table: "pa.Table", column: str) -> bool:
    import pyarrow as pa

    kind = table.schema.field(column).type
    return pa.types.is_struct(kind) and {part.name for part in kind} == _PICTURE


def _class_names(table: "pa.Table") -> dict[str, list[str]]:
    """Names of the class labels of each column, which `datasets` keeps beside the schema."""
    written = (table.schema.metadata or {}).get(b"huggingface")
    try:
        features: Any = json.loads(written)["info"]["features"] if written else {}
        return {
            column: list(feature["names"])
            for column, feature in features.items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}
