"""A new model for a gallery: embed everything again from its pictures, then change over."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from crossreid.core.encoder import Encoder
from crossreid.core.errors import DataError
from crossreid.core.sample import Sample
from crossreid.data.images import decode_image, read_file
from crossreid.gallery.gallery import Gallery
from crossreid.gallery.item import GalleryItem
from crossreid.gallery.records import EncoderRecord

_SIZE_HINT = (560, 280)


@dataclass(frozen=True, slots=True)
class ReembeddingReport:
    """What became of a replacement.

    Args:
        embedded: items that were embedded now.
        missing: keys of items without a readable picture; while there are any, the old encoder stays.
        finished: whether searches go by the new encoder now.
    """

    embedded: int
    missing: tuple[str, ...]
    finished: bool


def reembed(
    gallery: Gallery,
    encoder: Encoder,
    *,
    read: Callable[[GalleryItem], bytes | None] | None = None,
    batch_size: int = 64,
    progress: Callable[[int], None] | None = None,
) -> ReembeddingReport:
    """Replace the encoder of a gallery. Run it again to resume after an interruption.

    Args:
        gallery: is searched by its old encoder until all is done.
        encoder: the new one.
        read: gives the encoded picture of an item; by default its crop, else the file of its name. A server that seals
            crops unseals them here.
        batch_size: pictures a step.
        progress: is told after each step how many items have been embedded.

    Raises:
        DataError: nothing is enrolled.
        FingerprintError: it is the gallery's encoder already, or a replacement by another one has been begun.
    """
    replacement = gallery.replacement(EncoderRecord(encoder.fingerprint, getattr(encoder, "source", "")))
    find = _picture_of(gallery) if read is None else read
    missing: dict[str, None] = {}
    embedded = 0
    while True:
        pending = replacement.pending(batch_size + len(missing))
        coming = [item for item in pending if item.key not in missing][:batch_size]
        if not coming:
            break
        pictures = {item.key: _decoded(find(item)) for item in coming}
        readable = [item for item in coming if pictures[item.key] is not None]
        missing |= dict.fromkeys(item.key for item in coming if pictures[item.key] is None)
        if readable:
            samples = [Sample(item.modality, image=pictures[item.key], item_id=item.key) for item in readable]
            replacement.put(readable, encoder.encode(samples, batch_size=batch_size))
            embedded += len(readable)
        if progress is not None:
            progress(embedded)
    if not missing:
        replacement.finish()
    return ReembeddingReport(embedded, tuple(missing), finished=not missing)


def _picture_of(gallery: Gallery) -> Callable[[GalleryItem], bytes | None]:
    def find(item: GalleryItem) -> bytes | None:
        crop = gallery.crop(item.key)
        if crop is not None:
            return crop
        try:
            return read_file(item.path)
        except DataError:
            return None

    return find


def _decoded(data: bytes | None) -> np.ndarray | None:
    try:
        return None if data is None else decode_image(data, size_hint=_SIZE_HINT)
    except DataError:
        return None
