"""A table of images and captions, as CSV, Parquet or saved by `datasets`: one's own, or one that the program wrote."""

from difflib import get_close_matches
from pathlib import Path

from crossreid.core.errors import DataError
from crossreid.core.modality import Modality
from crossreid.core.sample import UNKNOWN, Sample
from crossreid.data.dataset import Dataset
from crossreid.data.images import decode_image
from crossreid.data.readers.manifest_arrow import ManifestTable, read_manifest
from crossreid.data.readers.table import resolve_path

COLUMNS = ("path", "caption", "modality", "person", "camera", "source", "split", "time", "attributes")


def load_manifest(path: str | Path, *, split: str | None = None, check: bool = False) -> Dataset:
    """Read a manifest: one row an image (`path`) or a caption (`caption`), with its `modality`.

    Optional columns: `person` and `camera` (any names; empty: unknown), `source` (key of the RGB image that
    the row was made from), `split`, `time`; and `path`, where all rows are captions. Relative paths are taken from the
    manifest's folder and may not leave it; absolute ones are as given. Images are not opened, but those that the table
    itself holds, as those of the library `datasets` do: they are decoded and stay in memory.

    Args:
        path: a .csv or .parquet file, a folder that holds a manifest.csv or manifest.parquet, or one that the library
            `datasets` wrote by `save_to_disk`.
        split: keep only the rows of this split.
        check: also make sure that every image file is there.

    Raises:
        DataError: a missing or misspelt column, a row that says something impossible, no rows, or (with
            `check`) a missing file; with the row's number, counted from 1 below the header.
    """
    table = read_manifest(Path(path))
    file, columns, rows = table.file, table.columns, table.rows
    _check_columns(table, split)
    numbered = [
        (number, row) for number, row in enumerate(rows, start=1) if split in (None, row.get("split"))
    ]
    if not numbered:
        splits = ", ".join(sorted({row.get("split", "") for row in rows} - {""}))
        raise DataError(
            f"{file} has no rows" + (f" of the split {split!r}" if split else ""),
            expected=splits and f"a split of {splits}",
        )
    labels = sorted({row["person"] for _, row in numbered if row.get("person")})
    person_ids = {label: person_id for person_id, label in enumerate(labels)}
    camera_ids = _number_cameras({row.get("camera", "") for row in rows} - {""})
    samples = tuple(_to_sample(table, number, person_ids, camera_ids) for number, _ in numbered)
    if check:
        _check_files(file, samples)
    times = tuple(row["time"] for _, row in numbered) if "time" in columns else ()
    splits = tuple(row["split"] for _, row in numbered) if "split" in columns else ()
    return Dataset(
        name=file.parent.name,
        split=split or "",
        samples=samples,
        labels=tuple(labels),
        times=times,
        splits=splits,
    )


def _check_columns(table: ManifestTable, split: str | None) -> None:
    file, columns = table.file, table.columns
    absent = [name for name in COLUMNS if name not in columns]
    for column in set(columns) - set(COLUMNS):
        meant = get_close_matches(column.lower(), absent, n=1, cutoff=0.8)
        if meant:
            raise DataError(
                f"{file} has a column {column!r}", expected=repr(meant[0]), remedy="rename the column"
            )
    content = "caption" if "path" in absent and _is_of_captions(table) else "path"
    needed = (content, "modality", *(["split"] if split is not None else []))
    missing = [name for name in needed if name in absent]
    if missing:
        raise DataError(
            f"{file} lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}",
            expected=f"a header with some of {', '.join(COLUMNS)}",
        )


def _is_of_captions(table: ManifestTable) -> bool:
    return "modality" in table.columns and all(
        row["modality"].strip().lower() == Modality.TEXT for row in table.rows
    )


def _number_cameras(names: set[str]) -> dict[str, int]:
    """Cameras that are numbers keep them; other names are numbered in their order."""
    if all(name.isascii() and name.isdigit() for name in names):
        return {name: int(name) for name in names}
    return {name: camera_id for camera_id, name in enumerate(sorted(names))}


def _to_sample(
    table: ManifestTable, number: int, person_ids: dict[str, int], camera_ids: dict[str, int]
) -> Sample:
    row, content = table.rows[number - 1], table.pictures.get(number - 1)
    where = f"{table.file}, row {number}"
    try:
        modality = Modality(row["modality"].strip().lower())
    except ValueError as error:
        known = ", ".join(Modality)
        raise DataError(
            f"{where}: unknown modality {row['modality']!r}", expected=f"one of {known}"
        ) from error
    written, caption = row.get("path", ""), row.get("caption", "")
    try:
        return Sample(
            modality=modality,
            person_id=person_ids.get(row.get("person", ""), UNKNOWN),
            path=resolve_path(table.file.parent, written) if written else None,
            caption=caption or None,
            image=decode_image(content) if content and not written else None,
            camera_id=camera_ids.get(row.get("camera", ""), UNKNOWN),
            source_id=row.get("source", ""),
            item_id=written or f"{'picture' if content else 'caption'}:{number}",
        )
    except DataError as error:
        raise DataError(f"{where}: {error.found}", expected=error.expected, remedy=error.remedy) from error


def _check_files(file: Path, samples: tuple[Sample, ...]) -> None:
    missing = [str(sample.path) for sample in samples if sample.path and not sample.path.is_file()]
    if missing:
        raise DataError(
            f"{file} names {len(missing)} files that are not there: {', '.join(missing[:3])}"
            + (", ..." if len(missing) > 3 else ""),
            expected="every image in its place",
        )
