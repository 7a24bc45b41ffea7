"""A gallery in a folder: `gallery.json` names the Parquet parts that count; everything else is debris.

Parts are never changed, only replaced, and `gallery.json` is exchanged in one step: whatever is killed whenever,
the last committed state is complete. A reader that meets a clean-up reads again.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

import numpy as np

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import DataError, FingerprintError
from crossreid.core.modality import Modality
from crossreid.evaluation.calibration import Calibration
from crossreid.evaluation.calibration_file import (
    CALIBRATIONS,
    read_calibrations,
    with_calibration,
    write_calibrations,
)
from crossreid.evaluation.fusion import fuse
from crossreid.evaluation.weights import weights_of
from crossreid.gallery.decision import decide, find_calibration
from crossreid.gallery.gallery import EncoderRecord
from crossreid.gallery.item import GalleryItem, SearchResult
from crossreid.gallery.lock import exclusive_lock
from crossreid.gallery.parts import Part
from crossreid.gallery.ranking import best_rows, rows_that_match
from crossreid.gallery.state import PARTS, STATE, State
from crossreid.gallery.writer import FolderWriter, disk_errors_named, last_of_each

LOCK = ".lock"
_READS = 20


@dataclass(frozen=True, eq=False)
class Snapshot:
    """One committed state in memory; `rows` are those that no later row with the same path replaces."""

    state: State
    stored: Part
    rows: np.ndarray

    @cached_property
    def part(self) -> Part:
        """The rows that count."""
        return self.stored if len(self.rows) == len(self.stored) else self.stored.select(self.rows)


class FolderGallery:
    """See `crossreid.gallery.gallery.Gallery`.

    Args:
        folder: of the gallery; it may not exist yet.

    Raises:
        DataError: the folder is a file, or holds other things than a gallery.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._cached: tuple[tuple[int, int, int], Snapshot] | None = None
        self._calibrations: tuple[tuple[int, int, int] | None, tuple[Calibration, ...]] = None, ()
        if folder.exists() and not folder.is_dir():
            raise DataError(f"{folder} is a file", expected="the folder of a gallery")
        if State.load(folder) is None and _foreign_names(folder):
            raise DataError(
                f"{folder} holds files but no {STATE}",
                expected="a gallery, an empty folder or none",
                remedy="choose another folder",
            )

    @property
    def uri(self) -> str:
        """The folder."""
        return str(self.folder)

    @property
    def encoder(self) -> EncoderRecord | None:
        """See `Gallery.encoder`."""
        state = State.load(self.folder)
        return state.encoder if state else None

    def __len__(self) -> int:
        snapshot = self._snapshot()
        return len(snapshot.rows) if snapshot else 0

    def items(self) -> tuple[GalleryItem, ...]:
        """See `Gallery.items`."""
        snapshot = self._snapshot()
        return snapshot.part.items() if snapshot else ()

    def embeddings(self) -> Embeddings:
        """See `Gallery.embeddings`."""
        return self._filled().part.embeddings

    def search(
        self,
        query: np.ndarray | Embeddings,
        *,
        top: int = 10,
        camera: str | Collection[str] | None = None,
        person: str | Collection[str] | None = None,
        modality: Modality | str | None = None,
        time_range: tuple[datetime | None, datetime | None] | None = None,
        fpir: float | None = None,
    ) -> tuple[SearchResult, ...]:
        """See `Gallery.search`."""
        if top < 1:
            raise DataError(f"the best {top} results", expected="at least 1")
        part = self._filled().part
        calibration = self._calibration_of(query, part.embeddings.fingerprint, needed=fpir is not None)
        vector = _query_vector(query, part.embeddings, calibration)
        rows = rows_that_match(
            part.table, camera=camera, person=person, modality=modality, time_range=time_range
        )
        found, scores = best_rows(vector, part.embeddings.vectors, rows, top=top)
        probabilities: Sequence[float | None] = [None] * len(found)
        if fpir is not None and calibration is not None and isinstance(query, Embeddings):
            kinds = part.embeddings.modalities[rows].tolist()
            count, probabilities = decide(calibration, query, fpir=fpir, candidates=kinds, scores=scores)
            found, scores = found[:count], scores[:count]
        return tuple(
            SearchResult(
                rank=rank,
                score=score,
                path=Path(item.path),
                person=item.person,
                camera=item.camera,
                time=item.time,
                modality=item.modality,
                source=item.source,
                probability=probability,
            )
            for rank, (item, score, probability) in enumerate(
                zip(part.select(found).items(), scores.tolist(), probabilities, strict=True), start=1
            )
        )

    def calibrations(self) -> tuple[Calibration, ...]:
        """See `Gallery.calibrations`."""
        file = self.folder / CALIBRATIONS
        signature = _signature(file)
        if self._calibrations[0] != signature:
            self._calibrations = signature, read_calibrations(file)
        return self._calibrations[1]

    def calibrate(self, calibration: Calibration) -> None:
        """See `Gallery.calibrate`."""
        stored = self._filled().state.encoder
        if calibration.gallery_fingerprint != stored.fingerprint:
            raise FingerprintError(
                f"a calibration for galleries of encoder {calibration.gallery_fingerprint!r}",
                expected=f"{stored.fingerprint!r} ({stored.source or 'source unknown'}), which filled {self.folder}",
                remedy="calibrate with the gallery's encoder",
            )
        current = [c for c in self.calibrations() if c.gallery_fingerprint == stored.fingerprint]
        write_calibrations(self.folder / CALIBRATIONS, with_calibration(current, calibration))

    @contextmanager
    def writing(self, encoder: EncoderRecord, *, rebuild: bool = False) -> Iterator["FolderWriter"]:
        """See `Gallery.writing`."""
        with disk_errors_named(self.folder):
            (self.folder / PARTS).mkdir(parents=True, exist_ok=True)
            lock = exclusive_lock(self.folder / LOCK)
        with lock:
            for debris in self.folder.glob(f".{STATE}.*"):
                debris.unlink(missing_ok=True)
            state = State.load(self.folder)
            if state is not None and state.parts and not rebuild:
                _check_same_encoder(self.folder, state.encoder, encoder)
                writer = FolderWriter(self.folder, state)
            else:
                writer = FolderWriter(self.folder, State.new(encoder))
            yield writer
            writer.compact()

    def _calibration_of(
        self, query: np.ndarray | Embeddings, gallery: str, *, needed: bool
    ) -> Calibration | None:
        """That of the query's encoder; None where there is none, or none is needed."""
        if not isinstance(query, Embeddings):
            if needed:
                raise DataError(
                    "a bare vector to be searched at a false-positive rate",
                    expected="embeddings, which name their encoder and the kind of evidence",
                )
            return None
        if not needed and len(query) < 2:
            return None
        known = self.calibrations()
        try:
            return find_calibration(known, query=query.fingerprint, gallery=gallery, where=self.uri)
        except (DataError, FingerprintError):
            if needed:
                raise
            return None

    def _filled(self) -> Snapshot:
        snapshot = self._snapshot()
        if snapshot is None or not len(snapshot.rows):
            raise DataError(
                f"no pictures are enrolled in {self.folder}",
                expected="a filled gallery",
                remedy=f"crossreid index FOLDER --out {self.folder}",
            )
        return snapshot

    def _snapshot(self) -> Snapshot | None:
        """The committed state, read again when another process has changed it."""
        for _ in range(_READS):
            signature = _signature(self.folder / STATE)
            if self._cached and self._cached[0] == signature:
                return self._cached[1]
            state = State.load(self.folder)
            if state is None or not state.parts:
                return None
            try:
                stored = Part.concatenate([Part.load(self.folder / PARTS, name) for name in state.parts])
            except DataError:
                if _signature(self.folder / STATE) == signature:  # nobody cleaned up: it is damaged
                    raise
                continue
            snapshot = Snapshot(state=state, stored=stored, rows=last_of_each(stored.paths))
            if signature is not None:
                self._cached = signature, snapshot
            return snapshot
        raise DataError(f"{self.folder} changes faster than it can be read", expected="a quieter writer")


def _foreign_names(folder: Path) -> list[str]:
    """What a writer that was killed before its first commit cannot have left behind."""
    files = folder.iterdir() if folder.is_dir() else ()
    return [file.name for file in files if file.name != PARTS and not file.name.startswith(".")]


def _check_same_encoder(folder: Path, stored: EncoderRecord, given: EncoderRecord) -> None:
    if stored.fingerprint != given.fingerprint:
        raise FingerprintError(
            f"{folder} was filled by encoder {stored.fingerprint!r} ({stored.source or 'source unknown'}), not"
            f" by {given.fingerprint!r}",
            expected="one encoder for the whole gallery",
            remedy="index with that encoder, or make the gallery anew with --rebuild",
        )


def _query_vector(
    query: np.ndarray | Embeddings, stored: Embeddings, calibration: Calibration | None
) -> np.ndarray:
    if isinstance(query, Embeddings):
        try:
            stored.check_comparable(query)
        except FingerprintError as error:
            raise FingerprintError(
                f"the gallery and the query have {error.found}",
                expected="the gallery's encoder, or one trained into the same space",
                remedy="search with the encoder of the gallery, or index again with --rebuild",
            ) from error
        weights = calibration.weights if calibration else None
        return fuse(list(query.vectors), weights_of(query.modalities, weights))
    if query.shape != (stored.dim,):
        raise DataError(f"a query of shape {query.shape}", expected=f"({stored.dim},)")
    return fuse([query])


def _signature(file: Path) -> tuple[int, int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino, status.st_size
