import numpy as np
import pytest

from crossreid.core.errors import ConfigurationError
from crossreid.core.modality import Modality
from crossreid.core.sample import Sample
from crossreid.data.dataset import Dataset
from crossreid.packing import calibration
from crossreid.packing.calibration import CalibrationSet


def photographs(count: int) -> Dataset:
    image = np.zeros((4, 4, 3), np.uint8)
    return Dataset("camera", "day", tuple(Sample(Modality.RGB, image=image) for _ in range(count)), ())


def test_drawn_people_stand_in_for_the_kinds_of_evidence_that_a_camera_lacks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(calibration, "_DRAWN_PEOPLE", 10)
    monkeypatch.setattr(calibration, "_PICTURES", 30)
    chosen = CalibrationSet.of(photographs(70))
    kinds = [str(sample.modality) for sample in chosen.pictures]
    # 70 given, then 10 infrared pictures and 10 sketches: every third of them has a place.
    assert (kinds.count("rgb"), len(kinds), len(chosen.captions)) == (23, 30, 10)
    assert set(kinds) == {"rgb", "ir", "sketch"}
    assert chosen.data == "camera day, drawn ir, sketch, text"


def test_both_kinds_are_needed() -> None:
    with pytest.raises(ConfigurationError, match="1 pictures and 0 captions"):
        CalibrationSet("nothing said", photographs(1).samples, ())
