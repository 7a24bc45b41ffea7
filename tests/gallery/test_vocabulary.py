"""What a service asks of every home of a gallery: enrol, find, erase, keep, watch, replace."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import ConfigurationError, DataError, FingerprintError
from crossreid.core.modality import Modality
from crossreid.core.track import Track
from crossreid.evaluation.calibration import Calibration, EvidenceCalibration
from crossreid.evaluation.open_set import ScoreCalibration
from crossreid.gallery import (
    EncoderRecord,
    Enrolment,
    Gallery,
    GalleryItem,
    IndexRecord,
    Selection,
    Watchlist,
    open_gallery,
)
from crossreid.gallery.decision import expected_misses
from crossreid.gallery.records import digest_of
from crossreid.gallery.transfer import export_gallery, import_gallery

RECORD = EncoderRecord("maker@space", "tiny-edge")
NEXT = EncoderRecord("better@elsewhere", "tiny-cloud")
NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

ITEMS = (
    GalleryItem("a", person="ann", camera="1", time=NOON, collection="staff"),
    GalleryItem("b", person="bob", camera="1", time=NOON + HOUR),
    GalleryItem("c", track="t1", camera="2", modality=Modality.IR),
    GalleryItem("d", track="t1", camera="2", time=NOON + 3 * HOUR),
    GalleryItem("e", person="ann", track="t2", camera="2", time=NOON + 4 * HOUR),
)
VECTORS = np.array([[1, 0, 0], [0.8, 0.6, 0], [0.6, 0.8, 0], [0, 1, 0], [0.96, 0.28, 0]])
CROPS = {"a": b"\x00first", "d": b"fourth"}


def embed(vectors: np.ndarray | Sequence, fingerprint: str = RECORD.fingerprint) -> Embeddings:
    count = len(vectors)
    return Embeddings(
        vectors=np.asarray(vectors, np.float32).reshape(count, -1),
        modalities=np.full(count, "rgb"),
        person_ids=np.full(count, -1),
        camera_ids=np.full(count, -1),
        source_ids=np.full(count, ""),
        item_ids=np.full(count, "x"),
        fingerprint=fingerprint,
    )


@pytest.fixture
def gallery(address: str) -> Gallery:
    home = open_gallery(address)
    home.enrol(ITEMS, embed(VECTORS), crops=CROPS, source=RECORD.source)
    return home


def keys(results: Sequence) -> list[str]:
    return [result.key for result in results]


def test_enrolment_is_there_after_opening_again(address: str, gallery: Gallery) -> None:
    again = open_gallery(address)
    assert again.encoder == RECORD
    assert again.items() == ITEMS
    np.testing.assert_allclose(again.embeddings().vectors, VECTORS, atol=1e-6)
    assert [again.crop(key) for key in "abd"] == [CROPS["a"], None, CROPS["d"]]
    assert again.crop("nobody") is None
    assert (again.item("c"), again.item("nobody")) == (ITEMS[2], None)


def test_a_known_key_keeps_what_it_has(gallery: Gallery) -> None:
    changed = GalleryItem("b", person="bill")
    fresh = GalleryItem("f", person="fay")
    done = gallery.enrol([changed, fresh], embed([[0, 0, 1], [0, 0, 1]]), crops={"b": b"new", "f": b"sixth"})
    assert done == Enrolment(accepted=("f",), known=("b",))
    assert gallery.items() == (*ITEMS, fresh)
    assert (gallery.crop("b"), gallery.crop("f")) == (None, b"sixth")
    assert gallery.enrol([fresh], embed([[1, 0, 0]])) == Enrolment(known=("f",))
    assert gallery.search(np.array([0, 0, 1.0]), top=1)[0].key == "f"


def test_many_items_come_at_once_in_order(address: str) -> None:
    generator = np.random.default_rng(0)
    vectors = generator.normal(size=(300, 8))
    items = [GalleryItem(f"{number:03}"[::-1], camera=str(number % 7)) for number in range(300)]
    gallery = open_gallery(address)
    assert len(gallery.enrol(items, embed(vectors)).accepted) == 300
    assert gallery.items() == tuple(items)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    np.testing.assert_allclose(gallery.embeddings().vectors, unit, atol=1e-6)
    asked = unit[17]
    expected = [items[row].key for row in np.argsort(-(unit @ asked))[:10]]
    assert keys(gallery.search(asked)) == expected


@pytest.mark.parametrize(
    ("items", "count", "crops"),
    [
        ([ITEMS[0], ITEMS[0]], 2, {}),
        ([ITEMS[0]], 2, {}),
        ([GalleryItem("new")], 1, {"other": b"crop"}),
    ],
)
def test_what_does_not_fit_is_refused(
    gallery: Gallery, items: list[GalleryItem], count: int, crops: dict[str, bytes]
) -> None:
    with pytest.raises(DataError):
        gallery.enrol(items, embed([[1, 0, 0]] * count), crops=crops)
    assert gallery.items() == ITEMS


@pytest.mark.parametrize(
    "foreign",
    [embed([[1, 0, 0]], "other@space"), embed([[1, 0]]), replace(embed([[1, 0, 0]]), rotation="turned")],
)
def test_vectors_of_another_encoder_are_never_mixed_in(gallery: Gallery, foreign: Embeddings) -> None:
    with pytest.raises(FingerprintError):
        gallery.enrol([GalleryItem("new")], foreign)
    assert gallery.items() == ITEMS
    assert len(gallery.embeddings()) == len(ITEMS)


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({"track": "t1"}, "cd"),
        ({"track": ["t2", "t9"]}, "e"),
        ({"collection": "staff"}, "a"),
        ({"watchlist": "wanted"}, "cde"),
        ({"watchlist": ["wanted", "others"]}, "bcde"),
        ({"watchlist": "unheard of"}, ""),
        ({"watchlist": "wanted", "camera": "2", "time_range": (NOON, None)}, "de"),
    ],
)
def test_conditions(gallery: Gallery, conditions: dict, expected: str) -> None:
    gallery.watch("wanted", tracks=["t1", "t2"])
    gallery.watch("others", people=["bob"])
    assert sorted(keys(gallery.search(np.array([1.0, 0, 0]), **conditions))) == sorted(expected)


def test_groups_show_their_best(gallery: Gallery) -> None:
    query = np.array([1.0, 0, 0])
    assert keys(gallery.search(query, group="person")) == ["a", "b", "c", "d"]
    assert keys(gallery.search(query, group="person", top=2)) == ["a", "b"]
    assert keys(gallery.search(query, group="track")) == ["a", "e", "b", "c"]
    by_track = gallery.search(query, group="track", camera="2")
    assert [(result.key, result.track, result.rank) for result in by_track] == [
        ("e", "t2", 1),
        ("c", "t1", 2),
    ]


def test_a_track_of_a_device_is_an_item(address: str) -> None:
    track = Track(
        key="door/17",
        camera="door",
        modality=Modality.IR,
        start=NOON,
        end=NOON + HOUR,
        frames=9,
        crops=3,
        quality=0.5,
        box=(0.0, 0.0, 10.0, 20.0),
        vector=np.array([0, 1.0], np.float32),
    )
    gallery = open_gallery(address)
    gallery.enrol([GalleryItem.of_track(track, collection="week")], embed([track.vector]))
    (found,) = gallery.search(np.array([0, 1.0]))
    assert (found.key, found.camera, found.time, found.track, found.collection, found.modality) == (
        "door/17", "door", NOON, "door/17", "week", Modality.IR,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("selections", "gone"),
    [
        ([Selection(keys="b")], "b"),
        ([Selection(people=["ann"])], "ae"),
        ([Selection(people="ann", cameras="1")], "a"),
        ([Selection(time_range=(None, NOON + HOUR))], "ab"),
        ([Selection(modality="ir")], "c"),
        ([Selection(collections="staff"), Selection(keys=["d", "unknown"])], "ad"),
        (Selection.of_subject(person="ann", tracks=["t1"], keys=["b"]), "abcde"),
        ([Selection(people="nobody")], ""),
    ],
)
def test_erasing(address: str, gallery: Gallery, selections: Sequence[Selection], gone: str) -> None:
    proof = gallery.erase(*selections, reference="request 7")
    assert proof.items == proof.vectors == len(gone)
    assert proof.crops == len(set(gone) & {"a", "d"})
    assert (proof.reference, proof.remaining, proof.digest) == ("request 7", 0, digest_of(gone))
    again = open_gallery(address)
    left = [item for item in ITEMS if item.key not in gone]
    assert list(again.items()) == left
    assert again.erasures() == (proof,)
    assert [again.crop(key) for key in gone] == [None] * len(gone)
    if left:
        assert set(keys(again.search(np.ones(3)))) == {item.key for item in left}


def test_what_was_erased_does_not_come_back(gallery: Gallery) -> None:
    gallery.erase(Selection(people="ann"))
    gallery.erase(Selection(keys="b"))
    done = gallery.enrol(ITEMS[:3], embed(VECTORS[:3]), crops={"a": CROPS["a"]})
    assert done == Enrolment(known=("c",), erased=("a", "b"))
    assert [item.key for item in gallery.items()] == ["c", "d"]
    assert gallery.crop("a") is None
    assert len(gallery.erasures()) == 2


def test_erasing_takes_places_on_watchlists(gallery: Gallery) -> None:
    gallery.watch("wanted", people=["ann", "bob", "never seen"], tracks=["t1", "t2"])
    proof = gallery.erase(Selection(keys=["a", "c", "d"]))
    assert proof.memberships == 1  # t1 has no item left, but ann has
    assert gallery.watchlists() == (Watchlist("wanted", ("ann", "bob", "never seen"), ("t2",)),)
    proof = gallery.erase(Selection(people=["never seen", "ann"]))
    assert (proof.items, proof.memberships) == (1, 3)  # both of them, and the track t2
    assert gallery.watchlists() == (Watchlist("wanted", ("bob",)),)


def test_an_emptied_gallery_takes_another_encoder(gallery: Gallery) -> None:
    gallery.erase(Selection(keys=[item.key for item in ITEMS]))
    with pytest.raises(DataError, match="no pictures are enrolled"):
        gallery.search(np.ones(3))
    gallery.enrol([GalleryItem("new")], embed([[0, 1]], NEXT.fingerprint), source=NEXT.source)
    assert gallery.encoder == NEXT
    assert keys(gallery.search(np.array([0, 1.0]))) == ["new"]


def test_what_is_said_before_anything_is_enrolled_is_kept(address: str) -> None:
    gallery = open_gallery(address)
    gallery.watch("wanted", people=["ann"])
    gallery.retain("staff", timedelta(days=1))
    assert gallery.erase(Selection(people="bob")).items == 0
    assert (gallery.encoder, len(gallery), gallery.index) == (None, 0, None)
    gallery.enrol(ITEMS, embed(VECTORS))
    assert sorted(keys(gallery.search(np.ones(3), watchlist="wanted"))) == ["a", "e"]
    assert gallery.retentions() == {"staff": timedelta(days=1)}


@pytest.mark.parametrize("selections", [(), (Selection(),), (Selection(keys="a"), Selection())])
def test_nothing_is_erased_by_leaving_out_what(gallery: Gallery, selections: Sequence[Selection]) -> None:
    with pytest.raises(DataError, match="without a condition"):
        gallery.erase(*selections)
    with pytest.raises(DataError, match="nobody"):
        Selection.of_subject()
    assert gallery.items() == ITEMS


def test_retention(gallery: Gallery) -> None:
    now = datetime.now(UTC)
    assert gallery.expire(now + timedelta(days=1000)) is None
    gallery.retain("staff", timedelta(days=30))
    gallery.retain("", timedelta(days=2))
    assert gallery.retentions() == {"staff": timedelta(days=30), "": timedelta(days=2)}
    assert gallery.expire() is None
    proof = gallery.expire(now + timedelta(days=3))
    assert proof is not None
    assert (proof.items, proof.crops, proof.reference) == (4, 1, "retention")
    assert [item.key for item in gallery.items()] == ["a"]
    gallery.retain("staff", None)
    assert gallery.expire(now + timedelta(days=3000)) is None
    with pytest.raises(DataError, match="above 0"):
        gallery.retain("staff", timedelta(0))


def test_retention_counts_from_the_first_enrolment(gallery: Gallery) -> None:
    gallery.retain("", timedelta(days=1))
    with gallery.writing(RECORD) as writer:
        writer.relabel([replace(ITEMS[1], person="bill")])
    proof = gallery.expire(datetime.now(UTC) + timedelta(hours=23))
    assert proof is None


def test_watchlists(address: str, gallery: Gallery) -> None:
    gallery.watch("b", people=["bob", "ann"], tracks=["t2"])
    gallery.watch("a", tracks=["t1"])
    gallery.watch("b", people=["cid"])
    expected = (Watchlist("a", (), ("t1",)), Watchlist("b", ("ann", "bob", "cid"), ("t2",)))
    assert open_gallery(address).watchlists() == expected
    gallery.unwatch("b", people=["bob", "nobody"], tracks=["t2"])
    gallery.unwatch("unheard of", people=["bob"])
    gallery.remove_watchlist("a")
    gallery.remove_watchlist("unheard of")
    assert gallery.watchlists() == (Watchlist("b", ("ann", "cid")),)
    for wrong in ({"name": ""}, {"name": "b", "people": [""]}, {"name": "b", "tracks": ["t", ""]}):
        with pytest.raises(DataError, match="empty name"):
            gallery.watch(**wrong)


def test_statistics(address: str) -> None:
    empty = open_gallery(address).statistics()
    assert (empty.items, empty.first, empty.encoder, empty.index) == (0, None, None, None)
    gallery = open_gallery(address)
    gallery.enrol(ITEMS, embed(VECTORS), crops=CROPS, source=RECORD.source)
    found = gallery.statistics()
    assert (found.items, found.people, found.tracks, found.cameras, found.crops) == (5, 2, 2, 2, 2)
    assert found.modalities == {"rgb": 4, "ir": 1}
    assert found.collections == {"staff": 1, "": 4}
    assert (found.first, found.last) == (NOON, NOON + 4 * HOUR)
    assert (found.encoder, found.coming, found.pending) == (RECORD, None, 0)
    assert found.size_bytes > 5 * 3 * 4


def test_another_encoder_takes_over_when_all_is_done(address: str, gallery: Gallery) -> None:
    gallery.calibrate(CALIBRATION)
    new = np.roll(np.eye(5), 1, axis=1)
    replacement = gallery.replacement(NEXT)
    assert [item.key for item in replacement.pending(2)] == ["a", "b"]
    replacement.put(ITEMS[:3], embed(new[:3], NEXT.fingerprint))
    assert [item.key for item in replacement.pending(9)] == ["d", "e"]
    assert gallery.statistics().pending == 2
    assert gallery.statistics().coming == NEXT
    assert keys(gallery.search(embed([[1, 0, 0]]), top=1)) == ["a"]  # still by the old one
    with pytest.raises(FingerprintError):
        gallery.search(embed(new[:1], NEXT.fingerprint))
    with pytest.raises(FingerprintError):
        gallery.enrol([GalleryItem("f")], embed(new[:1], NEXT.fingerprint))
    with pytest.raises(DataError, match="2 items without a vector"):
        replacement.finish()
    gallery.enrol([GalleryItem("f")], embed([[0, 0, 1]]))
    gallery.erase(Selection(keys=["a", "d"]))
    again = open_gallery(address).replacement(NEXT)  # resumes
    assert [item.key for item in again.pending(9)] == ["e", "f"]
    again.put([*ITEMS[3:], GalleryItem("f")], embed(np.array([new[3], new[4], new[4]]), NEXT.fingerprint))
    again.finish()
    done = open_gallery(address)
    assert done.encoder == NEXT
    assert [item.key for item in done.items()] == ["b", "c", "e", "f"]
    np.testing.assert_allclose(done.embeddings().vectors, new[[1, 2, 4, 4]], atol=1e-6)
    assert done.items()[0] == ITEMS[1]
    assert done.calibrations() == ()
    assert keys(done.search(embed([new[1]], NEXT.fingerprint), top=1)) == ["b"]
    with pytest.raises(FingerprintError):
        done.search(embed([[1, 0, 0]]))
    assert done.statistics().coming is None


def test_a_replacement_can_be_abandoned(gallery: Gallery) -> None:
    with pytest.raises(FingerprintError, match="another encoder"):
        gallery.replacement(RECORD)
    replacement = gallery.replacement(NEXT)
    replacement.put(ITEMS, embed(VECTORS, NEXT.fingerprint))
    with pytest.raises(FingerprintError, match="coming already"):
        gallery.replacement(EncoderRecord("third"))
    with pytest.raises(FingerprintError):
        replacement.put(ITEMS[:1], embed(VECTORS[:1]))
    with pytest.raises(FingerprintError):
        replacement.put(ITEMS[:1], embed([[1, 0]], NEXT.fingerprint))
    replacement.abandon()
    with pytest.raises(DataError, match="no replacement"):
        replacement.finish()
    assert gallery.encoder == RECORD
    assert gallery.statistics().coming is None
    assert keys(gallery.search(embed([[1, 0, 0]]), top=1)) == ["a"]


def test_a_picture_that_changes_needs_its_new_vector_again(gallery: Gallery) -> None:
    replacement = gallery.replacement(NEXT)
    replacement.put(ITEMS, embed(VECTORS, NEXT.fingerprint))
    assert replacement.pending(9) == ()
    with gallery.writing(RECORD) as writer:
        writer.put([ITEMS[1]], embed([[0, 0, 1]]))
    assert replacement.pending(9) == (ITEMS[1],)


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
    weights={Modality.RGB: 1.0},
    evidence={"rgb": ITEM},
)


def test_a_calibrated_search_may_answer_nobody(address: str, gallery: Gallery) -> None:
    query = embed([[0.7, 0, 0.51**0.5]])
    with pytest.raises(DataError, match="has no calibration"):
        gallery.search(query, fpir=0.1, modality="rgb")
    gallery.calibrate(replace(CALIBRATION, people=1))
    gallery.calibrate(CALIBRATION)
    assert [kept.people for kept in open_gallery(address).calibrations()] == [2]
    found = gallery.search(query, fpir=0.1, camera="1")
    sure = ITEM.threshold(0.1, candidates=2)
    assert [result.score >= sure for result in found] == [True] * len(found)
    expected = ITEM.probability(np.array([0.7]), candidates=2)[0]
    assert found[0].probability == pytest.approx(expected, abs=1e-4)
    assert gallery.search(embed([[0, 0, 1]]), fpir=0.1, modality="rgb") == ()
    with pytest.raises(DataError, match="ir pictures among the candidates"):
        gallery.search(query, fpir=0.1)
    assert expected_misses(gallery, query, fpir=0.1) == 0.5
    with pytest.raises(FingerprintError, match="calibrate with the gallery's encoder"):
        gallery.calibrate(replace(CALIBRATION, gallery_fingerprint="x"))


def test_batches_and_a_file_bring_everything_elsewhere(
    address: str, gallery: Gallery, tmp_path: Path
) -> None:
    batches = list(gallery.batches(2))
    assert [[item.key for item in batch.items] for batch in batches] == [["a", "b"], ["c", "d"], ["e"]]
    assert [dict(batch.crops) for batch in batches] == [{"a": CROPS["a"]}, {"d": CROPS["d"]}, {}]
    np.testing.assert_allclose(batches[1].embeddings.vectors, VECTORS[2:4], atol=1e-6)
    file = tmp_path / "gallery.parquet"
    assert export_gallery(gallery, file) == 5
    other = open_gallery(tmp_path / "copy")
    assert import_gallery(other, file).accepted == tuple("abcde")
    assert other.items() == ITEMS
    assert other.encoder == RECORD
    assert other.crop("d") == CROPS["d"]
    np.testing.assert_array_equal(other.embeddings().vectors, gallery.embeddings().vectors)
    gallery.erase(Selection(people="ann"))
    assert import_gallery(gallery, file) == Enrolment(known=("b", "c", "d"), erased=("a", "e"))


def clusters(rows: int, dim: int, generator: np.random.Generator) -> np.ndarray:
    """Vectors with a power-law spectrum in random directions, like real features."""
    rotation = np.linalg.qr(generator.normal(size=(dim, dim)))[0]
    scales = np.arange(1, dim + 1) ** -1.0
    people = generator.normal(size=(rows // 4, dim))[np.arange(rows) % (rows // 4)]
    vectors = ((people + 0.4 * generator.normal(size=(rows, dim))) * scales) @ rotation
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_an_index_finds_what_an_exact_search_finds(address: str) -> None:
    generator = np.random.default_rng(1)
    vectors = clusters(1200, 96, generator)
    items = [GalleryItem(f"{n:04}", camera=str(n % 3), person=str(n % 300)) for n in range(1200)]
    gallery = open_gallery(address)
    gallery.enrol(items[:1000], embed(vectors[:1000]))
    assert gallery.index is None
    record = gallery.build_index(0.95)
    assert record.used
    assert (record.target, record.rows) == (0.95, 1000)
    assert record.width == 32
    assert 0.5 < record.energy < 1
    assert open_gallery(address).index == gallery.index == record == gallery.statistics().index
    gallery.enrol(items[1000:], embed(vectors[1000:]))  # indexed too
    hits = total = 0
    choices: tuple[dict[str, Any], ...] = ({}, {"camera": "1"}, {"group": "person"})
    for options in choices:
        for query in vectors[3::40]:
            exact = keys(gallery.search(query, exact=True, **options))
            hits += len(set(exact) & set(keys(gallery.search(query, **options))))
            total += len(exact)
    assert hits / total >= 0.95
    assert gallery.search(vectors[1100], top=1)[0].key == "1100"
    assert gallery.search(embed([vectors[1100]]), top=1)[0].score == pytest.approx(1, abs=1e-5)
    gallery.erase(Selection(keys="1100"))
    assert "1100" not in keys(gallery.search(vectors[1100]))


def test_an_index_that_would_miss_is_not_used(address: str) -> None:
    vectors = np.random.default_rng(2).normal(size=(4000, 160))
    gallery = open_gallery(address)
    gallery.enrol([GalleryItem(str(n)) for n in range(4000)], embed(vectors))
    expected = keys(gallery.search(vectors[0]))
    record = gallery.build_index(0.9999)
    assert isinstance(record, IndexRecord)
    assert not record.used
    assert gallery.index is None
    assert keys(gallery.search(vectors[0])) == expected
    for target in (0.0, 1.0, 1.5):
        with pytest.raises(ConfigurationError, match="target recall"):
            gallery.build_index(target)


class TiredError(Exception):
    """Somebody who does not want to wait for the end."""


def test_an_index_says_its_steps_and_can_be_given_up(address: str) -> None:
    vectors = clusters(1000, 96, np.random.default_rng(1))
    gallery = open_gallery(address)
    gallery.enrol([GalleryItem(f"{n:04}") for n in range(1000)], embed(vectors))
    steps: dict[str, float | None] = {}

    def tire_of(last: str) -> Callable[[str, float | None], None]:
        def hear(step: str, share: float | None) -> None:
            assert share is None or 0 <= share <= 1
            steps[step] = share
            if step == last:
                raise TiredError

        return hear

    with pytest.raises(TiredError):
        gallery.build_index(0.9, progress=tire_of("measuring what it finds"))
    assert gallery.index is None
    assert {"reading the vectors", "measuring what it finds"} <= set(steps)
    record = gallery.build_index(0.9, progress=tire_of(""))
    assert record.used
    with pytest.raises(TiredError):
        gallery.build_index(0.5, progress=tire_of("reading the vectors"))
    assert gallery.index == record
    assert len(gallery.search(vectors[0])) == 10


def test_no_index_of_a_handful(gallery: Gallery) -> None:
    with pytest.raises(DataError, match="more than 20"):
        gallery.build_index()
