"""Pictures and captions -> what the quantiser measures the ranges of activations on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from crossreid.core.errors import ConfigurationError
from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.data.dataset import Dataset
from crossreid.data.images import decode_image
from crossreid.data.preprocessing import Preprocessing
from crossreid.packing.drawn import fill_in
from crossreid.packing.quantisation import Calibration
from crossreid.runtime.towers import IMAGE_HEADS

_DRAWN_PEOPLE = 100
_PICTURES, _CAPTIONS = 300, 150


@dataclass(frozen=True, slots=True)
class CalibrationSet:
    """Samples to calibrate on.

    Args:
        data: what they are, in words.
        pictures: of any visual modalities, at least one.
        captions: at least one.

    Raises:
        ConfigurationError: there are no pictures, or no captions.
    """

    data: str
    pictures: tuple[Sample, ...]
    captions: tuple[Sample, ...]

    def __post_init__(self) -> None:
        if not self.pictures or not self.captions:
            raise ConfigurationError(
                f"{len(self.pictures)} pictures and {len(self.captions)} captions to calibrate on",
                expected="both kinds",
                remedy="give another data set, or none for drawn people",
            )

    @classmethod
    def of(cls, dataset: Dataset | None) -> "CalibrationSet":
        """At most 300 pictures and 150 captions, spread evenly; what the data set lacks is drawn."""
        given = dataset.samples if dataset is not None else ()
        samples = fill_in(given, "train", people=_DRAWN_PEOPLE)
        added = dict.fromkeys(str(sample.modality) for sample in samples[len(given) :])
        data = "drawn people"
        if dataset is not None:
            data = f"{dataset.name} {dataset.split}".strip() + (
                f", drawn {', '.join(added)}" if added else ""
            )
        captions = [sample for sample in samples if sample.modality == Modality.TEXT]
        pictures = [sample for sample in samples if sample.modality != Modality.TEXT]
        return cls(data, _spread(pictures, _PICTURES), _spread(captions, _CAPTIONS))

    def of_pictures(self, preprocessing: Preprocessing) -> Calibration:
        """As the image tower reads them."""
        inputs = []
        for sample in self.pictures:
            image = sample.image if sample.image is not None else decode_image(sample.path or "")
            head = np.array([IMAGE_HEADS.index(sample.modality)], dtype=np.int64)
            inputs.append({"pixels": preprocessing.normalise([preprocessing.resize(image)]), "heads": head})
        return Calibration(inputs, [str(sample.modality) for sample in self.pictures])

    def of_captions(self, tokenize: Any) -> Calibration:
        """As the text tower reads them; `tokenize` maps captions to int64 [n, length]."""
        inputs = [{"tokens": tokenize([sample.caption])} for sample in self.captions]
        return Calibration(inputs, ["text"] * len(inputs))


def _spread(samples: Sequence[Sample], most: int) -> tuple[Sample, ...]:
    rows = np.linspace(0, len(samples) - 1, min(most, len(samples))).round().astype(int)
    return tuple(samples[row] for row in rows)
