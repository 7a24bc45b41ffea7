"""Work that is done once: a folder says what it holds, and is made anew when something else is wanted."""

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from crossreid.core.errors import DataError
from crossreid.data.dataset import Dataset
from crossreid.training.record import write_record

_RECORD, _CLAIM = "record.json", "claim.json"
_DIGITS = 16
_MODEL_FILES = ("*.safetensors", "*.bin", "*.pt", "*.pth", "*.json", "*.txt")
_NOT_OF_THE_MODEL = ("calibration.json", "run.json")


def do_once(
    folder: Path,
    claim: Mapping[str, Any],
    make: Callable[[Path], Mapping[str, Any]],
    *,
    say: Callable[[str], None],
    what: str,
) -> dict[str, Any]:
    """The results of a piece of work, found in its folder or made there.

    An interrupted piece is called again with its folder as it was left. A folder of another claim (other settings,
    other weights behind it) is emptied first.

    Args:
        folder: of this piece alone.
        claim: everything that the results depend on, as JSON holds it.
        make: does the work in the folder and returns its results, as JSON holds them.
        say: is told what is done, and why again.
        what: the piece in words.

    Raises:
        DataError: the folder holds something that was not made here.
    """
    wanted = json.loads(json.dumps(claim))
    record = _read(folder / _RECORD)
    if record is not None and record["configuration"] == wanted:
        return record["results"]
    begun = _read(folder / _CLAIM)
    if begun != wanted:
        if begun is not None or record is not None:
            say(f"{what}: settings, data or weights are not those of {folder}; made anew")
            shutil.rmtree(folder)
        elif folder.exists() and any(folder.iterdir()):
            raise DataError(
                f"{folder}, which holds other things",
                expected="an empty folder",
                remedy="name another --out",
            )
    say(what)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _CLAIM).write_text(json.dumps(wanted, indent=1) + "\n", encoding="utf-8")
    results = dict(make(folder))
    partial = folder / f"{_RECORD}.partial"
    write_record(partial, wanted, seed=int(wanted.get("seed", 0)), results=results)
    partial.replace(folder / _RECORD)
    return json.loads(json.dumps(results))


def weights_signature(model: Path) -> str:
    """Sixteen hexadecimal digits over the files that a model is read from; those of a card or a log do not count."""
    files = (
        [model] if model.is_file() else sorted({file for kind in _MODEL_FILES for file in model.glob(kind)})
    )
    digest = hashlib.sha256()
    for file in files:
        if file.name not in _NOT_OF_THE_MODEL:
            with file.open("rb") as content:
                digest.update(file.name.encode() + hashlib.file_digest(content, "sha256").digest())
    return digest.hexdigest()[:_DIGITS]


def data_signature(dataset: Dataset) -> str:
    """Sixteen hexadecimal digits over the items, their people and their words."""
    lines = (f"{one.item_id}\t{one.person_id}\t{one.caption or ''}\n" for one in dataset.samples)
    return hashlib.sha256("".join(lines).encode()).hexdigest()[:_DIGITS]


def _read(path: Path) -> Any:
    """None where the file is missing or was cut off."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
