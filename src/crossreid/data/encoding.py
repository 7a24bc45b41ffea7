"""Samples -> embeddings, whatever computes the vectors: a torch model or an edge pack."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from crossreid.core.embeddings import Embeddings
from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.data.images import decode_image
from crossreid.data.preprocessing import Preprocessing

_DECODERS = 4

Loaded = TypeVar("Loaded")

EmbedImages = Callable[[np.ndarray, Sequence[Modality]], np.ndarray]
EmbedCaptions = Callable[[Sequence[str]], np.ndarray]
EmbedQueries = Callable[[np.ndarray, Sequence[Sequence[Modality]], Sequence[Sequence[str]]], np.ndarray]


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
    return _embeddings(vectors, samples, fingerprint)


def encode_queries(
    queries: Sequence[tuple[Sample, ...]],
    *,
    embed: EmbedQueries,
    preprocessing: Preprocessing,
    dim: int,
    fingerprint: str,
    batch_size: int,
    progress: bool,
) -> Embeddings:
    """Embed queries of several pieces of evidence each; those of the same kinds of pieces come together.

    Args:
        queries: pieces in any order: pictures are shown by kind, then the words follow.
        embed: float32 pixels [n, 3, height, width] of all pictures, their modalities by query, and the captions by
            query -> vectors [queries, dim].
        preprocessing: of the pictures.
        dim: width of the vectors.
        fingerprint: of the encoder.
        batch_size: queries a step.
        progress: draw a progress bar on standard error.

    Returns:
        Unit rows in the order of `queries`, each with the keys of its first piece.

    Raises:
        DataError: a picture cannot be read.
    """
    from rich.console import Console
    from rich.progress import Progress

    vectors = np.empty((len(queries), dim), dtype=np.float32)
    shown = [_in_order(query) for query in queries]
    order = sorted(range(len(queries)), key=lambda row: _shape(shown[row]))

    def load(row: int) -> list[np.ndarray]:
        return [_picture(piece, preprocessing) for piece in shown[row] if piece.modality != Modality.TEXT]

    with (
        ThreadPoolExecutor(_DECODERS) as pool,
        Progress(console=Console(stderr=True), disable=not progress) as bar,
    ):
        task = bar.add_task("embedding", total=len(queries))
        for rows, pictures in _ahead(pool, _chunks(order, batch_size), load):
            images = [image for query in pictures for image in query]
            size = (0, 3, preprocessing.height, preprocessing.width)
            vectors[rows] = embed(
                preprocessing.normalise(images) if images else np.zeros(size, dtype=np.float32),
                [[p.modality for p in shown[row] if p.modality != Modality.TEXT] for row in rows],
                [[p.caption or "" for p in shown[row] if p.modality == Modality.TEXT] for row in rows],
            )
            bar.advance(task, len(rows))
    return _embeddings(vectors, [query[0] for query in queries], fingerprint)


def _in_order(query: tuple[Sample, ...]) -> list[Sample]:
    """By kind: the order in which the pieces are named says nothing about the person."""
    return sorted(query, key=lambda piece: list(Modality).index(piece.modality))


def _shape(query: list[Sample]) -> tuple[int, int]:
    """Number of pictures and letters, which say how long a chat is."""
    words = [piece.caption or "" for piece in query if piece.modality == Modality.TEXT]
    return len(query) - len(words), sum(map(len, words))


def _embeddings(vectors: np.ndarray, samples: Sequence[Sample], fingerprint: str) -> Embeddings:
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
    pool: ThreadPoolExecutor, chunks: list[list[int]], load: Callable[[int], Loaded]
) -> Iterator[tuple[list[int], list[Loaded]]]:
    """Load the next chunk's pictures while the caller works on this one's."""
    coming = [pool.submit(load, row) for row in chunks[0]] if chunks else []
    for number, rows in enumerate(chunks):
        images = [future.result() for future in coming]
        coming = [pool.submit(load, row) for row in chunks[number + 1]] if number + 1 < len(chunks) else []
        yield rows, images
