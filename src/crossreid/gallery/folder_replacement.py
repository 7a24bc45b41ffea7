"""Another encoder for a folder gallery, beside the one that is searched."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import DataError, FingerprintError
from crossreid.core.wording import several
from crossreid.evaluation.calibration_file import CALIBRATIONS
from crossreid.gallery.item import GalleryItem
from crossreid.gallery.parts import Part
from crossreid.gallery.records import EncoderRecord, check_fit
from crossreid.gallery.state import Coming
from crossreid.gallery.writer import FolderWriter, disk_errors_named, last_of_each

if TYPE_CHECKING:
    from crossreid.gallery.folder import FolderGallery


class FolderReplacement:
    """See `crossreid.gallery.gallery.Replacement`; made by `FolderGallery.replacement` only."""

    def __init__(self, gallery: "FolderGallery", encoder: EncoderRecord) -> None:
        self._gallery, self._encoder = gallery, encoder

    def begin(self) -> None:
        """Note that the encoder is coming, or see that it is the one that was noted."""
        with self._gallery.changing() as writer:
            check_replacement(
                self._encoder,
                writer.state.encoder,
                writer.state.coming.encoder if writer.state.coming else None,
            )
            if writer.state.coming is None:
                writer.commit(coming=Coming(self._encoder))

    def pending(self, limit: int) -> tuple[GalleryItem, ...]:
        """See `Replacement.pending`."""
        with self._gallery.changing() as writer:
            present, done = _current(writer), set(_paths(writer, self._coming(writer).parts))
            rows = [row for row, path in enumerate(present.paths) if path not in done][:limit]
            return present.select(np.array(rows, np.int64)).items()

    def put(self, items: Sequence[GalleryItem], embeddings: Embeddings) -> None:
        """See `Replacement.put`."""
        check_fit(items, embeddings)
        with self._gallery.changing() as writer:
            coming = self._coming(writer)
            if embeddings.fingerprint != self._encoder.fingerprint:
                raise FingerprintError(
                    f"vectors of encoder {embeddings.fingerprint!r}", expected=self._encoder.fingerprint
                )
            if coming.parts:
                writer.load(coming.parts[:1]).embeddings.check_comparable(embeddings)
            known = set(_current(writer).paths)
            rows = [row for row, item in enumerate(items) if item.path in known]
            if rows:
                part = Part.of([items[row] for row in rows], embeddings.select(np.array(rows)))
                with disk_errors_named(writer.folder):
                    name = writer.write(part)
                    writer.commit(coming=replace(coming, parts=(*coming.parts, name)))

    def finish(self) -> None:
        """See `Replacement.finish`."""
        with self._gallery.changing() as writer:
            coming, present = self._coming(writer), _current(writer)
            missing = set(present.paths) - set(_paths(writer, coming.parts))
            if missing:
                raise DataError(
                    f"{several(len(missing), 'item')} without a vector of {self._encoder.fingerprint!r}",
                    expected="none",
                    remedy="put vectors of all that is pending, or erase them",
                )
            name, vectors = _reordered(writer, coming, present)
            writer.commit(
                encoder=coming.encoder,
                parts=(name,) if name else (),
                rotation=vectors.rotation if vectors else "",
                dim=vectors.dim if vectors else 0,
                coming=None,
                index=None,
            )
            (writer.folder / CALIBRATIONS).unlink(missing_ok=True)

    def abandon(self) -> None:
        """See `Replacement.abandon`."""
        with self._gallery.changing() as writer:
            self._coming(writer)
            writer.commit(coming=None)

    def _coming(self, writer: FolderWriter) -> Coming:
        coming = writer.state.coming
        if coming is None or coming.encoder.fingerprint != self._encoder.fingerprint:
            raise DataError(
                f"no replacement by {self._encoder.fingerprint!r}", expected="one that has been begun"
            )
        return coming


def check_replacement(
    new: EncoderRecord, current: EncoderRecord | None, coming: EncoderRecord | None
) -> None:
    """Refuse a replacement that makes no sense.

    Raises:
        FingerprintError: the encoder is the current one, or another one is coming already.
    """
    if current is not None and current.fingerprint == new.fingerprint:
        raise FingerprintError(f"a replacement by {new.fingerprint!r}", expected="another encoder than now")
    if coming is not None and coming.fingerprint != new.fingerprint:
        raise FingerprintError(
            f"a replacement by {new.fingerprint!r}",
            expected=f"{coming.fingerprint!r}, which is coming already",
            remedy="finish or abandon that one first",
        )


def _current(writer: FolderWriter) -> Part:
    stored = writer.load(writer.state.parts)
    return stored.select(last_of_each(stored.paths))


def _paths(writer: FolderWriter, names: Sequence[str]) -> list[str]:
    return writer.load(names).paths if names else []


def _reordered(writer: FolderWriter, coming: Coming, present: Part) -> tuple[str, Embeddings | None]:
    """Write the new vectors in the order of the old ones, with what is known of the items now."""
    if not len(present) or not coming.parts:
        return "", None
    stored = writer.load(coming.parts)
    place = {path: row for row, path in enumerate(stored.paths)}
    rows = np.array([place[path] for path in present.paths], np.int64)
    known = {item.path: item for item in present.items()}
    enrolled = present.table["enrolled"]
    part = stored.select(rows).relabelled(known)
    column = part.table.schema.get_field_index("enrolled")
    part = Part(part.table.set_column(column, "enrolled", enrolled), part.embeddings)
    with disk_errors_named(writer.folder):
        return writer.write(part), part.embeddings
