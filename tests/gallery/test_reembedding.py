import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from crossreid.core.errors import FingerprintError
from crossreid.gallery import EncoderRecord, Gallery, GalleryItem, Selection, open_gallery
from crossreid.gallery.reembedding import reembed


class NewEncoder:
    """The colours of another model: the same numbers in another order, under another name."""

    def __init__(self, old: Any) -> None:
        self._old = old
        self.fingerprint, self.dim, self.modalities = "new@colours", old.dim, old.modalities
        self.source = "somewhere"

    def encode(self, items: Any, **options: Any) -> Any:
        from dataclasses import replace

        old = self._old.encode(items, **options)
        return replace(old, vectors=old.vectors[:, ::-1].copy(), fingerprint=self.fingerprint)


def png(colour: tuple[int, int, int]) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.full((40, 20, 3), colour, np.uint8)).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def gallery(address: str, encoder: Any, colours: Any, paint: Any, tmp_path: Path) -> Gallery:
    """Two crops, a file, and an item of which nothing is left."""
    paint(tmp_path, {"blue.png": "blue"})
    crops = {"a": png(colours.COLOURS["red"]), "b": png(colours.COLOURS["green"])}
    keys = ["a", "b", str(tmp_path / "blue.png"), "gone"]
    pictures = [colours.COLOURS[name] for name in ("red", "green", "blue", "red")]
    embeddings = encoder.encode([np.full((40, 20, 3), one, np.uint8) for one in pictures])
    home = open_gallery(address)
    home.enrol([GalleryItem(key) for key in keys], embeddings, crops=crops, source="old")
    return home


def test_everything_is_embedded_again_from_its_picture(gallery: Gallery, encoder: Any) -> None:
    new, steps = NewEncoder(encoder), []
    old = gallery.embeddings().vectors
    report = reembed(gallery, new, batch_size=2, progress=steps.append)
    assert (report.embedded, report.missing, report.finished) == (3, ("gone",), False)
    assert steps == [2, 3]
    assert gallery.encoder == EncoderRecord(encoder.fingerprint, "old")
    assert gallery.statistics().pending == 1
    gallery.erase(Selection(keys="gone"))
    report = reembed(gallery, new)
    assert (report.embedded, report.missing, report.finished) == (0, (), True)
    assert gallery.encoder == EncoderRecord("new@colours", "somewhere")
    np.testing.assert_allclose(gallery.embeddings().vectors, old[:3, ::-1], atol=1e-5)
    with pytest.raises(FingerprintError):
        reembed(gallery, new)


def test_a_server_may_unseal_crops(gallery: Gallery, encoder: Any, colours: Any) -> None:
    report = reembed(gallery, NewEncoder(encoder), read=lambda item: png(colours.COLOURS["red"]))
    assert report.finished
    vectors = gallery.embeddings().vectors
    np.testing.assert_allclose(vectors, np.broadcast_to(vectors[0], vectors.shape), atol=1e-6)


def test_what_cannot_be_decoded_is_missing(gallery: Gallery, encoder: Any) -> None:
    report = reembed(gallery, NewEncoder(encoder), read=lambda item: b"no picture")
    assert (report.embedded, len(report.missing), report.finished) == (0, 4, False)
