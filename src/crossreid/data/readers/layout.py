"""The tree of a public data set: what must be there, and reading its lists safely."""

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from crossreid.core.errors import DataError
from crossreid.core.items import PICTURE_ENDINGS

_REMEDY = "name the folder that holds them; docs/data-sets.md shows every layout"


def check_tree(root: Path, name: str, *parts: str) -> None:
    """Make sure that files, and folders (written with a slash at the end), are below `root`.

    Raises:
        DataError: names all that are missing.
    """
    if not root.is_dir():
        raise DataError(f"{root} is not a folder", expected=f"the folder of {name}")
    missing = [
        part
        for part in parts
        if not ((root / part).is_dir() if part.endswith("/") else (root / part).is_file())
    ]
    if missing:
        raise DataError(
            f"{root} lacks {', '.join(missing)}",
            expected=f"{', '.join(parts)}, as {name} comes",
            remedy=_REMEDY,
        )


def find_part(root: Path, name: str, *candidates: str) -> Path:
    """The first that is there of the names under which a file or folder (with a slash) is shipped.

    Raises:
        DataError: none is there; names them all.
    """
    for candidate in candidates:
        if (root / candidate).is_dir() if candidate.endswith("/") else (root / candidate).is_file():
            return root / candidate
    raise DataError(
        f"{root} lacks {' or '.join(candidates)}", expected=f"what {name} comes with", remedy=_REMEDY
    )


def check_folders(name: str, files: Iterable[Path]) -> None:
    """Make sure that the folders of listed files are there; the files themselves are not looked for.

    Raises:
        DataError: names the first missing folders, and how many listed files lie in missing ones.
    """
    counts: dict[Path, int] = {}
    for file in files:
        counts[file.parent] = counts.get(file.parent, 0) + 1
    missing = [folder for folder in counts if not folder.is_dir()]
    if missing:
        shown = ", ".join(map(str, missing[:3])) + (", ..." if len(missing) > 3 else "")
        raise DataError(
            f"{name} lists {sum(counts[folder] for folder in missing)} pictures in {len(missing)} folders"
            f" that are not there: {shown}",
            expected="every folder of pictures in its place",
        )


def inside(folder: Path, written: object, *, where: str) -> Path:
    """The file below `folder` that a list means.

    Raises:
        DataError: it is no path, is absolute, or leaves the folder.
    """
    if not isinstance(written, str) or not written or "\0" in written:
        raise DataError(f"{where}: {written!r}", expected="the path of a picture")
    normal = Path(os.path.normpath(written))
    if normal.is_absolute() or normal.parts[:1] in ((), (os.pardir,)):
        raise DataError(f"{where}: the path {written!r}", expected=f"a path inside {folder}")
    return folder / normal


def read_json(file: Path) -> Any:
    """Parse a file of JSON.

    Raises:
        DataError: it cannot be read.
    """
    try:
        return json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{file} cannot be read ({error})", expected="JSON in UTF-8") from error


def read_list(file: Path, *fields: type) -> list[tuple[Any, ...]]:
    """Read lines of fields between blanks; empty lines are skipped.

    Args:
        file: such as RegDB's `path label`.
        fields: type of each field.

    Raises:
        DataError: the file cannot be read or says nothing, or a line has other fields.
    """
    rows = []
    for number, line in enumerate(_read_text(file).splitlines(), start=1):
        words = line.split()
        if not words:
            continue
        try:
            rows.append(tuple(kind(word) for kind, word in zip(fields, words, strict=True)))
        except ValueError as error:
            raise DataError(
                f"{file}, line {number}: {line.strip()!r}",
                expected=" ".join("a number" if kind is int else "a path" for kind in fields),
            ) from error
    if not rows:
        raise DataError(f"{file} has no lines", expected="one a picture")
    return rows


def read_numbers(file: Path) -> list[int]:
    """Read numbers between commas, as SYSU-MM01 and LLCM list people; ascending.

    Raises:
        DataError: the file cannot be read, or holds anything else.
    """
    words = _read_text(file).replace(",", " ").split()
    if not words or not all(word.isascii() and word.isdigit() for word in words):
        raise DataError(f"{file} holds {' '.join(words)[:40]!r}", expected="numbers between commas")
    return sorted(set(map(int, words)))


def list_pictures(folder: Path, *, required: bool = True) -> list[Path]:
    """The pictures that lie directly in a folder, by name; hidden files are left out.

    Raises:
        DataError: there is no such folder, or no picture in it, and one is `required`.
    """
    try:
        names = [entry.name for entry in os.scandir(folder) if not entry.name.startswith(".")]
    except OSError as error:
        if not required:
            return []
        raise DataError(
            f"{folder} cannot be listed ({error.strerror})", expected="a folder of pictures"
        ) from error
    found = [folder / name for name in sorted(names) if Path(name).suffix.lower() in PICTURE_ENDINGS]
    if required and not found:
        raise DataError(
            f"{folder} holds no pictures", expected=f"files ending in {', '.join(PICTURE_ENDINGS)}"
        )
    return found


def check_keys(record: object, keys: Sequence[str], *, where: str) -> dict[str, Any]:
    """A JSON object that has the keys.

    Raises:
        DataError: it is none, or lacks some.
    """
    if not isinstance(record, dict):
        raise DataError(f"{where} is {type(record).__name__}", expected=f"an object with {', '.join(keys)}")
    missing = [key for key in keys if key not in record]
    if missing:
        raise DataError(f"{where} lacks {', '.join(missing)}", expected=f"the keys {', '.join(keys)}")
    return record


def _read_text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise DataError(f"{file} cannot be read ({error})", expected="a list in UTF-8") from error
