import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import ConfigurationError, DataError, FingerprintError
from crossreid.core.modality import Modality
from crossreid.evaluation.calibration import EvidenceCalibration, calibrate, evidence_name
from crossreid.evaluation.calibration_file import (
    read_calibrations,
    with_calibration,
    write_calibrations,
)
from crossreid.evaluation.open_set import ScoreCalibration
from crossreid.evaluation.protocols import find_protocol
from crossreid.evaluation.reliability import measure_reliability

KINDS = ("rgb", "ir", "sketch", "text")
THOUSAND = EvidenceCalibration(
    mated=np.array([0.2, 0.992, 0.9945, 1.0]),
    non_mated=np.arange(1000) / 1000,
    candidates=100.0,
    curve=ScoreCalibration(slope=np.log(3), offset=0.0),
    prior=0.5,
)


@pytest.fixture(scope="module")
def crowd() -> Embeddings:
    """60 people of two encounters of each kind, around random directions; infrared and sketches are noisier."""
    random = np.random.default_rng(0)
    rows = [(person, group, kind) for person in range(60) for group in range(2) for kind in KINDS]
    spread = {"rgb": 0.8, "ir": 1.6, "sketch": 1.2, "text": 0.6}
    centres = random.normal(size=(60, 16))
    vectors = np.stack([centres[p] + spread[kind] * random.normal(size=16) for p, _, kind in rows])
    return Embeddings(
        vectors=vectors,
        modalities=np.array([kind for *_, kind in rows]),
        person_ids=np.array([person for person, *_ in rows]),
        camera_ids=np.full(len(rows), -1),
        source_ids=np.array([f"{person}-{group}" for person, group, _ in rows]),
        item_ids=np.array([f"{person}-{group}-{kind}" for person, group, kind in rows]),
        fingerprint="teacher@space",
    )


def test_thresholds_by_hand() -> None:
    # Ten of a thousand searches may answer: 0.990 to 0.999.
    assert THOUSAND.threshold(0.01, candidates=100) == np.nextafter(0.989, 1)
    assert THOUSAND.miss_rate(0.01, candidates=100) == 1 / 4
    # In a gallery of twice the size each half may err in 1 - sqrt(0.99) = 0.50 % of the searches: five.
    assert THOUSAND.threshold(0.01, candidates=200) == np.nextafter(0.994, 1)
    assert THOUSAND.miss_rate(0.01, candidates=200) == 2 / 4


def test_a_smaller_gallery_keeps_the_threshold() -> None:
    assert THOUSAND.threshold(0.01, candidates=3) == THOUSAND.threshold(0.01, candidates=100)
    assert THOUSAND.threshold(0.01, candidates=0) == THOUSAND.threshold(0.01, candidates=100)


def test_what_the_searches_cannot_tell_is_refused() -> None:
    with pytest.raises(
        DataError, match=r"1000 searches .* of 100 pictures .* 0\.01 in one of 5000;.*at least"
    ):
        THOUSAND.threshold(0.01, candidates=5000)
    with pytest.raises(ConfigurationError, match="above 0 and below 1"):
        THOUSAND.threshold(1.0, candidates=10)


def test_probabilities_by_hand() -> None:
    # Even odds at score 0, three to one at 1; twice the gallery has twice the wrong candidates.
    assert THOUSAND.probability(np.array([0.0, 1.0]), candidates=100) == pytest.approx([1 / 2, 3 / 4])
    assert THOUSAND.probability(np.array([0.0, 1.0]), candidates=200) == pytest.approx([1 / 3, 3 / 5])


def test_kinds_have_one_order() -> None:
    assert evidence_name(["text", "rgb", "text"]) == evidence_name(["rgb", "text"]) == "rgb+text"


def test_every_combination_is_calibrated(crowd: Embeddings) -> None:
    learnt = calibrate(crowd, data="a crowd")
    assert len(learnt.evidence) == 15
    assert (learnt.people, learnt.gallery, learnt.data) == (60, "rgb", "a crowd")
    assert learnt.query_fingerprint == learnt.gallery_fingerprint == "teacher@space"
    for item in learnt.evidence.values():
        assert (len(item.mated), len(item.non_mated)) == (120, 120)
        # 120 photographs but the person's two; the source of a picture is its person's own.
        assert item.candidates == 118
    words, infrared = learnt.of(["text"]), learnt.of(["ir"])
    assert words.miss_rate(0.05, candidates=118) < infrared.miss_rate(0.05, candidates=118)
    assert learnt.weights[Modality.TEXT] > learnt.weights[Modality.IR]


def test_the_threshold_keeps_its_promise_on_other_people(crowd: Embeddings) -> None:
    known, others = crowd.select(crowd.person_ids < 30), crowd.select(crowd.person_ids >= 30)
    item = calibrate(known).of(["sketch"])
    threshold = item.threshold(0.1, candidates=58)
    strangers = others.of("sketch").unit().vectors @ known.of("rgb").unit().vectors.T
    assert np.mean(strangers.max(axis=1) >= threshold) < 0.25


def test_probabilities_hold_for_people_who_were_not_seen(crowd: Embeddings) -> None:
    measured = measure_reliability(crowd, crowd.of("rgb"), rule=find_protocol("source-excluded"))
    assert measured.error < 0.06
    assert measured.counts.sum() == 4 * 120 * 20
    assert np.nanmax(measured.stated) > 0.8


def test_what_cannot_be_calibrated_is_refused(crowd: Embeddings) -> None:
    alone = crowd.select(crowd.person_ids == 0)
    with pytest.raises(DataError, match="0 wrong candidates"):
        calibrate(alone.of("text", "rgb"), protocol="all")
    with pytest.raises(DataError, match="no rgb rows"):
        calibrate(crowd.of("text"))
    with pytest.raises(ConfigurationError, match="a protocol of one gallery"):
        calibrate(crowd, protocol="watchlist")
    with pytest.raises(FingerprintError):
        calibrate(crowd, replace(crowd, fingerprint="stranger"))
    with pytest.raises(
        DataError, match="a query of ir, of which there is no calibration; expected one of rgb"
    ):
        calibrate(crowd.of("rgb", "text")).of(["ir"])


def test_files_keep_everything_but_digits(crowd: Embeddings, tmp_path: Path) -> None:
    learnt = calibrate(crowd.of("rgb", "sketch"), data="a crowd")
    (read,) = read_calibrations(write_calibrations(tmp_path / "new" / "calibration.json", [learnt]))
    assert (read.weights, read.data, read.people) == (learnt.weights, learnt.data, learnt.people)
    for name, item in learnt.evidence.items():
        known = read.evidence[name]
        np.testing.assert_allclose(known.mated, item.mated, atol=5e-7)
        np.testing.assert_allclose(known.non_mated, item.non_mated, atol=5e-7)
        assert (known.curve, known.prior, known.candidates) == (item.curve, item.prior, item.candidates)
    assert read_calibrations(tmp_path / "absent.json") == ()


def test_what_is_printed_is_short(crowd: Embeddings) -> None:
    assert repr(THOUSAND) == "EvidenceCalibration(4 mated and 1000 non-mated searches of 100 items)"
    learnt = calibrate(crowd, data="a crowd")
    sides = f"{crowd.fingerprint!r} in {crowd.fingerprint!r}"
    assert repr(learnt) == f"Calibration({sides}, {learnt.people} people of 'a crowd')"


def test_a_calibration_replaces_that_of_the_same_encoders(crowd: Embeddings) -> None:
    first, second = calibrate(crowd, data="first"), calibrate(crowd, data="second")
    other = calibrate(replace(crowd, fingerprint="student@space"), crowd)
    assert [known.data for known in with_calibration([first], second)] == ["second"]
    assert len(with_calibration([first], other)) == 2


@pytest.mark.parametrize("content", ["", "[]", '{"version": 2}', '{"version": 1, "calibrations": [{}]}'])
def test_damaged_files_are_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "calibration.json").write_text(content)
    with pytest.raises(DataError, match=r"calibration\.json"):
        read_calibrations(tmp_path / "calibration.json")


def test_the_file_is_plain_json(crowd: Embeddings, tmp_path: Path) -> None:
    file = write_calibrations(tmp_path / "calibration.json", [calibrate(crowd.of("rgb", "text"))])
    content = json.loads(file.read_text())["calibrations"][0]
    assert set(content["evidence"]) == {"rgb", "text", "rgb+text"}
    assert max(map(len, file.read_text().splitlines())) < 2000
