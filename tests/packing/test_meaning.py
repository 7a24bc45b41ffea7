from pathlib import Path

import numpy as np
import pytest

from crossreid.core.basis import PrincipalBasis
from crossreid.core.modality import Modality
from crossreid.evaluation.calibration import Calibration, EvidenceCalibration
from crossreid.evaluation.calibration_file import CALIBRATIONS, read_calibrations, write_calibrations
from crossreid.evaluation.open_set import ScoreCalibration
from crossreid.models.encoder import ModelEncoder
from crossreid.packing import export
from crossreid.runtime import read_pack

pytestmark = pytest.mark.traced


def calibration(query: str, gallery: str) -> Calibration:
    words = EvidenceCalibration(
        mated=np.array([0.8]),
        non_mated=np.array([0.2]),
        candidates=3,
        curve=ScoreCalibration(slope=1.0, offset=0.0),
        prior=0.5,
    )
    return Calibration(query, gallery, Modality.RGB, "source-excluded", "a world", 9, {}, {"text": words})


@pytest.fixture
def calibrated(student_encoder: ModelEncoder, tmp_path: Path) -> ModelEncoder:
    """A student beside which three calibrations lie, one of them of another model."""
    own = student_encoder.fingerprint
    pairs = [(own, own), (own, "cloud@shared"), ("other@shared", "cloud@shared")]
    write_calibrations(tmp_path / "model" / CALIBRATIONS, [calibration(*pair) for pair in pairs])
    return ModelEncoder(student_encoder.model, space="shared", source=str(tmp_path / "model"))


def test_calibrations_of_the_model_are_the_packs_too(calibrated: ModelEncoder, tmp_path: Path) -> None:
    pack = export(calibrated, tmp_path / "pack", runtime="onnx")
    own = read_pack(pack).fingerprint
    found = read_calibrations(pack / CALIBRATIONS)
    assert [(item.query_fingerprint, item.gallery_fingerprint) for item in found] == [
        (own, own),
        (own, "cloud@shared"),
    ]
    assert found[0].data == "a world, by the model of the pack"
    assert found[0].of(["text"]).mated == [0.8]


def test_other_cosines_have_no_meaning_yet(calibrated: ModelEncoder, tmp_path: Path) -> None:
    pack = export(calibrated, tmp_path / "pack", runtime="onnx", basis=PrincipalBasis(np.eye(8)[:, :3]))
    assert not (pack / CALIBRATIONS).exists()
