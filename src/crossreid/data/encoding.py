"""Samples -> embeddings, whatever computes the vectors: a torch model or an edge pack."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from crossreid.core.embeddings import Embeddings
from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.data.images import decode_image
from crossreid.data.preprocessing import Preprocessing

_DECODERS = 4

EmbedImages = Callable[[np.ndarray, Sequence[Modality]], np.ndarray]
EmbedCaptions = Callable[[Sequence[str]], np.ndarray]


def encode_samples(
    samples: Sequence[Sample],
    *,
    embed_images: EmbedImages,
    embed_captions: EmbedCaptions,
    preprocessing: Preprocessing,
    dim: int,
    fingerprint: str,
    batch_size: int,
    progress: bool,
) -> Embeddings:
    """Decode, batch and embed; pictures of the next batch are decoded while the model works on this one.

    Args:
        samples: of any modalities, in any order.
        embed_images: float32 pixels [n, 3, height, width] and their modalities -> vectors [n, dim].
        embed_captions: words -> vectors [n, dim]; captions of like length come together.
        preprocessing: of the pictures.
        dim: width of the vectors.
        fingerprint: of the encoder.
        batch_size: items a step.
        progress: draw a progress bar on standard error.

    Returns:
        Unit rows in the order of `samples`.

    Raises:
        DataError: a picture cannot be read.
    """
    from rich.console import Console
    from rich.progress import Progress

    vectors = np.empty((len(samples), dim), dtype=np.float32)
    words, pictures = _rows_by_kind(samples)

    def load(row: int) -> np.ndarray:
        return _picture(samples[row], preprocessing)

    with (
        ThreadPoolExecutor(_DECODERS) as pool,
        Progress(console=Console(stderr=True), disable=not progress) as bar,
    ):
        task = bar.add_task("embedding", total=len(samples))
        for rows, images in _ahead(pool, _chunks(pictures, batch_size), load):
            pixels = preprocessing.normalise(images)
            vectors[rows] = embed_images(pixels, [samples[row].modality for row in rows])
            bar.advance(task, len(rows))
        for rows in _chunks(words, batch_size):
            vectors[rows] = embed_captions([samples[row].caption or "" for row in rows])
            bar.advance(task, len(rows))
    return Embeddings(
        vectors=vectors,
        modalities=np.array([sample.modality.value for sample in samples], dtype=np.str_),
        person_ids=np.array([sample.person_id for sample in samples], dtype=np.int64),
        camera_ids=np.array([sample.camera_id for sample in samples], dtype=np.int64),
        source_ids=np.array([sample.source_id for sample in samples], dtype=np.str_),
        item_ids=np.array([sample.item_id for sample in samples], dtype=np.str_),
        fingerprint=fingerprint,
    ).unit()


def _rows_by_kind(samples: Sequence[Sample]) -> tuple[list[int], list[int]]:
    words = [row for row, sample in enumerate(samples) if sample.modality == Modality.TEXT]
    pictures = [row for row, sample in enumerate(samples) if sample.modality != Modality.TEXT]
    return sorted(words, key=lambda row: len(samples[row].caption or "")), pictures


def _picture(sample: Sample, preprocessing: Preprocessing) -> np.ndarray:
    if sample.image is not None:
        return preprocessing.resize(sample.image)
    assert sample.path is not None, "a sample that is no caption has an image or a path"
    return preprocessing.resize(
        decode_image(sample.path, size_hint=(preprocessing.height, preprocessing.width))
    )


def _chunks(rows: list[int], size: int) -> list[list[int]]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def _ahead(
    pool: ThreadPoolExecutor, chunks: list[list[int]], load: Callable[[int], np.ndarray]
) -> Iterator[tuple[list[int], list[np.ndarray]]]:
    """Load the next chunk's pictures while the caller works on this one's."""
    coming = [pool.submit(load, row) for row in chunks[0]] if chunks else []
    for number, rows in enumerate(chunks):
        images = [future.result() for future in coming]
        coming = [pool.submit(load, row) for row in chunks[number + 1]] if number + 1 < len(chunks) else []
        yield rows, images
