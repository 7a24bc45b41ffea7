from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crossreid.core.errors import DataError
from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.data.encoding import encode_samples
from crossreid.data.preprocessing import Preprocessing

PREPROCESSING = Preprocessing(4, 2, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))


class Recorder:
    """Embeds a picture as (mean red, modality) and a caption as (length, -1), and keeps the batches."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def embed_images(self, pixels: np.ndarray, modalities: Sequence[Modality]) -> np.ndarray:
        assert pixels.shape[1:] == (3, 4, 2)
        self.batches.append(len(pixels))
        places = [list(Modality).index(modality) for modality in modalities]
        return np.stack([pixels[:, 0].mean(axis=(1, 2)), np.array(places, dtype=float) + 1], axis=1)

    def embed_captions(self, captions: Sequence[str]) -> np.ndarray:
        self.batches.append(len(captions))
        return np.array([[len(caption), -1.0] for caption in captions])


def encode(samples: Sequence[Sample], batch_size: int = 2) -> tuple[np.ndarray, Recorder]:
    recorder = Recorder()
    embeddings = encode_samples(
        samples,
        embed_images=recorder.embed_images,
        embed_captions=recorder.embed_captions,
        preprocessing=PREPROCESSING,
        dim=2,
        fingerprint="test",
        batch_size=batch_size,
        progress=False,
    )
    assert embeddings.item_ids.tolist() == [sample.item_id for sample in samples]
    return embeddings.vectors, recorder


def picture(red: int, modality: Modality = Modality.RGB, name: str = "x") -> Sample:
    image = np.zeros((4, 2, 3), dtype=np.uint8)
    image[..., 0] = red
    return Sample(modality, image=image, item_id=name)


def unit(*values: float) -> list[float]:
    return (np.array(values) / np.linalg.norm(values)).tolist()


def test_rows_come_back_in_the_order_of_mixed_samples() -> None:
    samples = [
        Sample(Modality.TEXT, caption="four"),
        picture(255, Modality.SKETCH),
        Sample(Modality.TEXT, caption="a"),
        picture(51),
    ]
    vectors, _ = encode(samples)
    expected = [unit(4, -1), unit(1.0, 3), unit(1, -1), unit(0.2, 1)]
    np.testing.assert_allclose(vectors, expected, atol=1e-6)


def test_batches_are_no_longer_than_asked_for_and_kinds_do_not_mix() -> None:
    samples = [picture(i) for i in range(5)] + [Sample(Modality.TEXT, caption="a") for _ in range(3)]
    assert encode(samples, batch_size=4)[1].batches == [4, 1, 3]


def test_files_are_decoded(tmp_path: Path) -> None:
    Image.new("RGB", (20, 40), (51, 0, 0)).save(tmp_path / "a.png")
    vectors, _ = encode([Sample(Modality.RGB, path=tmp_path / "a.png")])
    np.testing.assert_allclose(vectors, [unit(0.2, 1)], atol=1e-6)


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"broken\.png"):
        encode([Sample(Modality.RGB, path=tmp_path / "broken.png")])


def test_no_samples_give_no_rows() -> None:
    assert encode([])[0].shape == (0, 2)
