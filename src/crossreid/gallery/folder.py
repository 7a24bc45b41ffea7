"""A gallery in a folder: `gallery.json` names the Parquet parts that count; everything else is debris.

Parts are never changed, only replaced, and `gallery.json` is exchanged in one step: whatever is killed whenever,
the last committed state is complete. A reader that meets a clean-up reads again.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import DataError
from crossreid.evaluation.calibration import Calibration
from crossreid.evaluation.calibration_file import CALIBRATIONS, with_calibration, write_calibrations
from crossreid.gallery.decision import calibration_for, check_calibration
from crossreid.gallery.folder_erasure import erase_items
from crossreid.gallery.folder_index import build_index
from crossreid.gallery.folder_reading import FolderReader
from crossreid.gallery.folder_replacement import FolderReplacement
from crossreid.gallery.folder_statistics import folder_statistics
from crossreid.gallery.gallery import Progress, Replacement, unheard
from crossreid.gallery.item import GalleryItem
from crossreid.gallery.lock import exclusive_lock
from crossreid.gallery.query import query_vector
from crossreid.gallery.ranking import rows_that_match
from crossreid.gallery.records import (
    Batch,
    EncoderRecord,
    Enrolment,
    ErasureProof,
    IndexRecord,
    Statistics,
    Watchlist,
    key_hash,
)
from crossreid.gallery.refusals import check_same_encoder
from crossreid.gallery.searching import Answers, Asked, Searching, judge
from crossreid.gallery.selection import Selection, check_keep, check_labels
from crossreid.gallery.state import CROPS, ERASURES, PARTS, STATE, State
from crossreid.gallery.writer import FolderWriter, check_items, crop_file, disk_errors_named

LOCK = ".lock"
_MANY_PARTS = 32


class FolderGallery(Searching):
    """See `crossreid.gallery.gallery.Gallery`.

    Args:
        folder: of the gallery; it may not exist yet.

    Raises:
        DataError: the folder is a file, or holds other things than a gallery.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._reader = FolderReader(folder)
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
        return state.encoder if state and state.encoder.fingerprint else None

    def __len__(self) -> int:
        snapshot = self._reader.snapshot()
        return len(snapshot.rows) if snapshot else 0

    def items(self) -> tuple[GalleryItem, ...]:
        """See `Gallery.items`."""
        snapshot = self._reader.snapshot()
        return snapshot.part.items() if snapshot else ()

    def embeddings(self) -> Embeddings:
        """See `Gallery.embeddings`."""
        return self._reader.filled().part.embeddings

    def _answers(self, query: np.ndarray | Embeddings, asked: Asked) -> Answers:
        snapshot = self._reader.filled()
        part, fingerprint = snapshot.part, snapshot.state.encoder.fingerprint
        needed = asked.fpir is not None
        calibration = calibration_for(
            self.calibrations(), query, gallery=fingerprint, where=self.uri, needed=needed
        )
        vector = query_vector(query, part.embeddings, calibration)
        rows = rows_that_match(part.table, asked.selection, watchlists=snapshot.state.watchlists)
        found, scores = snapshot.nearest(vector, rows, top=asked.top, group=asked.group, exact=asked.exact)
        count, probabilities = judge(
            calibration,
            query,
            fpir=asked.fpir,
            candidates=lambda: Counter(part.embeddings.modalities[rows].tolist()),
            scores=scores,
        )
        items = part.select(found[:count]).items()
        return zip(items, scores[:count].tolist(), probabilities, strict=True)

    def calibrations(self) -> tuple[Calibration, ...]:
        """See `Gallery.calibrations`."""
        return self._reader.calibrations()

    def calibrate(self, calibration: Calibration) -> None:
        """See `Gallery.calibrate`."""
        stored = self._reader.filled().state.encoder
        check_calibration(calibration, stored, where=self.uri)
        current = [c for c in self.calibrations() if c.gallery_fingerprint == stored.fingerprint]
        write_calibrations(self.folder / CALIBRATIONS, with_calibration(current, calibration))

    @contextmanager
    def writing(self, encoder: EncoderRecord, *, rebuild: bool = False) -> Iterator["FolderWriter"]:
        """See `Gallery.writing`."""
        with self._lock():
            for debris in self.folder.glob(f".{STATE}.*"):
                debris.unlink(missing_ok=True)
            state = State.load(self.folder)
            if state is None:
                state = State.new(encoder)
            elif not state.parts or rebuild:
                state = replace(state, encoder=encoder, parts=(), coming=None, index=None)
            else:
                check_same_encoder(self.uri, state.encoder, encoder)
            writer = FolderWriter(self.folder, state)
            yield writer
            if writer.state.parts:
                writer.compact()
                writer.remove_strange_crops(writer.load(writer.state.parts).paths)

    def enrol(
        self,
        items: Sequence[GalleryItem],
        embeddings: Embeddings,
        *,
        crops: Mapping[str, bytes] | None = None,
        source: str = "",
    ) -> Enrolment:
        """See `Gallery.enrol`."""
        check_items(items, embeddings, crops)
        with self._lock():
            state = State.load(self.folder) or State.new(EncoderRecord(embeddings.fingerprint, source))
            if not state.parts:
                state = replace(state, encoder=EncoderRecord(embeddings.fingerprint, source))
            check_same_encoder(self.uri, state.encoder, EncoderRecord(embeddings.fingerprint))
            known, erased = self._reader.keys(state), self._reader.erased_hashes(state)
            verdict = Enrolment(
                accepted=tuple(
                    item.key for item in items if item.key not in known and key_hash(item.key) not in erased
                ),
                known=tuple(item.key for item in items if item.key in known),
                erased=tuple(
                    item.key for item in items if item.key not in known and key_hash(item.key) in erased
                ),
            )
            new = set(verdict.accepted)
            rows = [row for row, item in enumerate(items) if item.key in new]
            writer = FolderWriter(self.folder, state)
            writer.check_space(embeddings)
            with disk_errors_named(self.folder):
                writer.add_crops({key: crop for key, crop in (crops or {}).items() if key in new})
            if rows:
                writer.put([items[row] for row in rows], embeddings.select(np.array(rows)))
            if len(writer.state.parts) % _MANY_PARTS == 0 and rows:
                writer.compact()
        return verdict

    def item(self, key: str) -> GalleryItem | None:
        """See `Gallery.item`."""
        snapshot = self._reader.snapshot()
        row = None if snapshot is None else snapshot.places.get(key)
        return None if snapshot is None or row is None else snapshot.part.select(np.array([row])).items()[0]

    def crop(self, key: str) -> bytes | None:
        """See `Gallery.crop`."""
        snapshot = self._reader.snapshot()
        if snapshot is None or key not in snapshot.places:
            return None
        try:
            return crop_file(self.folder, key).read_bytes()
        except FileNotFoundError:
            return None

    def batches(self, rows: int = 4096) -> Iterator[Batch]:
        """See `Gallery.batches`."""
        snapshot = self._reader.snapshot()
        for start in range(0, len(snapshot.part) if snapshot else 0, rows):
            assert snapshot is not None
            piece = snapshot.part.select(np.arange(start, min(start + rows, len(snapshot.part))))
            pictures = {path: self.crop(path) for path in piece.paths}
            crops = {path: picture for path, picture in pictures.items() if picture is not None}
            yield Batch(piece.items(), piece.embeddings, crops)

    def erase(self, *selections: Selection, reference: str = "") -> ErasureProof:
        """See `Gallery.erase`."""
        with self._lock():
            return erase_items(self._writer(), selections, reference=reference)

    def erasures(self) -> tuple[ErasureProof, ...]:
        """See `Gallery.erasures`."""
        state = State.load(self.folder)
        return state.erasures if state else ()

    def retain(self, collection: str, keep: timedelta | None) -> None:
        """See `Gallery.retain`."""
        check_keep(keep)
        with self._lock():
            writer = self._writer()
            others = {name: time for name, time in writer.state.retentions.items() if name != collection}
            writer.commit(retentions=others if keep is None else others | {collection: keep})

    def retentions(self) -> Mapping[str, timedelta]:
        """See `Gallery.retentions`."""
        state = State.load(self.folder)
        return state.retentions if state else {}

    def expire(self, now: datetime | None = None) -> ErasureProof | None:
        """See `Gallery.expire`."""
        with self._lock():
            writer = self._writer()
            if not writer.state.parts:
                return None
            gone = _expired(writer, datetime.now(UTC) if now is None else now)
            return erase_items(writer, [Selection(keys=gone)], reference="retention") if gone else None

    def watch(self, name: str, *, people: Collection[str] = (), tracks: Collection[str] = ()) -> None:
        """See `Gallery.watch`."""
        check_labels(name, people, tracks)
        with self._lock():
            self._change_watchlist(name, set(people), set(tracks), add=True)

    def unwatch(self, name: str, *, people: Collection[str] = (), tracks: Collection[str] = ()) -> None:
        """See `Gallery.unwatch`."""
        with self._lock():
            self._change_watchlist(name, set(people), set(tracks), add=False)

    def remove_watchlist(self, name: str) -> None:
        """See `Gallery.remove_watchlist`."""
        with self._lock():
            writer = self._writer()
            left = {known: one for known, one in writer.state.watchlists.items() if known != name}
            writer.commit(watchlists=left)

    def watchlists(self) -> tuple[Watchlist, ...]:
        """See `Gallery.watchlists`."""
        state = State.load(self.folder)
        return tuple(sorted(state.watchlists.values(), key=lambda one: one.name)) if state else ()

    def statistics(self) -> Statistics:
        """See `Gallery.statistics`."""
        return folder_statistics(self.folder, self._reader.snapshot())

    @property
    def index(self) -> IndexRecord | None:
        """See `Gallery.index`."""
        state = State.load(self.folder)
        return state.index.record if state and state.index else None

    def build_index(
        self, target_recall: float = 0.99, *, seed: int = 0, progress: Progress = unheard
    ) -> IndexRecord:
        """See `Gallery.build_index`."""
        self._reader.filled()
        with self._lock():
            return build_index(
                self._writer(), self._reader.filled(), target=target_recall, seed=seed, progress=progress
            )

    def replacement(self, encoder: EncoderRecord) -> Replacement:
        """See `Gallery.replacement`."""
        self._reader.filled()
        replacement = FolderReplacement(self, encoder)
        replacement.begin()
        return replacement

    @contextmanager
    def changing(self) -> Iterator[FolderWriter]:
        """Become the writer of a gallery that is there, for one change.

        Raises:
            DataError: another process is writing, or the place cannot be written.
        """
        with self._lock():
            yield self._writer()

    @contextmanager
    def _lock(self) -> Iterator[None]:
        with disk_errors_named(self.folder):
            (self.folder / PARTS).mkdir(parents=True, exist_ok=True)
            lock = exclusive_lock(self.folder / LOCK)
        with lock:
            yield

    def _writer(self) -> FolderWriter:
        return FolderWriter(self.folder, State.load(self.folder) or State.new(EncoderRecord("")))

    def _change_watchlist(self, name: str, people: set[str], tracks: set[str], *, add: bool) -> None:
        writer = self._writer()
        old = writer.state.watchlists.get(name, Watchlist(name))
        if add:
            named = set(old.people) | people, set(old.tracks) | tracks
        else:
            named = set(old.people) - people, set(old.tracks) - tracks
        if add or name in writer.state.watchlists:
            new = Watchlist(name, *(tuple(sorted(labels)) for labels in named))
            writer.commit(watchlists=dict(writer.state.watchlists) | {name: new})


def _foreign_names(folder: Path) -> list[str]:
    """What a writer that was killed before its first commit cannot have left behind."""
    files = folder.iterdir() if folder.is_dir() else ()
    return [
        file.name
        for file in files
        if file.name not in (PARTS, CROPS, ERASURES) and not file.name.startswith(".")
    ]


def _expired(writer: FolderWriter, now: datetime) -> list[str]:
    """Keys of what has been kept long enough."""
    table = writer.load(writer.state.parts).table
    keep = writer.state.retentions
    rows = zip(*(table[name].to_pylist() for name in ("path", "collection", "enrolled")), strict=True)
    return [key for key, collection, since in rows if collection in keep and since + keep[collection] <= now]
