"""Any tree of pictures."""

import os
from collections.abc import Callable
from pathlib import Path, PurePath

from crossreid.core.errors import DataError
from crossreid.core.items import PICTURE_ENDINGS
from crossreid.core.modality import Modality
from crossreid.core.sample import UNKNOWN, Sample
from crossreid.data.dataset import Dataset

_MODALITY_FOLDERS = {
    "rgb": Modality.RGB, "ir": Modality.IR, "infrared": Modality.IR, "sketch": Modality.SKETCH,
}  # fmt: skip


def load_folder(root: str | Path) -> Dataset:
    """Read all JPEG, PNG, WebP and BMP files below `root` but the hidden ones, without opening them.

    A folder named rgb, ir, infrared or sketch tells the modality of what is below it (the innermost counts;
    `rgb` if there is none). The innermost other folder below `root` is the person's name;
    a picture in none is of nobody known.

    Raises:
        DataError: `root` is no folder, or no picture is in it.
    """
    root = Path(root)
    if not root.is_dir():
        raise DataError(f"{root} is not a folder", expected="a folder of pictures")
    files = sorted(find_pictures(root))
    if not files:
        raise DataError(f"{root} holds no pictures", expected=f"files ending in {', '.join(PICTURE_ENDINGS)}")
    people = [person_of(file) for file in files]
    labels = tuple(sorted(set(people) - {""}))
    person_ids = {label: person_id for person_id, label in enumerate(labels)}
    samples = tuple(
        Sample(modality_of(file), person_ids.get(person, UNKNOWN), path=root / file, item_id=file.as_posix())
        for file, person in zip(files, people, strict=True)
    )
    return Dataset(name=root.resolve().name, split="", samples=samples, labels=labels)


def find_pictures(root: Path, *, on_error: Callable[[OSError], object] | None = None) -> list[PurePath]:
    """Paths, relative to `root`, of the files whose names promise pictures; hidden ones are left out.

    Args:
        root: a folder. Links to folders are not followed.
        on_error: is told of folders that cannot be read.
    """
    found = []
    for folder, subfolders, names in os.walk(root, onerror=on_error):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        relative = PurePath(os.path.relpath(folder, root))
        shown = (name for name in names if not name.startswith("."))
        found += [relative / name for name in shown if PurePath(name).suffix.lower() in PICTURE_ENDINGS]
    return found


def modality_of(file: PurePath) -> Modality:
    """What the folders above a picture, relative to the root, say about its modality."""
    named = [_MODALITY_FOLDERS[part.lower()] for part in file.parts[:-1] if part.lower() in _MODALITY_FOLDERS]
    return named[-1] if named else Modality.RGB


def person_of(file: PurePath) -> str:
    """The person whom the folders above a picture, relative to the root, name; "" for none."""
    names = [part for part in file.parts[:-1] if part.lower() not in _MODALITY_FOLDERS]
    return names[-1] if names else ""
