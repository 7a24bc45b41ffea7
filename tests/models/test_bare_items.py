"""Bare items: every encoder reads them as the same samples. The server is tested with the server."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from crossreid.core.encoder import Encoder
from crossreid.core.errors import DataError
from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.models.loading import load_encoder, load_search_encoder
from crossreid.runtime import PackEncoder

PIXELS = np.random.default_rng(0).integers(0, 256, (60, 30, 3), dtype=np.uint8)


@pytest.fixture(scope="module", params=["model", "pack"])
def encoder(request: Any) -> Encoder:
    if request.param == "model":
        return load_encoder("tiny-edge", device="cpu")
    pack = load_search_encoder("tiny-edge")
    assert isinstance(pack, PackEncoder)
    return pack


def test_bare_items_are_what_they_look_like(encoder: Encoder, tmp_path: Path) -> None:
    file = tmp_path / "anna.png"
    Image.fromarray(PIXELS).save(file)
    found = encoder.encode([PIXELS, Image.fromarray(PIXELS), file, str(file), "a red coat"])
    photo, words = Sample(Modality.RGB, image=PIXELS), Sample(Modality.TEXT, caption="a red coat")
    expected = encoder.encode([photo, photo, photo, photo, words])
    assert found.modalities.tolist() == ["rgb", "rgb", "rgb", "rgb", "text"]
    np.testing.assert_array_equal(found.vectors, expected.vectors)


@pytest.mark.parametrize("item", ["a red coat", PIXELS, Sample(Modality.IR, image=PIXELS)], ids=type)
def test_one_item_is_one_row(encoder: Encoder, item: Any) -> None:
    np.testing.assert_array_equal(encoder.encode(item).vectors, encoder.encode([item]).vectors)


def test_a_missing_picture_is_no_caption(encoder: Encoder) -> None:
    with pytest.raises(DataError, match=r'gone\.jpg.*modality="text"'):
        encoder.encode("gone.jpg")


def test_an_encoder_says_what_it_is(encoder: Encoder) -> None:
    name = type(encoder).__name__
    kinds = "rgb, ir, sketch, text"
    assert repr(encoder) == f"{name}('tiny-edge', {kinds}, 320 dimensions, {encoder.fingerprint!r})"
