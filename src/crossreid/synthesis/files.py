"""Pictures and tables on disk that are there whole or not at all."""

import csv
import io
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from crossreid.core.errors import DataError


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file in one rename; a kill at any moment leaves the old one, or a hidden `.part` beside it."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def encode_jpeg(image: np.ndarray, *, quality: int) -> bytes:
    """A picture, uint8 [height, width, 3], as JPEG."""
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, format="JPEG", quality=quality)
    return stream.getvalue()


def encode_png(image: np.ndarray) -> bytes:
    """A picture, uint8 [height, width, 3], as PNG."""
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, format="PNG")
    return stream.getvalue()


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> None:
    """Write a CSV file; keys of a row that are no columns are left out."""
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomically(path, stream.getvalue().encode())


def claim_folder(folder: Path, name: str, parameters: Mapping[str, object]) -> None:
    """Write `name`.json into a folder that is about to be filled, or make sure that the one there says the same.

    Args:
        folder: made if need be.
        name: of what fills it, such as "world".
        parameters: all that its content depends on, as JSON holds it.

    Raises:
        DataError: the folder holds something else.
    """
    record = folder / f"{name}.json"
    if record.exists():
        try:
            found = json.loads(record.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise DataError(
                f"{record} cannot be read ({error})", expected="JSON", remedy="take another folder"
            ) from error
        if found != parameters:
            raise DataError(
                f"{folder} holds another {name}, {found}",
                expected=str(dict(parameters)),
                remedy="take another folder",
            )
    elif (folder / "manifest.csv").exists():
        raise DataError(
            f"{folder} holds another data set", expected="an empty folder", remedy="take another folder"
        )
    else:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(record, json.dumps(parameters, indent=2).encode())
