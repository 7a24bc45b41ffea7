"""Opens every picture once, in several processes."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np

from crossreid.core.errors import DataError
from crossreid.data.images import decode_image
from crossreid.data.validation.appearance import THUMBNAIL, appearance

_CHUNK = 128
_ENOUGH = (64, 64)
"""Height and width, in pixels, to which JPEG may be shrunk while it is decoded."""


@dataclass(frozen=True, eq=False)
class Scan:
    """What was seen of a list of pictures.

    Args:
        codes: uint64 [n], perceptual hashes; 0 where unreadable.
        thumbnails: uint8 [n, 128].
        blank: bool [n], pictures of one tone.
        errors: row -> why the picture cannot be read.
    """

    codes: np.ndarray
    thumbnails: np.ndarray
    blank: np.ndarray
    errors: dict[int, str]

    @property
    def comparable(self) -> np.ndarray:
        """Bool [n]: readable, and not of one tone."""
        readable = np.ones(len(self.codes), dtype=bool)
        readable[list(self.errors)] = False
        return readable & ~self.blank


def scan_pictures(paths: Sequence[Path], *, workers: int, progress: bool) -> Scan:
    """Decode pictures and keep their hashes and thumbnails.

    Args:
        paths: of the pictures.
        workers: processes; 1 works in this one.
        progress: draw a progress bar on standard error.
    """
    from rich.console import Console
    from rich.progress import Progress

    chunks = [paths[start : start + _CHUNK] for start in range(0, len(paths), _CHUNK)]
    parts: list[Scan] = []
    with Progress(console=Console(stderr=True), disable=not progress) as bar:
        task = bar.add_task("Opening pictures", total=len(paths))
        for part in _run(chunks, min(workers, len(chunks))):
            bar.advance(task, len(part.codes))
            parts.append(part)
    return _join(parts)


def _run(chunks: list[Sequence[Path]], workers: int) -> Iterator[Scan]:
    if workers <= 1:
        yield from map(_scan_chunk, chunks)
        return
    # Spawned, not forked: the caller may hold threads.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_use_one_core) as pool:
        try:
            yield from pool.map(_scan_chunk, chunks)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _use_one_core() -> None:
    cv2.setNumThreads(1)


def _scan_chunk(paths: Sequence[Path]) -> Scan:
    codes = np.zeros(len(paths), np.uint64)
    thumbnails = np.zeros((len(paths), THUMBNAIL[0] * THUMBNAIL[1]), np.uint8)
    blank = np.zeros(len(paths), dtype=bool)
    errors = {}
    for row, path in enumerate(paths):
        try:
            seen = appearance(decode_image(path, size_hint=_ENOUGH))
        except DataError as error:
            errors[row] = error.found
            continue
        codes[row], thumbnails[row], blank[row] = seen.code, seen.thumbnail, seen.blank
    return Scan(codes, thumbnails, blank, errors)


def _join(parts: list[Scan]) -> Scan:
    starts = np.cumsum([0, *(len(part.codes) for part in parts)])
    return Scan(
        codes=np.concatenate([np.zeros(0, np.uint64), *(part.codes for part in parts)]),
        thumbnails=np.concatenate(
            [np.zeros((0, THUMBNAIL[0] * THUMBNAIL[1]), np.uint8), *(part.thumbnails for part in parts)]
        ),
        blank=np.concatenate([np.zeros(0, dtype=bool), *(part.blank for part in parts)]),
        errors={
            int(start) + row: error
            for start, part in zip(starts, parts, strict=False)
            for row, error in part.errors.items()
        },
    )
