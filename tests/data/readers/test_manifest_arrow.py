"""Folders and files that the library `datasets` itself wrote; see tests/golden/datasets-library/make.py."""

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crossreid.core.errors import DataError
from crossreid.core.modality import Modality
from crossreid.data import load_dataset

GOLDEN = Path(__file__).parents[2] / "golden" / "datasets-library"


def pixels(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(256, size=(6, 4, 3), dtype=np.uint8)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    return shutil.copytree(GOLDEN, tmp_path / "saved")


def test_splits_with_pictures_inside_and_class_labels() -> None:
    people = load_dataset("manifest", GOLDEN / "splits")
    assert people.labels == ("adam", "zoe")
    assert people.splits == ("train",) * 3 + ("test",) * 3
    photo, sketch, words = people.samples[:3]
    assert [sample.modality for sample in people.samples[:3]] == [
        Modality.RGB,
        Modality.SKETCH,
        Modality.TEXT,
    ]
    assert photo.image is not None
    assert np.array_equal(photo.image, pixels(0))
    assert (photo.person_id, photo.camera_id, photo.source_id) == (1, 3, "g0")
    assert sketch.image is not None
    assert np.array_equal(sketch.image, pixels(1))
    assert (sketch.camera_id, words.caption, words.image) == (-1, "A man, tall.", None)
    assert len({sample.item_id for sample in people.samples}) == 6
    assert set(people.groups()) == {"g0", "g10"}


def test_one_split_is_read_alone() -> None:
    test = load_dataset("manifest", GOLDEN / "splits", split="test")
    assert (test.labels, len(test)) == (("adam",), 3)
    assert test.samples[0].image is not None
    assert np.array_equal(test.samples[0].image, pixels(10))
    assert len(load_dataset("manifest", GOLDEN / "splits" / "train")) == 3


def test_its_parquet_says_the_same() -> None:
    first, second = (
        load_dataset("manifest", GOLDEN / name).samples for name in ("people.parquet", "splits/train")
    )
    for one, other in zip(first, second, strict=True):
        assert (one.modality, one.caption, one.source_id) == (other.modality, other.caption, other.source_id)
        assert (one.image is None) is (other.image is None)
        if one.image is not None and other.image is not None:
            assert np.array_equal(one.image, other.image)


def test_shards_with_paths_are_one_table() -> None:
    people = load_dataset("manifest", GOLDEN / "paths")
    assert [sample.path for sample in people.samples] == [
        GOLDEN / "paths/a/1.jpg",
        GOLDEN / "paths/a/2.jpg",
    ] * 3
    assert [sample.person_id for sample in people.samples] == [0, -1] * 3


def test_a_picture_may_be_named_in_the_place_of_its_content(tmp_path: Path) -> None:
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    table = pa.table(
        {"image": pa.array([{"bytes": None, "path": "a/1.jpg"}, None], kind), "modality": ["rgb", "text"],
         "caption": [None, "a man"]}
    )  # fmt: skip
    pq.write_table(table, tmp_path / "manifest.parquet")
    photo, words = load_dataset("manifest", tmp_path).samples
    assert (photo.path, photo.image, words.caption) == (tmp_path / "a/1.jpg", None, "a man")


def edit(file: Path, **changes: object) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def test_what_is_damaged_is_named(saved: Path) -> None:
    edit(saved / "paths/state.json", _data_files=[{"filename": "../../etc/passwd"}])
    with pytest.raises(DataError, match="expected a path inside"):
        load_dataset("manifest", saved / "paths")
    edit(saved / "paths/state.json", _data_files=[])
    with pytest.raises(DataError, match=r"state\.json names no files"):
        load_dataset("manifest", saved / "paths")
    edit(saved / "paths/state.json", _data_files=None)
    with pytest.raises(DataError, match=r"state\.json names no files"):
        load_dataset("manifest", saved / "paths")
    edit(saved / "splits/dataset_dict.json", splits=[])
    with pytest.raises(DataError, match="names no splits"):
        load_dataset("manifest", saved / "splits")
    (saved / "splits/train/data-00000-of-00001.arrow").write_bytes(b"nonsense")
    with pytest.raises(DataError, match=r"arrow cannot be read"):
        load_dataset("manifest", saved / "splits/train")


def test_a_damaged_picture_is_named_by_its_row(tmp_path: Path) -> None:
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    pictures = pa.array([{"bytes": b"nonsense", "path": "1.png"}], kind)
    pq.write_table(pa.table({"image": pictures, "modality": ["rgb"]}), tmp_path / "manifest.parquet")
    with pytest.raises(DataError, match="row 1: bytes: the content is no picture"):
        load_dataset("manifest", tmp_path)
