"""A table of rows in a CSV or Parquet file."""

import csv
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from crossreid.core.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

Row = dict[str, str]


def find_table(path: Path) -> Path:
    """The file itself, or the manifest in a folder.

    Raises:
        DataError: there is none.
    """
    candidates = [path / "manifest.csv", path / "manifest.parquet"] if path.is_dir() else [path]
    for candidate in candidates:
        if candidate.suffix.lower() in (".csv", ".parquet") and candidate.is_file():
            return candidate
    raise DataError(
        f"no manifest at {path}", expected="a .csv or .parquet file, or a folder with a manifest.csv"
    )


def read_table(file: Path) -> tuple[Sequence[str], list[Row]]:
    """Names of the columns, and the rows; an empty field is "".

    Raises:
        DataError: the file cannot be read, or a row has too many or too few fields.
    """
    return _read_parquet(file) if file.suffix.lower() == ".parquet" else _read_csv(file)


def resolve_path(folder: Path, written: str) -> Path:
    """The file that a table in `folder` means.

    Raises:
        DataError: a relative path leaves the folder.
    """
    if Path(written).is_absolute():
        return Path(written)
    inside = Path(os.path.normpath(written))
    if inside.parts[:1] == (os.pardir,):
        raise DataError(
            f"the path {written!r} leaves the manifest's folder",
            expected="a path inside it",
            remedy="write an absolute path if that is meant",
        )
    return folder / inside


def _read_csv(file: Path) -> tuple[Sequence[str], list[Row]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            columns, rows = reader.fieldnames or (), list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            f"{file} cannot be read ({error})", expected="comma-separated values in UTF-8"
        ) from error
    for number, row in enumerate(rows, start=1):
        if None in row or None in row.values():
            raise DataError(
                f"{file}, row {number} has too {'many' if None in row else 'few'} fields",
                expected=f"{len(columns)} as in the header",
                remedy="quote captions that hold commas",
            )
    return columns, rows


def open_parquet(file: Path) -> "pa.Table":
    """The columns of a Parquet file.

    Raises:
        DataError: it cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(file).read()
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{file} cannot be read ({error})", expected="a Parquet file") from error


def _read_parquet(file: Path) -> tuple[Sequence[str], list[Row]]:
    table = open_parquet(file)
    rows = [
        {name: "" if value is None else str(value) for name, value in row.items()}
        for row in table.to_pylist()
    ]
    return table.column_names, rows
