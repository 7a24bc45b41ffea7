"""What every home of a gallery has to do; each home is one parameter of `address`."""

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import ConfigurationError, DataError, FingerprintError, MissingDependencyError
from crossreid.core.modality import Modality
from crossreid.gallery import EncoderRecord, Gallery, GalleryItem, SearchResults, open_gallery

RECORD = EncoderRecord("maker@space", "tiny-edge")
NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)

ITEMS = (
    GalleryItem("/a.jpg", "/", "ann", "1", NOON, source="s1"),
    GalleryItem("/b.jpg", "/", "bob", "1", NOON + timedelta(hours=1)),
    GalleryItem("/c.jpg", "/", "ann", "2", None, Modality.IR),
    GalleryItem("/d.jpg", "/", "7", "2", NOON + timedelta(hours=3)),
)
VECTORS = np.array([[1, 0, 0], [0.8, 0.6, 0], [0, 2, 0], [0, 0, 1]])


def embed(vectors: np.ndarray | Sequence, fingerprint: str = RECORD.fingerprint) -> Embeddings:
    count = len(vectors)
    return Embeddings(
        vectors=np.asarray(vectors, np.float32),
        modalities=np.full(count, "rgb"),
        person_ids=np.full(count, -1),
        camera_ids=np.full(count, -1),
        source_ids=np.full(count, ""),
        item_ids=np.full(count, "x"),
        fingerprint=fingerprint,
    )


def fill(address: str) -> Gallery:
    gallery = open_gallery(address)
    with gallery.writing(RECORD) as writer:
        writer.put(ITEMS[:3], embed(VECTORS[:3]))
        writer.put(ITEMS[3:], embed(VECTORS[3:]))
    return gallery


def paths(results: Sequence) -> list[str]:
    return [str(result.path) for result in results]


def test_a_new_gallery_is_empty_and_creates_nothing(address: str) -> None:
    gallery = open_gallery(address)
    assert isinstance(gallery, Gallery)
    assert (len(gallery), gallery.items(), gallery.encoder) == (0, (), None)
    with pytest.raises(DataError, match="no pictures are enrolled"):
        gallery.search(np.ones(3))
    assert not Path(address).exists()


def test_what_was_enrolled_is_there_after_opening_again(address: str) -> None:
    fill(address)
    gallery = open_gallery(address)
    assert gallery.encoder == RECORD
    assert gallery.items() == ITEMS
    embeddings = gallery.embeddings()
    np.testing.assert_allclose(embeddings.vectors, VECTORS / np.linalg.norm(VECTORS, axis=1)[:, None])
    assert embeddings.item_ids.tolist() == [item.path for item in ITEMS]
    assert embeddings.person_ids.tolist() == [-1, -1, -1, 7]
    assert embeddings.camera_ids.tolist() == [1, 1, 2, 2]
    assert embeddings.modalities.tolist() == ["rgb", "rgb", "ir", "rgb"]
    assert embeddings.source_ids.tolist() == ["s1", "", "", ""]


def test_search_ranks_by_cosine(address: str) -> None:
    results = fill(address).search(np.array([3.0, 0, 0]))
    assert paths(results) == ["/a.jpg", "/b.jpg", "/c.jpg", "/d.jpg"]
    assert [result.score for result in results] == pytest.approx([1, 0.8, 0, 0])
    assert [result.rank for result in results] == [1, 2, 3, 4]
    first = results[0]
    assert (first.person, first.camera, first.time, first.modality, first.source) == (
        "ann", "1", NOON, Modality.RGB, "s1",
    )  # fmt: skip
    assert paths(open_gallery(address).search(np.array([0, 1.0, 0]), top=1)) == ["/c.jpg"]


def test_ties_keep_the_order_of_enrolment(address: str) -> None:
    gallery = open_gallery(address)
    with gallery.writing(RECORD) as writer:
        names = [GalleryItem(f"/{number}.jpg", "/") for number in range(40)]
        writer.put(names, embed([[1, 0]] * 40))
    found = gallery.search(np.array([1.0, 0]), top=15)
    assert paths(found) == [f"/{number}.jpg" for number in range(15)]
    assert isinstance(found, SearchResults)


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({"camera": "1"}, ["/a.jpg", "/b.jpg"]),
        ({"camera": ["2", "9"]}, ["/c.jpg", "/d.jpg"]),
        ({"camera": []}, []),
        ({"person": "ann"}, ["/a.jpg", "/c.jpg"]),
        ({"person": "ann", "camera": "2"}, ["/c.jpg"]),
        ({"modality": "ir"}, ["/c.jpg"]),
        ({"modality": Modality.SKETCH}, []),
        ({"time_range": (NOON, NOON + timedelta(hours=1))}, ["/a.jpg", "/b.jpg"]),
        ({"time_range": (None, NOON)}, ["/a.jpg"]),
        ({"time_range": (NOON + timedelta(minutes=1), None)}, ["/b.jpg", "/d.jpg"]),
        ({"time_range": (None, None)}, ["/a.jpg", "/b.jpg", "/d.jpg"]),
        (
            {"time_range": (datetime(2025, 3, 1, 14, tzinfo=timezone(timedelta(hours=1))), None)},
            ["/b.jpg", "/d.jpg"],
        ),
    ],
)
def test_conditions(address: str, conditions: dict[str, Any], expected: list[str]) -> None:
    assert paths(fill(address).search(np.array([1.0, 0, 0]), **conditions)) == expected


def test_several_pieces_of_evidence_are_fused(address: str) -> None:
    results = fill(address).search(embed([[1, 0, 0], [0, 5, 0]]))
    assert paths(results)[0] == "/b.jpg"
    assert results[0].score == pytest.approx((0.8 + 0.6) / np.sqrt(2))


def test_only_encoders_of_one_space_may_search(address: str) -> None:
    gallery = fill(address)
    assert paths(gallery.search(embed(VECTORS[3:], "distilled@space")))[0] == "/d.jpg"
    for stranger in ("maker@elsewhere", "maker"):
        with pytest.raises(FingerprintError, match=r"same space.*--rebuild"):
            gallery.search(embed(VECTORS[:1], stranger))


@pytest.mark.parametrize(
    "query", [np.ones(4), np.ones((1, 3)), np.zeros(3), np.array([1, np.nan, 0]), np.array([np.inf, 0, 0])]
)
def test_bad_queries(address: str, query: np.ndarray) -> None:
    with pytest.raises(DataError):
        fill(address).search(query)


@pytest.mark.parametrize(
    "options",
    [{"top": 0}, {"modality": "smell"}, {"time_range": (datetime(2025, 1, 1), None)}],
)
def test_bad_conditions(address: str, options: dict[str, Any]) -> None:
    with pytest.raises(DataError):
        fill(address).search(np.ones(3), **options)


def test_a_known_path_is_replaced_in_its_place(address: str) -> None:
    gallery = fill(address)
    changed = GalleryItem("/b.jpg", "/", "bill")
    with gallery.writing(RECORD) as writer:
        writer.put([changed], embed([[0, 0, 1]]))
        assert gallery.items() == (ITEMS[0], changed, *ITEMS[2:])
    assert gallery.items() == (ITEMS[0], changed, *ITEMS[2:])
    assert paths(gallery.search(np.array([0, 0, 1.0]), top=2)) == ["/b.jpg", "/d.jpg"]


def test_relabelling_keeps_vectors(address: str) -> None:
    gallery = fill(address)
    before = gallery.embeddings().vectors
    renamed = GalleryItem("/b.jpg", "/", "bill", "9")
    with gallery.writing(RECORD) as writer:
        writer.relabel([renamed, GalleryItem("/unknown.jpg", "/")])
    assert gallery.items() == (ITEMS[0], renamed, *ITEMS[2:])
    np.testing.assert_array_equal(gallery.embeddings().vectors, before)


def test_removed_pictures_are_forgotten(address: str) -> None:
    gallery = fill(address)
    with gallery.writing(RECORD) as writer:
        writer.remove(["/a.jpg", "/d.jpg", "/unknown.jpg"])
    assert gallery.items() == ITEMS[1:3]
    assert paths(gallery.search(np.array([1.0, 0, 0]))) == ["/b.jpg", "/c.jpg"]
    with gallery.writing(RECORD) as writer:
        writer.remove([item.path for item in ITEMS])
    assert len(gallery) == 0


def test_another_reader_sees_each_commit(address: str) -> None:
    writing, reading = open_gallery(address), open_gallery(address)
    with writing.writing(RECORD) as writer:
        writer.put(ITEMS[:1], embed(VECTORS[:1]))
        assert reading.items() == ITEMS[:1]
        writer.put(ITEMS[1:], embed(VECTORS[1:]))
        assert reading.items() == ITEMS


def test_fingerprints_are_never_mixed(address: str) -> None:
    gallery = fill(address)
    with (
        pytest.raises(FingerprintError, match=r"maker@space.*tiny-edge.*--rebuild"),
        gallery.writing(EncoderRecord("x")),
    ):
        pytest.fail("another encoder became the writer")
    with gallery.writing(RECORD) as writer, pytest.raises(FingerprintError):
        writer.put(ITEMS[:1], embed(VECTORS[:1], "distilled@space"))
    assert gallery.items() == ITEMS


def test_rebuilding_forgets_only_when_new_pictures_arrive(address: str) -> None:
    gallery = fill(address)
    other = EncoderRecord("x", "elsewhere")
    with gallery.writing(other, rebuild=True):
        pass
    assert (gallery.items(), gallery.encoder) == (ITEMS, RECORD)
    with gallery.writing(other, rebuild=True) as writer:
        writer.put(ITEMS[:1], embed([[1, 0]], "x"))
    assert (gallery.items(), gallery.encoder) == (ITEMS[:1], other)
    assert gallery.embeddings().dim == 2


def test_there_is_one_writer(address: str) -> None:
    gallery = fill(address)

    def second() -> AbstractContextManager:
        return open_gallery(address).writing(RECORD)

    with gallery.writing(RECORD), pytest.raises(DataError, match="written by process"), second():
        pytest.fail("two writers")
    with second():
        pass


def test_one_vector_a_picture(address: str) -> None:
    with (
        open_gallery(address).writing(RECORD) as writer,
        pytest.raises(DataError, match="1 vector for 2 pictures"),
    ):
        writer.put(ITEMS[:2], embed(VECTORS[:1]))


def test_items_know_their_time_zone_and_are_pictures() -> None:
    with pytest.raises(DataError, match="zone"):
        GalleryItem("/a.jpg", "/", time=datetime(2025, 1, 1))
    with pytest.raises(DataError, match="text"):
        GalleryItem("/a.jpg", "/", modality=Modality.TEXT)


def test_other_homes_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="a folder, or postgresql"):
        open_gallery("mysql://host/base")


def test_a_database_needs_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    monkeypatch.delitem(sys.modules, "crossreid.gallery.postgres.address", raising=False)
    with pytest.raises(MissingDependencyError, match=r"sqlalchemy.*crossreid\[scale\]"):
        open_gallery("postgresql://host/base")
