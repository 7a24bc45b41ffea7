"""Bring a gallery into agreement with a folder of pictures or a manifest."""

import hashlib
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

from crossreid.core.embeddings import Embeddings
from crossreid.core.encoder import Encoder
from crossreid.core.errors import DataError
from crossreid.core.sample import Sample
from crossreid.data.images import decode_image, read_file, resize_image
from crossreid.evaluation.calibration_file import CALIBRATIONS, read_calibrations
from crossreid.gallery.gallery import EncoderRecord, Gallery, GalleryWriter
from crossreid.gallery.item import GalleryItem
from crossreid.gallery.listing import Listing, Skipped, list_pictures

COMMIT_ITEMS, COMMIT_SECONDS = 256, 30.0
"""Pictures are made durable after this many, or after this time when the encoder is slow."""

_WEIGHTS = Path(__file__).parents[1] / "weights"
_DECODERS = 4
_SIZE_HINT = (560, 280)
_KEPT_PIXELS = 4 * 2**20


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What indexing did.

    Args:
        added: pictures that were not there before.
        changed: pictures whose content was new, embedded again.
        unchanged: pictures that kept their vectors.
        removed: paths that were forgotten: the file vanished, left the manifest, or became unreadable.
        skipped: path and reason of each file that is not in the gallery.
    """

    added: int
    changed: int
    unchanged: int
    removed: tuple[str, ...]
    skipped: tuple[Skipped, ...]


def index_folder(
    source: str | Path,
    encoder: Encoder,
    gallery: Gallery,
    *,
    rebuild: bool = False,
    batch_size: int = 64,
    progress: bool = False,
) -> IndexReport:
    """Embed what is new or changed, forget what has vanished; stop it at any time and run it again.

    Calibrations in the encoder's folder are copied into the gallery, unless it has one of the same encoders.

    Args:
        source: a tree of JPEG, PNG, WebP and BMP files, or a CSV or Parquet manifest (see `list_pictures`). What
            other sources have put into the gallery stays.
        encoder: the one that filled the gallery so far.
        gallery: is written while this runs.
        rebuild: forget the gallery's content first, which also allows another encoder.
        batch_size: pictures a step of the encoder.
        progress: draw a progress bar on standard error.

    Raises:
        DataError: no readable picture is left; nothing is forgotten then.
        FingerprintError: the gallery was filled by another encoder.
    """
    listing = list_pictures(source)
    if not listing.items:
        raise _nothing_left(source, listing.skipped)
    _check_encoder(encoder, listing)
    record = EncoderRecord(encoder.fingerprint, _lasting_source(encoder))
    with gallery.writing(record, rebuild=rebuild) as writer:
        known = {} if rebuild else {item.path: item for item in gallery.items()}
        kept, coming = _compare(listing, known)
        refused, same = _embed(coming, known, encoder, writer, batch_size=batch_size, progress=progress)
        skipped = (*listing.skipped, *refused)
        embedded = {item.path for item in coming} - {path for path, _ in refused} - same
        if not kept and not same and not embedded:
            raise _nothing_left(source, skipped)
        writer.relabel([item for item in kept if item != known[item.path]])
        removed = _vanished(listing, known) + [path for path, _ in refused if path in known]
        writer.remove(removed)
    _copy_calibrations(encoder, gallery)
    added = len(embedded - known.keys())
    return IndexReport(
        added=added,
        changed=len(embedded) - added,
        unchanged=len(kept) + len(same),
        removed=tuple(removed),
        skipped=skipped,
    )


def _nothing_left(source: str | Path, skipped: Sequence[Skipped]) -> DataError:
    reasons = "".join(f"; {path}: {reason}" for path, reason in skipped[:3])
    return DataError(f"no readable picture in {source}{reasons}", expected="JPEG, PNG, WebP or BMP files")


def _check_encoder(encoder: Encoder, listing: Listing) -> None:
    blind = {item.modality for item in listing.items} - encoder.modalities
    if blind:
        raise DataError(
            f"{', '.join(sorted(blind))} pictures in {listing.root}",
            expected=f"what the encoder takes: {', '.join(sorted(encoder.modalities))}",
        )


def _lasting_source(encoder: Encoder) -> str:
    """What `load_encoder` would need from any working directory; "" when the encoder does not say."""
    source = getattr(encoder, "source", "")
    return str(Path(source).resolve()) if source and Path(source).exists() else source


def _copy_calibrations(encoder: Encoder, gallery: Gallery) -> None:
    """From the folder of a model, a pack or shipped weights."""
    source = getattr(encoder, "source", "")
    if not source:
        return
    present = {(known.query_fingerprint, known.gallery_fingerprint) for known in gallery.calibrations()}
    for folder in (Path(source), _WEIGHTS / source):
        for calibration in read_calibrations(folder / CALIBRATIONS):
            pair = calibration.query_fingerprint, calibration.gallery_fingerprint
            if calibration.gallery_fingerprint == encoder.fingerprint and pair not in present:
                gallery.calibrate(calibration)


def _compare(listing: Listing, known: dict[str, GalleryItem]) -> tuple[list[GalleryItem], list[GalleryItem]]:
    """Pictures whose files have not changed (with their hashes), and those that have to be read."""
    kept, coming = [], []
    for item in listing.items:
        old = known.get(item.path)
        same_file = old is not None and (old.size_bytes, old.modified_ns) == (
            item.size_bytes,
            item.modified_ns,
        )
        if old is not None and same_file and old.modality == item.modality:
            kept.append(replace(item, content_hash=old.content_hash))
        else:
            coming.append(item)
    return kept, coming


def _embed(
    coming: Sequence[GalleryItem],
    known: dict[str, GalleryItem],
    encoder: Encoder,
    writer: GalleryWriter,
    *,
    batch_size: int,
    progress: bool,
) -> tuple[list[Skipped], set[str]]:
    """Read, embed and commit. Returns what was refused, and the paths whose content turned out to be the same."""
    refused: list[Skipped] = []
    touched: list[GalleryItem] = []
    batch: list[tuple[GalleryItem, np.ndarray]] = []
    buffer = _Buffer(encoder, writer, batch_size)
    columns = (*Progress.get_default_columns()[:-1], MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not progress) as bar:
        task = bar.add_task("embedding", total=len(coming))
        for item, picture in _decode_ahead(coming, known, 2 * batch_size):
            if isinstance(picture, str):
                refused.append((item.path, picture.removeprefix(f"{item.path}: ")))
            elif picture is None:
                touched.append(item)
            else:
                batch.append((item, picture))
            if len(batch) == batch_size:
                buffer.add(batch)
                batch = []
            bar.advance(task)
        buffer.add(batch)
        buffer.flush()
    writer.relabel(touched)
    return refused, {item.path for item in touched}


class _Buffer:
    """Embedded pictures on their way to the gallery."""

    def __init__(self, encoder: Encoder, writer: GalleryWriter, batch_size: int) -> None:
        self._encoder, self._writer, self._batch_size = encoder, writer, batch_size
        self._items: list[GalleryItem] = []
        self._parts: list[Embeddings] = []
        self._committed = time.monotonic()

    def add(self, batch: Sequence[tuple[GalleryItem, np.ndarray]]) -> None:
        if not batch:
            return
        samples = [Sample(item.modality, image=picture, item_id=item.path) for item, picture in batch]
        self._parts.append(self._encoder.encode(samples, batch_size=self._batch_size))
        self._items += [item for item, _ in batch]
        if len(self._items) >= COMMIT_ITEMS or time.monotonic() - self._committed > COMMIT_SECONDS:
            self.flush()

    def flush(self) -> None:
        if self._items:
            self._writer.put(self._items, Embeddings.concatenate(self._parts))
        self._items, self._parts = [], []
        self._committed = time.monotonic()


def _decode_ahead(
    items: Sequence[GalleryItem], known: dict[str, GalleryItem], ahead: int
) -> Iterator[tuple[GalleryItem, np.ndarray | str | None]]:
    """Each item with its content hash, and its picture, None if its content is known, or why it is refused."""
    pending: deque = deque()
    with ThreadPoolExecutor(_DECODERS) as pool:
        try:
            for item in items:
                pending.append(pool.submit(_read, item, known.get(item.path)))
                if len(pending) > ahead:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()


def _read(item: GalleryItem, old: GalleryItem | None) -> tuple[GalleryItem, np.ndarray | str | None]:
    try:
        data = read_file(item.path)
        hashed = replace(item, content_hash=hashlib.blake2b(data, digest_size=16).hexdigest())
        if old is not None and (old.content_hash, old.modality) == (hashed.content_hash, hashed.modality):
            return hashed, None
        return hashed, _bounded(decode_image(data, size_hint=_SIZE_HINT))
    except DataError as error:
        return item, str(error).removeprefix("bytes: ")


def _bounded(picture: np.ndarray) -> np.ndarray:
    """Long and narrow pictures can be large in spite of the hint; a batch of them must fit into memory."""
    height, width = picture.shape[:2]
    scale = (_KEPT_PIXELS / (height * width)) ** 0.5
    if scale >= 1:
        return picture
    return resize_image(picture, max(1, round(height * scale)), max(1, round(width * scale)))


def _vanished(listing: Listing, known: dict[str, GalleryItem]) -> list[str]:
    """What this source listed before and does not now; not what merely cannot be looked at for the moment."""
    listed = {item.path for item in listing.items}
    old = [item.path for item in known.values() if item.root == str(listing.root) and item.path not in listed]
    closed = tuple(f"{path}/" for path, why in listing.skipped if why.startswith("the folder cannot be read"))
    return [path for path in old if not path.startswith(closed)]
