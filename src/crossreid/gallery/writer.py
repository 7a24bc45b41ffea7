"""The one writer of a folder gallery."""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import DataError, FingerprintError
from crossreid.gallery.item import GalleryItem
from crossreid.gallery.parts import Part, flush_to_disk
from crossreid.gallery.records import check_fit, key_hash
from crossreid.gallery.state import CROPS, PARTS, State


class FolderWriter:
    """See `crossreid.gallery.gallery.GalleryWriter`; made by `FolderGallery.writing` only."""

    PART_ROWS = 65_536
    """Rows of a full part; smaller ones are joined when writing ends."""

    def __init__(self, folder: Path, state: State) -> None:
        self.folder, self.state = folder, state
        names = [int(file.name[:8]) for file in (folder / PARTS).glob("[0-9]*")]
        self._next = max(names, default=0) + 1

    def put(self, items: Collection[GalleryItem], embeddings: Embeddings) -> None:
        """See `GalleryWriter.put`."""
        self.check_space(embeddings)
        if items:
            with disk_errors_named(self.folder):
                name = self.write(Part.of(list(items), embeddings))
                self.commit(
                    parts=(*self.state.parts, name),
                    rotation=embeddings.rotation,
                    dim=embeddings.dim,
                    coming=self._without({item.path for item in items}),
                )

    def check_space(self, embeddings: Embeddings) -> None:
        """Refuse vectors that do not belong to those that are there.

        Raises:
            FingerprintError: they are of another encoder, width or rotation.
        """
        if embeddings.fingerprint != self.state.encoder.fingerprint:
            raise FingerprintError(
                f"vectors of encoder {embeddings.fingerprint!r}", expected=self.state.encoder.fingerprint
            )
        given, stored = (embeddings.dim, embeddings.rotation), (self.state.dim, self.state.rotation)
        if self.state.parts and self.state.dim and given != stored:
            raise FingerprintError(
                f"vectors of width {given[0]} and rotation {given[1]!r}",
                expected=f"width {stored[0]} and rotation {stored[1]!r}",
            )

    def relabel(self, items: Collection[GalleryItem]) -> None:
        """See `GalleryWriter.relabel`."""
        known = {item.path: item for item in items}
        if not known or not self.state.parts:
            return
        stored = self.load(self.state.parts)
        paths = stored.paths
        rows = [row for row in last_of_each(paths) if paths[row] in known]
        if rows:
            with disk_errors_named(self.folder):
                name = self.write(stored.select(np.array(rows, np.int64)).relabelled(known))
                self.commit(parts=(*self.state.parts, name))

    def remove(self, paths: Collection[str]) -> None:
        """See `GalleryWriter.remove`."""
        gone = set(paths)
        with disk_errors_named(self.folder):
            kept = self.without(self.state.parts, gone)
            if kept != self.state.parts:
                self.commit(parts=kept, coming=self._without(gone))
            self.remove_crops(gone)

    def without(self, names: Sequence[str], gone: set[str]) -> tuple[str, ...]:
        """The same parts without some items; those that lose none are the same files."""
        left = []
        for name in names:
            part = self.load([name])
            kept = np.array([row for row, path in enumerate(part.paths) if path not in gone], np.int64)
            if len(kept) == len(part):
                left.append(name)
            elif len(kept):
                left.append(self.write(part.select(kept)))
        return tuple(left)

    def compact(self) -> None:
        """Drop replaced rows and join small parts; full parts in front, without replaced rows, stay."""
        with disk_errors_named(self.folder):
            joined = self._joined(self.state.parts)
            if joined != self.state.parts:
                self.commit(parts=joined)

    def _joined(self, names: tuple[str, ...]) -> tuple[str, ...]:
        parts = [self.load([name]) for name in names]
        if not parts:
            return names
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
            return names
        pieces = [rest[start : start + self.PART_ROWS] for start in range(0, len(rest), self.PART_ROWS)]
        return (*names[:done], *(self.write(stored.select(piece)) for piece in pieces))

    def add_crops(self, crops: Mapping[str, bytes]) -> None:
        """Write pictures; they count once their items are committed."""
        if crops:
            (self.folder / CROPS).mkdir(exist_ok=True)
        for key, picture in crops.items():
            file = crop_file(self.folder, key)
            partial = file.with_name(f".{file.name}.{os.getpid()}")
            partial.write_bytes(picture)
            flush_to_disk(partial)
            partial.replace(file)
        if crops:
            flush_to_disk(self.folder / CROPS)

    def remove_crops(self, keys: Collection[str]) -> int:
        """Remove the pictures of items. Returns of how many there was one."""
        files = [file for key in keys if (file := crop_file(self.folder, key)).exists()]
        for file in files:
            file.unlink(missing_ok=True)
        if files:
            flush_to_disk(self.folder / CROPS)
        return len(files)

    def remove_strange_crops(self, paths: Collection[str]) -> None:
        """Remove pictures of what is not there: a kill came between them and their items."""
        if (self.folder / CROPS).is_dir():
            known = {key_hash(path) for path in paths}
            for file in (self.folder / CROPS).iterdir():
                if file.name not in known:
                    file.unlink(missing_ok=True)

    def load(self, names: Sequence[str]) -> Part:
        """Read parts as one."""
        return Part.concatenate([Part.load(self.folder / PARTS, name) for name in names])

    def write(self, part: Part) -> str:
        """Write a part; it counts once its name is committed. Returns the name."""
        name = self.new_name()
        part.save(self.folder / PARTS, name)
        return name

    def new_name(self) -> str:
        """One that no file in the folder of parts bears."""
        name = f"{self._next:08d}"
        self._next += 1
        return name

    def commit(self, **changes: Any) -> None:
        """Exchange the state, in one step; then remove files that do not count any more."""
        self.state = replace(self.state, **changes)
        self.state.save(self.folder)
        names = self.state.files
        for file in (self.folder / PARTS).iterdir():
            if file.name.partition(".")[0] not in names:
                file.unlink(missing_ok=True)

    def _without(self, paths: set[str]) -> Any:
        """The coming encoder, without its vectors of items that are new now."""
        coming = self.state.coming
        return replace(coming, parts=self.without(coming.parts, paths)) if coming else None


def check_items(
    items: Sequence[GalleryItem], embeddings: Embeddings, crops: Mapping[str, bytes] | None
) -> None:
    """Refuse items that cannot be enrolled together.

    Raises:
        DataError: keys come twice, there is not one vector an item, or a crop belongs to no item.
    """
    check_fit(items, embeddings)
    keys = {item.key for item in items}
    if len(keys) < len(items):
        raise DataError(f"{len(items)} items with {len(keys)} different keys", expected="one key an item")
    foreign = (crops or {}).keys() - keys
    if foreign:
        raise DataError(f"a crop of {min(foreign)!r}", expected="crops of these items only")


def last_of_each(paths: list[str]) -> np.ndarray:
    """Rows int64 of the last occurrence of each path, in the order of first occurrence."""
    last = {path: row for row, path in enumerate(paths)}
    return np.fromiter(last.values(), np.int64, len(last))


def crop_file(folder: Path, key: str) -> Path:
    """Where the picture of an item lies."""
    return folder / CROPS / key_hash(key)


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
