"""ZIP archives from outside. Nothing of them is ever written to a disk, and no name in them is used as one."""

import csv
import hashlib
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import PurePosixPath

from crossreid.core.errors import DataError
from crossreid.core.items import PICTURE_ENDINGS
from crossreid.core.modality import VISUAL, Modality
from crossreid.core.wording import several
from crossreid.data.readers.folder import modality_of, person_of
from crossreid.gallery.item import GalleryItem
from crossreid.server.refusals import RefusalError
from crossreid.server.settings import Limits

MANIFEST = "manifest.csv"
_LONGEST_NAME = 400
_MOST_MANIFEST_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Member:
    """A picture in an archive: its name there, and what is known of it."""

    name: str
    item: GalleryItem


class Archive:
    """A ZIP whose head has been looked at: names, sizes and kinds are harmless.

    Args:
        data: the file.
        limits: how much it may hold.

    Raises:
        RefusalError: bad_archive, unsafe_name or archive_too_large.
    """

    def __init__(self, data: bytes, limits: Limits) -> None:
        self._limits = limits
        try:
            self._zip = zipfile.ZipFile(BytesIO(data))
            infos = self._zip.infolist()
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError) as error:
            raise _bad(f"no readable ZIP archive ({error})") from error
        files = [info for info in infos if not info.is_dir()]
        self._check(infos, files)
        self.members = list(self._members(files))
        if not self.members:
            raise _bad("an archive without pictures")

    def pictures(self, seen: int = 0) -> Iterator[tuple[Member, bytes | str]]:
        """The file of each picture behind the first `seen`, or why there is none."""
        left = self._limits.unpacked_bytes
        for member in self.members[seen:]:
            data = self._read(member.name, min(self._limits.picture_bytes, left))
            left -= len(data) if isinstance(data, bytes) else 0
            yield member, data

    def _check(self, infos: list[zipfile.ZipInfo], files: list[zipfile.ZipInfo]) -> None:
        if len(infos) > 2 * self._limits.archive_files or len(files) > self._limits.archive_files:
            raise RefusalError(
                "archive_too_large",
                several(len(infos), "entry", "entries"),
                expected=f"at most {self._limits.archive_files}",
            )
        if sum(info.file_size for info in files) > self._limits.unpacked_bytes:
            raise RefusalError(
                "archive_too_large",
                "more than may be unpacked",
                expected=f"at most {self._limits.unpacked_bytes} bytes",
                remedy="send several archives",
            )
        for info in infos:
            _check_name(info)
            if info.flag_bits & 1:
                raise _bad(f"{info.filename!r}, which is encrypted")
        names = [info.filename for info in files]
        if len(set(names)) < len(names):
            raise _bad("a name twice")

    def _members(self, files: list[zipfile.ZipInfo]) -> Iterator[Member]:
        names = {info.filename for info in files}
        if MANIFEST in names:
            yield from self._listed(names)
            return
        for name in sorted(names):
            path = PurePosixPath(name)
            if path.suffix.lower() in PICTURE_ENDINGS:
                yield Member(name, GalleryItem(path=name, person=person_of(path), modality=modality_of(path)))

    def _listed(self, names: set[str]) -> Iterator[Member]:
        data = self._read(MANIFEST, _MOST_MANIFEST_BYTES)
        try:
            written = data.decode("utf-8-sig") if isinstance(data, bytes) else ""
            rows = list(csv.DictReader(written.splitlines(), strict=True))
        except (UnicodeDecodeError, csv.Error) as error:
            raise _bad(f"{MANIFEST}, which is no CSV in UTF-8 ({error})") from error
        if not rows or "path" not in rows[0]:
            raise _bad(f"{MANIFEST} without rows or without a column path")
        for number, row in enumerate(rows, start=2):
            name = row.get("path") or ""
            if name not in names:
                raise _bad(f"{MANIFEST}, line {number}: {name[:100]!r} is not in the archive")
            try:
                yield Member(name, _item(name, row))
            except (ValueError, DataError) as error:
                raise _bad(f"{MANIFEST}, line {number}: {error}") from error

    def _read(self, name: str, most: int) -> bytes | str:
        """What is really there, whatever the head said of its size."""
        try:
            with self._zip.open(name) as stream:
                data = stream.read(most + 1)
        except Exception as error:  # a decompressor that is fed arbitrary bytes raises anything
            return f"damaged ({error})"
        return data if len(data) <= most else f"more than {most} bytes"


def keyed(member: Member, data: bytes) -> GalleryItem:
    """The item under a key of name and content: the same picture of the same archive is known the second time."""
    content = hashlib.sha256(data).hexdigest()
    key = f"{member.name}#{content[:16]}"
    return replace(member.item, path=key, size_bytes=len(data), content_hash=content)


def _check_name(info: zipfile.ZipInfo) -> None:
    name = info.orig_filename if "\0" in info.orig_filename else info.filename
    parts = name.rstrip("/").split("/")
    unsafe = (
        not name
        or len(name) > _LONGEST_NAME
        or not name.isprintable()
        or "\\" in name
        or ":" in parts[0]
        or any(part in ("", ".", "..") for part in parts)
        or stat.S_ISLNK(info.external_attr >> 16)
    )
    if unsafe:
        raise RefusalError(
            "unsafe_name",
            f"an entry named {name[:100]!r}",
            expected="relative names without .., links or drives",
        )


def _item(name: str, row: dict[str, str | None]) -> GalleryItem:
    given = {key: (value or "").strip() for key, value in row.items() if key}
    for key in ("person", "camera", "source", "track"):
        if len(given.get(key, "")) > 200 or not given.get(key, "").isprintable():
            raise ValueError(f"the {key} is too long or cannot be printed")
    modality = given.get("modality", "").lower() or "rgb"
    if modality not in VISUAL:
        raise ValueError(f"the modality {modality!r}")
    written = given.get("time", "")
    time = datetime.fromisoformat(written) if written else None
    if time is not None and time.tzinfo is None:
        time = time.replace(tzinfo=UTC)
    return GalleryItem(
        path=name,
        person=given.get("person", ""),
        camera=given.get("camera", ""),
        time=time,
        modality=Modality(modality),
        source=given.get("source", ""),
        track=given.get("track", ""),
    )


def _bad(found: str) -> RefusalError:
    return RefusalError("bad_archive", found, expected="a ZIP of pictures, perhaps with a manifest.csv")
