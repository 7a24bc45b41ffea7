import json
import os
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from crossreid.core.errors import DataError, FingerprintError
from crossreid.core.modality import Modality
from crossreid.gallery import index_folder, indexing, open_gallery

Paint = Callable[..., Path]


@pytest.fixture
def photos(tmp_path: Path, paint: Paint) -> Path:
    return paint(
        tmp_path / "photos", {"ann/1.jpg": "red blue", "ann/2.png": "red black", "bob/1.webp": "green blue"}
    )


@pytest.fixture
def gallery(tmp_path: Path) -> Any:
    return open_gallery(tmp_path / "gallery")


def names(gallery: Any) -> list[str]:
    return sorted("/".join(Path(item.path).parts[-2:]) for item in gallery.items())


def test_pictures_can_be_searched_by_words_and_pictures(photos: Path, gallery: Any, encoder: Any) -> None:
    report = index_folder(photos, encoder, gallery)
    assert (report.added, report.changed, report.unchanged, report.removed, report.skipped) == (
        3,
        0,
        0,
        (),
        (),
    )
    (best,) = gallery.search(encoder.encode(["green and blue"], modality="text"), top=1)
    assert best.path == photos / "bob" / "1.webp"
    assert best.person == "bob"
    (same,) = gallery.search(encoder.encode([photos / "ann" / "2.png"]), top=1)
    assert same.path == photos / "ann" / "2.png"
    assert same.score == pytest.approx(1, abs=1e-5)


def test_a_second_call_embeds_only_what_is_new_or_changed(
    photos: Path, gallery: Any, encoder: Any, paint: Paint
) -> None:
    index_folder(photos, encoder, gallery)
    before = gallery.embeddings().vectors
    encoder.seen.clear()
    report = index_folder(photos, encoder, gallery)
    assert (report.added, report.changed, report.unchanged) == (0, 0, 3)
    assert encoder.seen == []
    paint(photos, {"ann/2.png": "white", "carl/1.bmp": "yellow"})
    (photos / "bob" / "1.webp").unlink()
    os.utime(photos / "ann" / "1.jpg", (1, 1))  # touched, but the same
    report = index_folder(photos, encoder, gallery)
    assert sorted(encoder.seen) == [str(photos / "ann" / "2.png"), str(photos / "carl" / "1.bmp")]
    assert (report.added, report.changed, report.unchanged) == (1, 1, 1)
    assert report.removed == (str(photos / "bob" / "1.webp"),)
    assert names(gallery) == ["ann/1.jpg", "ann/2.png", "carl/1.bmp"]
    np.testing.assert_array_equal(gallery.embeddings().vectors[0], before[0])
    assert gallery.search(encoder.encode(["white"], modality="text"))[0].path == photos / "ann" / "2.png"
    encoder.seen.clear()
    assert index_folder(photos, encoder, gallery).unchanged == 3
    assert encoder.seen == []


def test_new_labels_need_no_embedding(tmp_path: Path, photos: Path, gallery: Any, encoder: Any) -> None:
    manifest = photos / "list.csv"
    manifest.write_text("path,person,camera\nann/1.jpg,ann,1\nbob/1.webp,bob,2\n")
    index_folder(manifest, encoder, gallery)
    manifest.write_text("path,person,camera\nann/1.jpg,anna,3\n")
    encoder.seen.clear()
    report = index_folder(manifest, encoder, gallery)
    assert encoder.seen == []
    assert (report.unchanged, report.removed) == (1, (str(photos / "bob" / "1.webp"),))
    (item,) = gallery.items()
    assert (item.person, item.camera) == ("anna", "3")


def test_another_kind_of_the_same_picture_is_embedded_again(photos: Path, gallery: Any, encoder: Any) -> None:
    manifest = photos / "list.csv"
    manifest.write_text("path,modality\nann/1.jpg,rgb\n")
    index_folder(manifest, encoder, gallery)
    manifest.write_text("path,modality\nann/1.jpg,ir\n")
    assert index_folder(manifest, encoder, gallery).changed == 1
    assert gallery.items()[0].modality == Modality.IR


def test_folders_do_not_forget_each_other(
    tmp_path: Path, photos: Path, gallery: Any, encoder: Any, paint: Paint
) -> None:
    index_folder(photos, encoder, gallery)
    other = paint(tmp_path / "other", {"x/1.jpg": "black"})
    assert index_folder(other, encoder, gallery).removed == ()
    assert len(gallery) == 4


def test_nasty_files_are_skipped_with_path_and_reason(photos: Path, gallery: Any, encoder: Any) -> None:
    whole = (photos / "ann" / "1.jpg").read_bytes()
    (photos / "zero.jpg").touch()
    (photos / "text.jpg").write_text("not a picture")
    (photos / "cut.jpeg").write_bytes(whole[: len(whole) // 2])
    Image.new("RGB", (20, 40)).save(photos / "film.jpg", "GIF")
    bomb = bytearray((photos / "ann" / "2.png").read_bytes())
    bomb[16:24] = (60_000).to_bytes(4, "big") * 2
    bomb[29:33] = zlib.crc32(bomb[12:29]).to_bytes(4, "big")
    (photos / "bomb.png").write_bytes(bomb)
    (photos / "loop.png").symlink_to(photos / "loop.png")
    os.mkfifo(photos / "pipe.bmp")
    (photos / "mislabelled but fine.png").write_bytes(whole)
    (photos / "copy ünïcode.jpg").write_bytes(whole)
    Image.new("CMYK", (20, 40)).save(photos / "cmyk.jpg")
    Image.fromarray(np.full((40, 20), 40_000, np.uint16)).save(photos / "16bit.png")
    report = index_folder(photos, encoder, gallery)
    assert report.added == 7
    reasons = {Path(path).name: reason for path, reason in report.skipped}
    assert sorted(reasons) == [
        "bomb.png",
        "cut.jpeg",
        "film.jpg",
        "loop.png",
        "pipe.bmp",
        "text.jpg",
        "zero.jpg",
    ]
    assert "empty" in reasons["zero.jpg"]
    assert "a GIF" in reasons["film.jpg"]
    assert "60000 x 60000" in reasons["bomb.png"]
    assert all(str(photos) not in reason and "bytes:" not in reason for reason in reasons.values())


def test_a_picture_that_becomes_unreadable_is_forgotten(photos: Path, gallery: Any, encoder: Any) -> None:
    index_folder(photos, encoder, gallery)
    (photos / "ann" / "1.jpg").write_text("overwritten")
    report = index_folder(photos, encoder, gallery)
    assert report.removed == (str(photos / "ann" / "1.jpg"),)
    assert [path for path, _ in report.skipped] == [str(photos / "ann" / "1.jpg")]
    assert len(gallery) == 2


def test_a_folder_closed_for_the_moment_forgets_nobody(
    photos: Path, gallery: Any, encoder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    index_folder(photos, encoder, gallery)
    scandir = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("bob"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    report = index_folder(photos, encoder, gallery)
    assert report.removed == ()
    assert report.skipped == ((str(photos / "bob"), "the folder cannot be read (Permission denied)"),)
    assert len(gallery) == 3


def test_nothing_left_is_an_error_that_forgets_nothing(photos: Path, gallery: Any, encoder: Any) -> None:
    index_folder(photos, encoder, gallery)
    for file in photos.glob("*/*"):
        file.unlink()
    with pytest.raises(DataError, match="no readable picture"):
        index_folder(photos, encoder, gallery)
    (photos / "text.jpg").write_text("not a picture")
    with pytest.raises(DataError, match=r"no readable picture.*text\.jpg: the content is no picture"):
        index_folder(photos, encoder, gallery)
    assert len(gallery) == 3


def test_an_empty_folder_leaves_no_gallery_behind(tmp_path: Path, gallery: Any, encoder: Any) -> None:
    (tmp_path / "photos").mkdir()
    with pytest.raises(DataError, match="no readable picture"):
        index_folder(tmp_path / "photos", encoder, gallery)
    assert not gallery.folder.exists()


def test_another_encoder_needs_a_rebuild(photos: Path, gallery: Any, encoder: Any, colours: Any) -> None:
    index_folder(photos, encoder, gallery)
    other = colours.ColourEncoder("other", source="tiny-edge")
    with pytest.raises(FingerprintError, match="--rebuild"):
        index_folder(photos, other, gallery)
    assert other.seen == []
    assert index_folder(photos, other, gallery, rebuild=True).added == 3
    assert (gallery.encoder.fingerprint, gallery.encoder.source) == ("other", "tiny-edge")


def test_the_source_of_the_encoder_can_be_found_from_anywhere(
    tmp_path: Path, photos: Path, gallery: Any, colours: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("model").mkdir()
    index_folder("photos", colours.ColourEncoder(source="model"), gallery)
    assert gallery.encoder.source == str(tmp_path / "model")


def test_an_encoder_that_is_blind_to_a_kind_is_refused(
    photos: Path, gallery: Any, encoder: Any, paint: Paint
) -> None:
    encoder.modalities = frozenset({Modality.RGB, Modality.TEXT})
    paint(photos, {"ann/sketch/1.png": "black"})
    with pytest.raises(DataError, match="sketch pictures"):
        index_folder(photos, encoder, gallery)


@pytest.mark.parametrize("batch_size", [1, 2, 64])
def test_batches_and_commits_do_not_change_the_result(
    photos: Path, gallery: Any, encoder: Any, batch_size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "COMMIT_ITEMS", 2)
    index_folder(photos, encoder, gallery, batch_size=batch_size)
    assert names(gallery) == ["ann/1.jpg", "ann/2.png", "bob/1.webp"]


def test_large_pictures_are_shrunk_before_they_are_gathered(
    tmp_path: Path, gallery: Any, encoder: Any
) -> None:
    shapes: list[tuple[int, ...]] = []
    encode = encoder.encode
    encoder.encode = lambda items, **options: (
        shapes.extend(s.image.shape for s in items) or encode(items, **options)
    )
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (3000, 6000)).save(tmp_path / "photos" / "large.jpg")
    Image.new("RGB", (100_000, 100)).save(tmp_path / "photos" / "long.png")
    index_folder(tmp_path / "photos", encoder, gallery)
    (large, long) = shapes
    assert large == (750, 375, 3)
    assert long[0] * long[1] <= 4.3e6
    assert long[1] / long[0] == pytest.approx(1000, rel=0.05)


KILLED = """
import sys
sys.path.insert(0, sys.argv[3])
from colour_encoder import ColourEncoder
from crossreid.gallery import index_folder, indexing, open_gallery
indexing.COMMIT_ITEMS = 8
index_folder(sys.argv[1], ColourEncoder(delay_s=0.05), open_gallery(sys.argv[2]), batch_size=4)
"""


def test_kill_9_keeps_what_was_committed_and_the_next_call_continues(
    tmp_path: Path, paint: Paint, encoder: Any
) -> None:
    count = 240
    photos = paint(tmp_path / "photos", {f"{number:03d}.png": "red blue" for number in range(count)})
    home = tmp_path / "gallery"
    tests = Path(__file__).parents[1]
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(photos), str(home), str(tests)])
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None:
            if (home / "gallery.json").exists() and len(
                json.loads((home / "gallery.json").read_text())["parts"]
            ) > 2:
                break
            time.sleep(0.01)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert process.returncode == -signal.SIGKILL
    gallery = open_gallery(home)
    kept = len(gallery)
    assert 24 <= kept < count
    assert kept % 8 == 0
    assert len(gallery.search(encoder.encode(["red"], modality="text"))) == 10
    report = index_folder(photos, encoder, gallery)
    assert (report.unchanged, report.added) == (kept, count - kept)
    assert len(encoder.seen) == 1 + count - kept
    assert len(gallery) == count
    assert len(list((home / "parts").iterdir())) == 2
