import contextlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from crossreid.core.embeddings import Embeddings
from crossreid.core.errors import DataError
from crossreid.gallery import EncoderRecord, GalleryItem, open_gallery
from crossreid.gallery.parts import Part
from crossreid.gallery.writer import FolderWriter

RECORD = EncoderRecord("maker")


def items(*numbers: int) -> list[GalleryItem]:
    return [GalleryItem(f"/{number}.jpg", "/") for number in numbers]


def embed(*numbers: int) -> Embeddings:
    count = len(numbers)
    return Embeddings(
        vectors=np.array([[1, number] for number in numbers], np.float32),
        modalities=np.full(count, "rgb"),
        person_ids=np.full(count, -1),
        camera_ids=np.full(count, -1),
        source_ids=np.full(count, ""),
        item_ids=np.full(count, "x"),
        fingerprint=RECORD.fingerprint,
    )


def fill(folder: Path, *commits: tuple[int, ...]) -> None:
    with open_gallery(folder).writing(RECORD) as writer:
        for numbers in commits:
            writer.put(items(*numbers), embed(*numbers))


def parts(folder: Path) -> list[str]:
    return json.loads((folder / "gallery.json").read_text())["parts"]


def test_a_folder_of_other_things_is_refused(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").touch()
    with pytest.raises(DataError, match=r"holds files but no gallery\.json"):
        open_gallery(tmp_path)
    with pytest.raises(DataError, match="is a file"):
        open_gallery(tmp_path / "photo.jpg")


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"version": 1, "encoder": 3}', '{"version": 2}', "\xff"]
)
def test_a_damaged_index_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "gallery.json").write_text(content, encoding="latin-1")
    with pytest.raises(DataError, match=r"gallery\.json"):
        open_gallery(tmp_path)


@pytest.mark.parametrize("kind", ["vectors", "items"])
def test_damaged_parts_are_named(tmp_path: Path, kind: str) -> None:
    fill(tmp_path, (1, 2))
    (file,) = (tmp_path / "parts").glob(f"*.{kind}.parquet")
    file.write_bytes(b"PAR1 nothing")
    with pytest.raises(DataError, match=file.name):
        open_gallery(tmp_path).items()
    file.unlink()
    with pytest.raises(DataError, match=file.name):
        open_gallery(tmp_path).items()


def test_small_parts_are_joined_and_debris_is_cleaned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FolderWriter, "PART_ROWS", 4)
    fill(tmp_path, (1, 2, 3), (4, 5), (6,))
    assert [len(Part.load(tmp_path / "parts", name)) for name in parts(tmp_path)] == [4, 2]
    full = parts(tmp_path)[0]
    (tmp_path / "parts" / ".00000099.vectors.parquet.17").touch()
    (tmp_path / "parts" / "00000099.items.parquet").touch()
    fill(tmp_path, (7, 8, 9))
    assert parts(tmp_path)[0] == full  # a full part is not written again
    assert [item.path for item in open_gallery(tmp_path).items()] == [
        f"/{number}.jpg" for number in range(1, 10)
    ]
    assert len(list((tmp_path / "parts").iterdir())) == 2 * len(parts(tmp_path)) == 6
    fill(tmp_path, (2,))  # replaces a row of the full part
    assert parts(tmp_path)[0] != full
    assert [item.path for item in open_gallery(tmp_path).items()] == [
        f"/{number}.jpg" for number in range(1, 10)
    ]


def test_a_failure_keeps_what_was_committed(tmp_path: Path) -> None:
    gallery = open_gallery(tmp_path / "gallery")
    with contextlib.suppress(ZeroDivisionError), gallery.writing(RECORD) as writer:
        writer.put(items(1), embed(1))
        raise ZeroDivisionError
    assert len(gallery) == 1
    fill(tmp_path / "gallery", (2,))
    assert len(gallery) == 2


def test_an_interrupted_first_commit_blocks_nothing(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / ".lock").write_text("999999\n")
    (tmp_path / ".gallery.json.999999").write_text("{")
    fill(tmp_path, (1,))
    assert len(open_gallery(tmp_path)) == 1
    assert not (tmp_path / ".gallery.json.999999").exists()


def test_a_full_disk_is_a_data_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    gallery = open_gallery(tmp_path / "gallery")
    with gallery.writing(RECORD) as writer:
        writer.put(items(1), embed(1))
        monkeypatch.setattr(Part, "save", fail)
        with pytest.raises(DataError, match="No space left"):
            writer.put(items(2), embed(2))
        monkeypatch.undo()
    assert len(gallery) == 1


def test_a_place_that_cannot_be_written_is_a_data_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(DataError, match="cannot be written"),
        open_gallery(tmp_path / "file" / "g").writing(RECORD),
    ):
        pytest.fail("a folder below a file")


def test_a_reader_that_meets_a_clean_up_reads_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, (1, 2))
    gallery, load, interfered = open_gallery(tmp_path), Part.load.__func__, []

    def load_late(cls: type[Part], folder: Path, name: str) -> Part:
        if not interfered:
            interfered.append(name)
            fill(tmp_path, (3,))  # removes the part that is about to be read
        return load(cls, folder, name)

    monkeypatch.setattr(Part, "load", classmethod(load_late))
    assert len(gallery.items()) == 3
    assert interfered


def test_a_moved_gallery_is_the_same_gallery(tmp_path: Path) -> None:
    fill(tmp_path / "old", (1, 2))
    shutil.move(tmp_path / "old", tmp_path / "new")
    assert [item.path for item in open_gallery(tmp_path / "new").items()] == ["/1.jpg", "/2.jpg"]


ENDS_WITHOUT_CLEANING_UP = """
import os, sys
from crossreid.gallery import EncoderRecord, open_gallery
with open_gallery(sys.argv[1]).writing(EncoderRecord("maker")):
    os._exit(7)
"""


def test_the_lock_ends_with_its_process(tmp_path: Path) -> None:
    fill(tmp_path, (1,))
    done = subprocess.run([sys.executable, "-c", ENDS_WITHOUT_CLEANING_UP, str(tmp_path)], check=False)
    assert done.returncode == 7
    assert (tmp_path / ".lock").read_text().strip().isdigit()
    fill(tmp_path, (2,))
    assert len(open_gallery(tmp_path)) == 2
