import os
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crossreid.core.errors import DataError
from crossreid.core.modality import Modality
from crossreid.gallery.listing import list_pictures


def touch(*files: Path) -> None:
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"12345")


def test_a_tree(tmp_path: Path) -> None:
    names = ["ann/b.JPG", "ann/ä ö.png", "bob/ir/1.webp", "c.bmp", "d.jpeg"]
    touch(*(tmp_path / name for name in [*names, "notes.txt", ".hidden/x.jpg", ".y.jpg", "film.gif"]))
    (tmp_path / "folder.jpg").mkdir()
    touch(tmp_path / "folder.jpg" / "inside.png")
    (tmp_path / "loop.jpg").symlink_to(tmp_path / "loop.jpg")
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nowhere")
    (tmp_path / "circle").symlink_to(tmp_path)
    listing = list_pictures(tmp_path)
    assert listing.root == tmp_path.resolve()
    found = {item.path.removeprefix(f"{listing.root}/"): item for item in listing.items}
    assert sorted(found) == sorted([*names, "folder.jpg/inside.png"])
    assert (found["ann/b.JPG"].person, found["ann/b.JPG"].modality) == ("ann", Modality.RGB)
    assert (found["bob/ir/1.webp"].person, found["bob/ir/1.webp"].modality) == ("bob", Modality.IR)
    assert found["c.bmp"].person == ""
    assert found["c.bmp"].size_bytes == 5
    assert found["c.bmp"].modified_ns == (tmp_path / "c.bmp").stat().st_mtime_ns
    assert {Path(path).name for path, _ in listing.skipped} == {"loop.jpg", "gone.jpg"}


def test_names_that_are_not_unicode_are_reported(tmp_path: Path) -> None:
    touch(tmp_path / "a.jpg")
    try:
        Path(os.fsdecode(bytes(tmp_path) + b"/\xff.jpg")).write_bytes(b"x")
    except OSError:
        pytest.skip("the file system takes no such name")
    listing = list_pictures(tmp_path)
    assert len(listing.items) == 1
    assert [reason for _, reason in listing.skipped] == ["the name is not valid UTF-8: rename the file"]


def test_folders_that_cannot_be_read_are_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path / "a.jpg", tmp_path / "closed" / "b.jpg")
    scandir = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    listing = list_pictures(tmp_path)
    assert len(listing.items) == 1
    assert listing.skipped == ((str(tmp_path / "closed"), "the folder cannot be read (Permission denied)"),)


def test_a_csv_manifest(tmp_path: Path) -> None:
    touch(tmp_path / "1.jpg", tmp_path / "sub" / "2.jpg", tmp_path / "3.jpg", tmp_path / "4.jpg")
    manifest = tmp_path / "list.csv"
    manifest.write_text(
        "path,person,camera,time,modality,source,weather\n"
        "1.jpg,ann,north,2025-03-01T14:30:00+01:00,,s1,rain\n"
        "sub/../sub/2.jpg,7,2,2025-03-01 13:30,IR,,\n"
        f"{tmp_path / '3.jpg'},,,,,,\n"
        ",ann,,,text,,\n"
        "4.jpg,,,yesterday,,,\n"
        "4.jpg,,,,smell,,\n"
        "1.jpg,bob,,,,,\n"
        "../5.jpg,,,,,,\n"
        "absent.jpg,,,,,,\n",
        encoding="utf-8",
    )
    listing = list_pictures(manifest)
    one, two, three = listing.items
    assert listing.root == manifest
    assert one.path == str(tmp_path / "1.jpg")
    assert one.root == str(manifest)
    assert (one.person, one.camera, one.source, one.modality) == ("ann", "north", "s1", Modality.RGB)
    assert one.time == two.time == datetime(2025, 3, 1, 13, 30, tzinfo=UTC)
    assert (two.path, two.person, two.modality) == (str(tmp_path / "sub" / "2.jpg"), "7", Modality.IR)
    assert (three.person, three.camera, three.time) == ("", "", None)
    reasons = {where.removeprefix(f"{manifest}, row "): reason for where, reason in listing.skipped}
    assert sorted(reasons) == ["5", "6", "7", "8", "9"]
    assert "yesterday" in reasons["5"]
    assert "smell" in reasons["6"]
    assert "listed twice" in reasons["7"]
    assert "leaves the manifest's folder" in reasons["8"]
    assert "No such file" in reasons["9"]


def test_a_parquet_manifest(tmp_path: Path) -> None:
    touch(tmp_path / "1.jpg", tmp_path / "2.jpg")
    times = [datetime(2025, 3, 1, 13, 30, tzinfo=UTC), None]
    table = pa.table({"path": ["1.jpg", "2.jpg"], "person": [5, None], "time": times})
    pq.write_table(table, tmp_path / "list.parquet")
    one, two = list_pictures(tmp_path / "list.parquet").items
    assert (one.person, one.time) == ("5", times[0])
    assert (two.person, two.time) == ("", None)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "file\nx.jpg\n"),
        ("a.csv", ""),
        ("a.csv", "path,x\nonly\n"),
        ("a.parquet", "no"),
        ("a.txt", "path\n"),
    ],
)
def test_what_is_no_manifest(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(DataError, match=name):
        list_pictures(tmp_path / name)


def test_nothing_there(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for name in ("absent", "loop"):
        with pytest.raises(DataError, match=f"nothing at .*{name}"):
            list_pictures(tmp_path / name)
