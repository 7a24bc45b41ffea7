"""What a process does with some pictures of an expansion."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from crossreid.core.errors import DataError
from crossreid.data.images import decode_image, read_file
from crossreid.synthesis.expansion_plan import Work
from crossreid.synthesis.expansion_recipes import Recipe, seed_of
from crossreid.synthesis.files import encode_jpeg, encode_png, write_atomically

_QUALITY = 95  # of JPEG
_SMALLEST = 16  # pixels


@dataclass(frozen=True, slots=True)
class Task:
    """Pictures that are decoded together, and translated as one batch."""

    folder: Path
    works: tuple[Work, ...]
    recipes: tuple[Recipe, ...]
    seed: int


@dataclass(frozen=True, slots=True)
class Done:
    """How many files were written, and which pictures could not be used: item -> why."""

    new: int
    skipped: dict[str, str]


def expand_pictures(task: Task) -> Done:
    """Write the files of a task that are not there yet."""
    missing = [work for work in task.works if any(_absent(task, name) for name in work.outputs)]
    if not missing:
        return Done(0, {})
    learned = any(recipe.weights for recipe in task.recipes)
    with _one_core():
        # What a network takes as a batch is always the same, so that a resumed run gives the same digits.
        photos, skipped = _decode(task.works if learned else missing)
        works = [work for work in task.works if work.item_id in photos]
        new = sum(_copy(task, work) for work in works)
        new += sum(_make(task, recipe, works, photos) for recipe in task.recipes)
    return Done(new, skipped)


def _decode(works: Iterable[Work]) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    photos: dict[str, np.ndarray] = {}
    skipped: dict[str, str] = {}
    for work in works:
        if not work.outputs:
            continue
        try:
            photos[work.item_id] = _open(work)
        except DataError as error:
            skipped[work.item_id] = error.found
    return photos, skipped


def _open(work: Work) -> np.ndarray:
    photo = decode_image(work.path) if work.path is not None else work.image
    assert photo is not None, "a sample that is no caption has an image or a path"
    height, width = photo.shape[:2]
    if min(height, width) < _SMALLEST:
        raise DataError(f"{work.item_id}: {width} x {height} pixels", expected=f"{_SMALLEST} at least")
    return photo


def _copy(task: Task, work: Work) -> int:
    if not work.copy or not _absent(task, work.copy):
        return 0
    if work.path is not None:
        content = read_file(work.path)
    else:
        assert work.image is not None, "a picture without a file is in memory"
        content = encode_png(work.image)
    _write(task, work.copy, content)
    return 1


def _make(task: Task, recipe: Recipe, works: list[Work], photos: dict[str, np.ndarray]) -> int:
    due = [work for work in works if recipe.modality in work.made]
    absent = [_absent(task, work.made[recipe.modality]) for work in due]
    if not any(absent):
        return 0
    pictures = recipe.make(
        [photos[work.item_id] for work in due], [seed_of(work.item_id, task.seed) for work in due]
    )
    for work, picture, wanted in zip(due, pictures, absent, strict=True):
        if wanted:
            _write(task, work.made[recipe.modality], encode_jpeg(picture, quality=_QUALITY))
    return sum(absent)


def _absent(task: Task, name: str) -> bool:
    return not (task.folder / name).exists()


def _write(task: Task, name: str, content: bytes) -> None:
    path = task.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, content)


@contextmanager
def _one_core() -> Iterator[None]:
    """OpenCV leaves the other cores to the other processes."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)
