"""The one writer of a folder gallery."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import DataError, FingerprintError
from crossreid.gallery.item import GalleryItem
from crossreid.gallery.parts import Part
from crossreid.gallery.state import PARTS, State


class FolderWriter:
    """See `crossreid.gallery.gallery.GalleryWriter`; made by `FolderGallery.writing` only."""

    PART_ROWS = 65_536
    """Rows of a full part; smaller ones are joined when writing ends."""

    def __init__(self, folder: Path, state: State) -> None:
        self._folder, self._state = folder, state
        names = [int(file.name[:8]) for file in (folder / PARTS).glob("[0-9]*.parquet")]
        self._next = max(names, default=0) + 1

    def put(self, items: Collection[GalleryItem], embeddings: Embeddings) -> None:
        """See `GalleryWriter.put`."""
        if embeddings.fingerprint != self._state.encoder.fingerprint:
            raise FingerprintError(
                f"vectors of encoder {embeddings.fingerprint!r}", expected=self._state.encoder.fingerprint
            )
        if items:
            with disk_errors_named(self._folder):
                self._commit([*self._state.parts, self._write(Part.of(list(items), embeddings))])

    def relabel(self, items: Collection[GalleryItem]) -> None:
        """See `GalleryWriter.relabel`."""
        known = {item.path: item for item in items}
        if not known:
            return
        stored = self._load(self._state.parts)
        paths = stored.paths
        chosen = stored.select(
            np.array([row for row in last_of_each(paths) if paths[row] in known], np.int64)
        )
        self.put([known[path] for path in chosen.paths], chosen.embeddings)

    def remove(self, paths: Collection[str]) -> None:
        """See `GalleryWriter.remove`."""
        gone, names = set(paths), []
        with disk_errors_named(self._folder):
            for name in self._state.parts:
                part = self._load([name])
                kept = np.array([row for row, path in enumerate(part.paths) if path not in gone], np.int64)
                if len(kept) == len(part):
                    names.append(name)
                elif len(kept):
                    names.append(self._write(part.select(kept)))
            if names != list(self._state.parts):
                self._commit(names)

    def compact(self) -> None:
        """Drop replaced rows and join small parts; full parts in front, without replaced rows, stay."""
        parts = [self._load([name]) for name in self._state.parts]
        if not parts:
            return
        stored = Part.concatenate(parts)
        rows = last_of_each(stored.paths)
        done = 0
        while done < len(parts) and len(parts[done]) == self.PART_ROWS:
            start = done * self.PART_ROWS
            if not np.array_equal(
                rows[start : start + self.PART_ROWS], np.arange(start, start + self.PART_ROWS)
            ):
                break
            done += 1
        rest = rows[done * self.PART_ROWS :]
        if done >= len(parts) - 1 and len(rows) == len(stored):
            return
        with disk_errors_named(self._folder):
            pieces = [rest[start : start + self.PART_ROWS] for start in range(0, len(rest), self.PART_ROWS)]
            self._commit(
                [*self._state.parts[:done], *(self._write(stored.select(piece)) for piece in pieces)]
            )

    def _load(self, names: Sequence[str]) -> Part:
        return Part.concatenate([Part.load(self._folder / PARTS, name) for name in names])

    def _write(self, part: Part) -> str:
        name = f"{self._next:08d}"
        self._next += 1
        part.save(self._folder / PARTS, name)
        return name

    def _commit(self, names: list[str]) -> None:
        self._state = State(self._state.encoder, self._state.created, tuple(names))
        self._state.save(self._folder)
        for file in (self._folder / PARTS).iterdir():
            if file.name.partition(".")[0] not in names:
                file.unlink(missing_ok=True)


def last_of_each(paths: list[str]) -> np.ndarray:
    """Rows int64 of the last occurrence of each path, in the order of first occurrence."""
    last = {path: row for row, path in enumerate(paths)}
    return np.fromiter(last.values(), np.int64, len(last))


@contextmanager
def disk_errors_named(folder: Path) -> Iterator[None]:
    """Turn a full or forbidden disk into a `DataError` that names the folder."""
    try:
        yield
    except OSError as error:
        raise DataError(
            f"{folder} cannot be written ({error.strerror or error})",
            expected="a folder with room that you may write",
        ) from error
