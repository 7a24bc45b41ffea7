"""What only a folder has to care for when it is used as a service would."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import DataError
from crossreid.gallery import EncoderRecord, GalleryItem, Selection, open_gallery
from crossreid.gallery.records import key_hash
from crossreid.gallery.writer import FolderWriter

RECORD = EncoderRecord("maker")


def embed(*numbers: int) -> Embeddings:
    count = len(numbers)
    return Embeddings(
        vectors=np.array([[1, number] for number in numbers], np.float32),
        modalities=np.full(count, "rgb"),
        person_ids=np.full(count, -1),
        camera_ids=np.full(count, -1),
        source_ids=np.full(count, ""),
        item_ids=np.full(count, ""),
        fingerprint=RECORD.fingerprint,
    )


def test_a_gallery_of_an_earlier_version_is_read_and_goes_on(tmp_path: Path) -> None:
    gallery = open_gallery(tmp_path)
    with gallery.writing(RECORD) as writer:
        writer.put([GalleryItem("/a.jpg", "/"), GalleryItem("/b.jpg", "/")], embed(1, 2))
    (file,) = (tmp_path / "parts").glob("*.items.parquet")
    pq.write_table(pq.read_table(file).drop_columns(["track", "collection", "enrolled"]), file)
    state = json.loads((tmp_path / "gallery.json").read_text())
    names = ("version", "encoder", "created", "parts")
    (tmp_path / "gallery.json").write_text(json.dumps({name: state[name] for name in names}))
    old = open_gallery(tmp_path)
    assert old.items() == (GalleryItem("/a.jpg", "/"), GalleryItem("/b.jpg", "/"))
    old.enrol([GalleryItem("c")], embed(3))
    old.erase(Selection(keys="/a.jpg"))
    assert [item.key for item in open_gallery(tmp_path).items()] == ["/b.jpg", "c"]


def test_crops_of_an_enrolment_that_was_killed_go(tmp_path: Path) -> None:
    gallery = open_gallery(tmp_path)
    gallery.enrol([GalleryItem("a")], embed(1), crops={"a": b"picture"})
    left = tmp_path / "crops" / key_hash("never committed")
    left.write_bytes(b"debris")
    with gallery.writing(RECORD):
        pass
    assert not left.exists()
    assert gallery.crop("a") == b"picture"


def test_a_proof_tells_what_could_not_be_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gallery = open_gallery(tmp_path)
    gallery.enrol([GalleryItem("a"), GalleryItem("b")], embed(1, 2), crops={"a": b"picture"})
    monkeypatch.setattr(FolderWriter, "remove_crops", lambda self, keys: 0)
    proof = gallery.erase(Selection(keys="a"))
    assert (proof.crops, proof.remaining) == (0, 1)
    assert gallery.erasures() == (proof,)


def test_many_small_enrolments_make_few_parts(tmp_path: Path) -> None:
    gallery = open_gallery(tmp_path)
    for number in range(70):
        gallery.enrol([GalleryItem(str(number))], embed(number))
    assert len(json.loads((tmp_path / "gallery.json").read_text())["parts"]) < 40
    assert [item.key for item in gallery.items()] == [str(number) for number in range(70)]


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    gallery = open_gallery(tmp_path)
    with gallery.writing(RECORD), pytest.raises(DataError, match="written by process"):
        open_gallery(tmp_path).enrol([GalleryItem("a")], embed(1))


def test_a_reader_sees_a_new_index(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    vectors = (generator.normal(size=(200, 64)) * np.arange(1, 65) ** -2.0).astype(np.float32)
    embeddings = Embeddings(
        vectors=vectors,
        modalities=np.full(200, "rgb"),
        person_ids=np.full(200, -1),
        camera_ids=np.full(200, -1),
        source_ids=np.full(200, ""),
        item_ids=np.full(200, ""),
        fingerprint=RECORD.fingerprint,
    )
    writing, reading = open_gallery(tmp_path), open_gallery(tmp_path)
    writing.enrol([GalleryItem(str(number)) for number in range(200)], embeddings)
    before = reading.search(vectors[3])
    record = writing.build_index(0.9)
    assert record.used
    assert reading.index == record
    assert [one.key for one in reading.search(vectors[3])] == [one.key for one in before]
    assert writing.build_index(0.9).used  # built anew; the old directions go
    assert len(list((tmp_path / "parts").glob("*.safetensors"))) == 1
