from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from crossreid.core.errors import DataError
from crossreid.edge.frames import Pictures, Video
from crossreid.edge.live import Live
from crossreid.edge.sources import open_source

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def picture(file: Path, level: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((16, 8, 3), level, np.uint8)).save(file)


def levels(frames: Any) -> list[tuple[int, int]]:
    return [(frame.number, round(int(frame.image.mean()), -1)) for frame in frames]


def test_pictures_come_in_the_order_of_their_names_and_can_be_taken_up(tmp_path: Path) -> None:
    for number in (2, 0, 1):
        picture(tmp_path / f"{number:03}.png", 40 * number)
    source = Pictures(tmp_path, fps=2.0)
    assert levels(source.frames(0, NOON)) == [(0, 0), (1, 40), (2, 80)]
    (last,) = source.frames(2, NOON)
    assert (last.number, last.time) == (2, NOON + timedelta(seconds=1))


def test_an_unreadable_picture_costs_its_number_only(tmp_path: Path) -> None:
    picture(tmp_path / "0.png", 0)
    (tmp_path / "1.png").write_bytes(b"broken")
    picture(tmp_path / "2.png", 80)
    assert levels(Pictures(tmp_path).frames(0, NOON)) == [(0, 0), (2, 80)]


def test_the_folder_of_a_crop_is_its_track(tmp_path: Path) -> None:
    for name in ("b/0.png", "a/1.png", "a/0.png", "c.png"):
        picture(tmp_path / name, 0)
    people = [frame.person for frame in Pictures(tmp_path, crops=True).frames(0, NOON)]
    assert people == ["c.png", "a", "a", "b"]


@pytest.fixture
def video(tmp_path: Path) -> Path:
    writer = cv2.VideoWriter(str(tmp_path / "v.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    for number in range(6):
        image = np.zeros((48, 64, 3), np.uint8)
        image[..., 2] = 40 * number  # OpenCV's red
        writer.write(image)
    writer.release()
    return tmp_path / "v.avi"


def test_a_video_is_read_in_rgb_with_its_times(video: Path) -> None:
    frames = list(Video(video).frames(0, NOON))
    assert [round(int(frame.image[..., 0].mean()), -1) for frame in frames] == [0, 40, 80, 120, 160, 200]
    assert frames[5].image[..., 2].mean() < 10
    assert frames[5].time == NOON + timedelta(seconds=0.5)


def test_a_video_is_taken_up_at_the_very_frame(video: Path) -> None:
    assert [frame.number for frame in Video(video).frames(4, NOON)] == [4, 5]
    assert [frame.number for frame in Video(video, every=2).frames(1, NOON)] == [2, 4]
    assert not Video(video).live


def test_what_is_no_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no source"):
        open_source(str(tmp_path / "missing.mp4"))
    with pytest.raises(DataError, match="no source at all"):
        open_source("")
    with pytest.raises(DataError, match="sub-folder a track"):
        open_source(str(tmp_path / "missing"), crops=True)
    with pytest.raises(DataError, match="no pictures"):
        list(open_source(str(tmp_path)).frames(0, NOON))
    (tmp_path / "v.mp4").write_bytes(b"no video")
    with pytest.raises(DataError, match="as a video"):
        list(open_source(str(tmp_path / "v.mp4")).frames(0, NOON))
    assert isinstance(open_source("0"), Live)
    assert isinstance(open_source("rtsp://camera/7"), Live)
