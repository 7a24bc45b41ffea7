"""The pictures that a folder or a manifest offers to a gallery; none is opened."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from crossreid.core.errors import DataError
from crossreid.core.modality import VISUAL, Modality
from crossreid.data.readers.folder import find_pictures, modality_of, person_of
from crossreid.data.readers.table import Row, find_table, read_table, resolve_path
from crossreid.gallery.item import GalleryItem

Skipped = tuple[str, str]
"""The path of a file (or row of a manifest), and why it was left out."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What is there to be enrolled.

    Args:
        root: the folder or manifest, absolute.
        items: with the size and modification time of each file, in a stable order; without content hashes.
        skipped: what cannot be enrolled, as far as can be told without opening it.
    """

    root: Path
    items: tuple[GalleryItem, ...]
    skipped: tuple[Skipped, ...]


def list_pictures(source: str | Path) -> Listing:
    """List a tree of pictures, or the rows of a CSV or Parquet manifest.

    In a tree, folders tell person and modality as in `crossreid.data.readers.folder`. A manifest needs the column
    `path` only; `person`, `camera`, `time` (ISO 8601, UTC unless it says otherwise), `modality` and `source` are
    read where they exist. Captions, rows without a path, are no pictures and are passed over.

    Raises:
        DataError: there is nothing at `source`, or the manifest cannot be read.
    """
    try:
        root = Path(source).resolve(strict=True)
    except (OSError, RuntimeError) as error:  # RuntimeError: a link that points to itself
        raise DataError(
            f"nothing at {source} ({getattr(error, 'strerror', None) or error})",
            expected="a folder of pictures, or a CSV or Parquet manifest",
        ) from error
    items: dict[str, GalleryItem] = {}
    skipped: list[Skipped] = []
    for where, found in _tree(root) if root.is_dir() else _manifest(find_table(root)):
        if isinstance(found, str):
            skipped.append((where, found))
        elif found.path in items:
            skipped.append((where, f"{found.path} is listed twice"))
        else:
            items[found.path] = found
    return Listing(root=root, items=tuple(items.values()), skipped=tuple(skipped))


def _tree(root: Path) -> Iterator[tuple[str, GalleryItem | str]]:
    """Where each picture was found, and the picture or why it is skipped."""
    closed: list[OSError] = []
    for file in sorted(find_pictures(root, on_error=closed.append)):
        path = root / file
        yield str(path), _item(path, root, person=person_of(file), modality=modality_of(file))
    for error in closed:
        yield str(error.filename), f"the folder cannot be read ({error.strerror})"


def _manifest(file: Path) -> Iterator[tuple[str, GalleryItem | str]]:
    columns, rows = read_table(file)
    if "path" not in columns:
        raise DataError(
            f"{file} has the columns {', '.join(columns) or 'none'}",
            expected="a column path, and optionally person, camera, time, modality, source",
        )
    for number, row in enumerate(rows, start=1):
        if row["path"]:
            try:
                yield f"{file}, row {number}", _row_item(file, row)
            except DataError as error:
                yield f"{file}, row {number}", str(error)


def _row_item(file: Path, row: Row) -> GalleryItem | str:
    modality = row.get("modality", "").strip().lower() or Modality.RGB
    if modality not in VISUAL:
        raise DataError(f"the modality {modality!r} of a picture", expected="one of rgb, ir, sketch")
    return _item(
        resolve_path(file.parent, row["path"]),
        file,
        person=row.get("person", "").strip(),
        camera=row.get("camera", "").strip(),
        time=_time(row.get("time", "").strip()),
        modality=Modality(modality),
        source=row.get("source", ""),
    )


def _item(
    path: Path,
    root: Path,
    *,
    person: str,
    camera: str = "",
    time: datetime | None = None,
    modality: Modality,
    source: str = "",
) -> GalleryItem | str:
    absolute = os.path.normpath(path)
    try:
        absolute.encode()
        status = path.stat()
    except UnicodeEncodeError:
        return "the name is not valid UTF-8: rename the file"
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        return f"cannot be read ({getattr(error, 'strerror', None) or error})"
    return GalleryItem(
        path=absolute,
        root=str(root),
        person=person,
        camera=camera,
        time=time,
        modality=modality,
        source=source,
        size_bytes=status.st_size,
        modified_ns=status.st_mtime_ns,
    )


def _time(written: str) -> datetime | None:
    if not written:
        return None
    try:
        time = datetime.fromisoformat(written)
        return (time.replace(tzinfo=UTC) if time.tzinfo is None else time).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise DataError(
            f"the time {written!r}", expected="ISO 8601, such as 2025-03-01T14:30:00+01:00"
        ) from error
