"""Searches that may answer "nobody"."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import ConfigurationError, DataError, FingerprintError
from crossreid.core.modality import Modality
from crossreid.evaluation.calibration import Calibration, EvidenceCalibration
from crossreid.evaluation.calibration_file import write_calibrations
from crossreid.evaluation.open_set import ScoreCalibration
from crossreid.gallery import EncoderRecord, Gallery, GalleryItem, index_folder, open_gallery
from crossreid.gallery.decision import expected_misses

RECORD = EncoderRecord("maker@space", "tiny-edge")
ITEM = EvidenceCalibration(
    mated=np.array([0.5, 0.9]),
    non_mated=np.linspace(0, 0.7, 100),
    candidates=3.0,
    curve=ScoreCalibration(slope=10.0, offset=-7.0),
    prior=0.5,
)
CALIBRATION = Calibration(
    query_fingerprint=RECORD.fingerprint,
    gallery_fingerprint=RECORD.fingerprint,
    gallery=Modality.RGB,
    protocol="source-excluded",
    data="people",
    people=2,
    weights={Modality.IR: 0.5, Modality.TEXT: 1.5},
    evidence={"text": ITEM, "ir+text": ITEM},
)


def embed(vectors: list[list[float]], *kinds: str, fingerprint: str = RECORD.fingerprint) -> Embeddings:
    count = len(vectors)
    return Embeddings(
        vectors=np.array(vectors),
        modalities=np.array(kinds),
        person_ids=np.full(count, -1),
        camera_ids=np.full(count, -1),
        source_ids=np.full(count, ""),
        item_ids=np.full(count, "x"),
        fingerprint=fingerprint,
    )


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    home = open_gallery(tmp_path / "gallery")
    kinds = (Modality.RGB, Modality.RGB, Modality.RGB, Modality.IR)
    items = [GalleryItem(f"/{number}.jpg", "/", modality=kind) for number, kind in enumerate(kinds)]
    vectors = [[1.0, 0, 0], [0.8, 0.6, 0], [0, 1, 0], [0, 0, 1]]
    with home.writing(RECORD) as writer:
        writer.put(items, embed(vectors, *kinds))
    return home


def ask(gallery: Gallery, *arguments: Any, **options: Any) -> list[str]:
    return [result.path.name for result in gallery.search(*arguments, modality="rgb", **options)]


def test_only_what_reaches_the_threshold_is_an_answer(gallery: Gallery) -> None:
    gallery.calibrate(CALIBRATION)
    query = embed([[1, 0, 0]], "text")
    assert ask(gallery, query) == ["0.jpg", "1.jpg", "2.jpg"]
    assert ask(gallery, query, fpir=0.02) == ["0.jpg", "1.jpg"]
    assert ask(gallery, query, fpir=0.02, top=1) == ["0.jpg"]
    # The second caption is 45 degrees from its nearest picture, below 1 % but not below 10 %.
    between = embed([[0.5, 0, 0.62]], "text")
    assert ask(gallery, between, fpir=0.02) == []
    assert ask(gallery, between, fpir=0.2) == ["0.jpg"]


def test_answers_have_probabilities(gallery: Gallery) -> None:
    gallery.calibrate(CALIBRATION)
    first, second = gallery.search(embed([[1, 0, 0]], "text"), modality="rgb", fpir=0.02)
    # Logits 10 - 7 and 8 - 7, in a gallery as large as the calibration's.
    assert (first.probability, second.probability) == pytest.approx(
        (1 / (1 + np.exp(-3)), 1 / (1 + np.exp(-1)))
    )
    assert gallery.search(embed([[1, 0, 0]], "text"))[0].probability is None


def test_how_many_are_missed(gallery: Gallery) -> None:
    gallery.calibrate(replace(CALIBRATION, evidence={"text": replace(ITEM, candidates=4.0)}))
    # Of the scores 0.5 and 0.9 the first stays below 0.7, below 20 % of the others and above half of them.
    query = embed([[1, 0, 0]], "text")
    assert [expected_misses(gallery, query, fpir=fpir) for fpir in (0.01, 0.2, 0.5)] == [1 / 2, 1 / 2, 0]
    assert expected_misses(gallery, query, fpir=0.001) is None


def test_learnt_weights_fuse_the_evidence(gallery: Gallery) -> None:
    query = embed([[1.0, 0, 0], [0, 1, 0]], "ir", "text")
    equal = gallery.search(query, modality="rgb")[0]
    assert (equal.path.name, equal.score) == ("1.jpg", pytest.approx(1.4 / 2**0.5))
    gallery.calibrate(CALIBRATION)
    weighted = {result.path.name: result.score for result in gallery.search(query, modality="rgb")}
    assert weighted["2.jpg"] == pytest.approx(1.5 / np.hypot(0.5, 1.5))
    assert ask(gallery, query, fpir=0.02)[0] == "2.jpg"
    # A kind without a weight: all count the same.
    other = embed([[1.0, 0, 0], [0, 1, 0]], "rgb", "text")
    assert gallery.search(other, modality="rgb")[0].score == pytest.approx(1.4 / 2**0.5)


def test_what_is_not_calibrated_is_refused(gallery: Gallery) -> None:
    query = embed([[1, 0, 0]], "text")
    with pytest.raises(DataError, match=r"has no calibration.*crossreid calibrate .* --into"):
        ask(gallery, query, fpir=0.02)
    gallery.calibrate(CALIBRATION)
    with pytest.raises(
        FingerprintError, match=r"searches of maker@space in maker@space; expected one for edge@"
    ):
        ask(gallery, embed([[1, 0, 0]], "text", fingerprint="edge@space"), fpir=0.02)
    with pytest.raises(DataError, match="a query of sketch, of which there is no calibration"):
        ask(gallery, embed([[1, 0, 0]], "sketch"), fpir=0.02)
    with pytest.raises(DataError, match=r"ir pictures among the candidates, calibrated for rgb only"):
        gallery.search(query, fpir=0.02)
    with pytest.raises(DataError, match="a bare vector"):
        ask(gallery, np.ones(3), fpir=0.02)
    with pytest.raises(DataError, match=r"100 searches .* calibrate a rate of 0\.001"):
        ask(gallery, query, fpir=0.001)
    with pytest.raises(ConfigurationError, match="above 0 and below 1"):
        ask(gallery, query, fpir=0.0)


def test_a_calibration_for_another_gallery_is_refused(gallery: Gallery, tmp_path: Path) -> None:
    foreign = replace(CALIBRATION, gallery_fingerprint="other@space")
    with pytest.raises(
        FingerprintError, match=r"of encoder 'other@space'; expected 'maker@space' \(tiny-edge\)"
    ):
        gallery.calibrate(foreign)
    with pytest.raises(DataError, match="no pictures are enrolled"):
        open_gallery(tmp_path / "new").calibrate(CALIBRATION)


def test_one_calibration_an_encoder_of_queries(gallery: Gallery) -> None:
    gallery.calibrate(CALIBRATION)
    gallery.calibrate(replace(CALIBRATION, query_fingerprint="edge@space"))
    gallery.calibrate(replace(CALIBRATION, data="others"))
    known = [(item.query_fingerprint, item.data) for item in open_gallery(gallery.uri).calibrations()]
    assert known == [("edge@space", "people"), ("maker@space", "others")]


def test_a_rebuilt_gallery_forgets_calibrations_of_the_old_encoder(gallery: Gallery) -> None:
    gallery.calibrate(CALIBRATION)
    with gallery.writing(EncoderRecord("new"), rebuild=True) as writer:
        writer.put([GalleryItem("/a.jpg", "/")], embed([[1, 0, 0]], "rgb", fingerprint="new"))
    with pytest.raises(FingerprintError, match="expected one for new in new"):
        ask(gallery, embed([[1, 0, 0]], "text", fingerprint="new"), fpir=0.02)
    gallery.calibrate(replace(CALIBRATION, query_fingerprint="new", gallery_fingerprint="new"))
    assert len(gallery.calibrations()) == 1


def test_a_damaged_calibration_is_named(gallery: Gallery) -> None:
    (Path(gallery.uri) / "calibration.json").write_text("{")
    with pytest.raises(DataError, match=r"calibration\.json cannot be read"):
        ask(gallery, embed([[1, 0, 0], [0, 1, 0]], "text", "ir"))


def test_indexing_brings_the_calibration_along(colours: Any, paint: Any, tmp_path: Path) -> None:
    model, home = tmp_path / "model", open_gallery(tmp_path / "gallery")
    photos = paint(tmp_path / "photos", {"a.png": "red", "b.png": "blue"})
    encoder = colours.ColourEncoder("maker", space="space", source=str(model))
    strange = replace(CALIBRATION, gallery_fingerprint="other@space")
    write_calibrations(model / "calibration.json", [CALIBRATION, strange])
    index_folder(photos, encoder, home)
    assert [item.data for item in home.calibrations()] == ["people"]
    home.calibrate(replace(CALIBRATION, data="mine"))
    index_folder(photos, encoder, home)
    assert [item.data for item in home.calibrations()] == ["mine"]
