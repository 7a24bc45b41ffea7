"""An encoder that sees colours only: pictures by histogram, words by the colours that they name."""

import time

import numpy as np

from crossreid.core.embeddings import Embeddings
from crossreid.core.items import Items, as_samples
from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.data.images import decode_image

COLOURS = {
    "red": (224, 32, 32),
    "green": (32, 160, 32),
    "blue": (32, 32, 224),
    "yellow": (224, 224, 32),
    "black": (16, 16, 16),
    "white": (240, 240, 240),
}
_LEVELS = 4


class ColourEncoder:
    """Satisfies `crossreid.core.encoder.Encoder`.

    Args:
        name: before the "@" of the fingerprint.
        space: behind it; "" for none.
        source: from which `load_encoder` is to load it again.
        delay_s: for each call of `encode`.
    """

    def __init__(
        self, name: str = "colours", *, space: str = "", source: str = "", delay_s: float = 0.0
    ) -> None:
        self.fingerprint = f"{name}@{space}" if space else name
        self.source, self.delay_s = source, delay_s
        self.dim = _LEVELS**3
        self.modalities = frozenset(Modality)
        self.seen: list[str] = []

    def encode(
        self,
        items: Items,
        *,
        modality: Modality | str | None = None,
        batch_size: int = 64,
        progress: bool = False,
    ) -> Embeddings:
        samples = as_samples(items, modality=modality)
        self.seen += [sample.item_id for sample in samples]
        time.sleep(self.delay_s)
        return Embeddings(
            vectors=np.array([_vector(sample) for sample in samples], np.float32).reshape(-1, self.dim),
            modalities=np.array([str(sample.modality) for sample in samples], np.str_),
            person_ids=np.full(len(samples), -1),
            camera_ids=np.full(len(samples), -1),
            source_ids=np.full(len(samples), "", np.str_),
            item_ids=np.array([sample.item_id for sample in samples], np.str_),
            fingerprint=self.fingerprint,
        ).unit()


def _vector(sample: Sample) -> np.ndarray:
    if sample.caption is not None:
        pixels = np.array([COLOURS[word] for word in sample.caption.split() if word in COLOURS])
    elif sample.image is not None:
        pixels = sample.image.reshape(-1, 3)
    else:
        assert sample.path is not None
        pixels = decode_image(sample.path).reshape(-1, 3)
    levels = pixels // (256 // _LEVELS)
    bins = (levels[:, 0] * _LEVELS + levels[:, 1]) * _LEVELS + levels[:, 2]
    return np.bincount(bins, minlength=_LEVELS**3).astype(np.float32)
