from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from crossreid.core.modality import Modality
from crossreid.core.track import Track, read_batch, write_batch
from crossreid.edge.detection import GivenBoxes, OnnxDetector, WholePicture
from crossreid.edge.device import Device, Settings
from crossreid.edge.frames import Pictures, Video
from crossreid.edge.motion import TrackingRules
from crossreid.edge.night import Night
from crossreid.edge.sightings import CropRules
from crossreid.edge.spool import Spool

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CONFIRMED_AFTER = TrackingRules().confirmed_after


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = Spool(tmp_path / "spool")
    yield spool
    spool.close()


def finished(spool: Spool) -> list[Track]:
    batch = spool.waiting(100)
    if batch is None:
        return []
    return list(read_batch(write_batch(batch.bodies, fingerprint=batch.fingerprint)).tracks)


def colours_of(encoder: Any, images: list[np.ndarray], modality: str = "rgb") -> np.ndarray:
    return encoder.encode(images, modality=modality).vectors


@pytest.mark.parametrize("people", [True, False])
def test_people_of_a_video_become_one_vector_each(
    spool: Spool, colours: Any, walks: Any, tmp_path: Path, people: bool
) -> None:
    walk, encoder = walks.Walk(), colours.ColourEncoder()
    source = Video(walk.write_video(tmp_path / "walk.avi"))
    given = GivenBoxes.read(walk.write_boxes(tmp_path / "boxes.txt", people=people))
    summary = Device(encoder, given, spool, Settings("cam7")).run(source, "walk", start=NOON)
    assert summary.frames == 24
    tracks = finished(spool)
    seen = 24 if people else 24 - (CONFIRMED_AFTER - 1)  # labels are believed at once
    assert [(track.frames, str(track.modality), track.camera) for track in tracks] == [
        (seen, "rgb", "cam7")
    ] * 2
    assert summary.embedded <= 2 * 4 + 4  # not every box of every frame
    alone = colours_of(encoder, [group.rgb(height=walks.TALL, width=walks.WIDE) for group in walk.groups])
    scores = np.stack([track.vector for track in tracks]) @ alone.T
    assert scores[0, 0] > scores[0, 1]
    assert scores[1, 1] > scores[1, 0]


def test_a_grey_camera_is_an_infrared_one(spool: Spool, colours: Any, walks: Any, tmp_path: Path) -> None:
    walk = walks.Walk(infrared=True)
    walk.count = 8
    source = Video(walk.write_video(tmp_path / "walk.avi"))
    given = GivenBoxes.read(walk.write_boxes(tmp_path / "boxes.txt", people=True))
    Device(colours.ColourEncoder(), given, spool, Settings("cam7")).run(source, "walk")
    assert {track.modality for track in finished(spool)} == {Modality.IR}


def test_a_camera_that_takes_infrared_by_the_clock(
    spool: Spool, colours: Any, walks: Any, tmp_path: Path
) -> None:
    walk = walks.Walk()  # in colours, which the clock overrules
    walk.count = 8
    source = Video(walk.write_video(tmp_path / "walk.avi"))
    given = GivenBoxes.read(walk.write_boxes(tmp_path / "boxes.txt", people=True))
    now = NOON.astimezone()
    hours = Night((now - timedelta(minutes=1)).time(), (now + timedelta(minutes=1)).time())
    for night, modality in ((hours, Modality.IR), (Night(hours.ends, hours.begins), Modality.RGB)):
        device = Device(colours.ColourEncoder(), given, spool, Settings("cam7", modality=night))
        device.run(source, str(modality), start=NOON)
        assert {track.modality for track in finished(spool)[-2:]} == {modality}


def bright_blocks(folder: Path) -> Path:
    """A detector of bright blocks 16 pixels wide and 32 high, in the layout of YOLOv8: a graph without weights."""
    side, step, high, wide = 128, 8, 32, 16
    rows, columns = (side - high) // step + 1, (side - wide) // step + 1
    y, x = np.mgrid[:rows, :columns] * step
    where = [x + wide / 2, y + high / 2, np.full_like(x, wide), np.full_like(y, high)]
    boxes = np.stack([plane.ravel() for plane in where])[None].astype(np.float32)
    nodes = [
        helper.make_node("ReduceMean", ["images", "channels"], ["grey"], keepdims=1),
        helper.make_node("AveragePool", ["grey"], ["mean"], kernel_shape=[high, wide], strides=[step, step]),
        helper.make_node("Sub", ["mean", "limit"], ["above"]),
        helper.make_node("Mul", ["above", "steepness"], ["logits"]),
        helper.make_node("Sigmoid", ["logits"], ["score"]),
        helper.make_node("Reshape", ["score", "flat"], ["scores"]),
        helper.make_node("Concat", ["boxes", "scores"], ["output0"], axis=1),
    ]
    weights = {
        "channels": np.array([1], np.int64),
        "limit": np.float32(0.85),
        "steepness": np.float32(30),
        "flat": np.array([1, 1, rows * columns], np.int64),
        "boxes": boxes,
    }
    graph = helper.make_graph(
        nodes,
        "bright blocks",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, side, side])],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, [1, 5, rows * columns])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.save(model, folder / "detector.onnx")
    return folder / "detector.onnx"


def test_a_detector_and_a_tracker_follow_what_moves(spool: Spool, colours: Any, tmp_path: Path) -> None:
    folder, rng = tmp_path / "frames", np.random.default_rng(0)
    folder.mkdir()
    for number in range(12):
        image = np.full((256, 256, 3), 20, np.uint8)
        image[..., 2] = 60
        for left, top in ((16 + 16 * number, 32), (208 - 16 * number, 160)):  # two blocks of 32 x 64 pixels
            image[top : top + 64, left : left + 32] = rng.integers(225, 255, (64, 32, 3))
        Image.fromarray(image).save(folder / f"{number:02}.png")
    device = Device(colours.ColourEncoder(), OnnxDetector(bright_blocks(tmp_path)), spool, Settings("cam7"))
    device.run(Pictures(folder), "frames")
    tracks = finished(spool)
    assert [track.frames for track in tracks] == [12 - (CONFIRMED_AFTER - 1)] * 2
    assert {track.box[2:] for track in tracks} == {(32.0, 64.0)}


def test_ready_made_crops_are_fused_by_folder(spool: Spool, colours: Any, walks: Any, tmp_path: Path) -> None:
    encoder, walk = colours.ColourEncoder(), walks.Walk()
    for person, group in enumerate(walk.groups):
        (tmp_path / f"crops/{person}").mkdir(parents=True)
        Image.fromarray(group.rgb(height=walks.TALL, width=walks.WIDE)).save(
            tmp_path / f"crops/{person}/0.png"
        )
        Image.fromarray(np.zeros((walks.TALL, walks.WIDE, 3), np.uint8)).save(
            tmp_path / f"crops/{person}/1.png"
        )
    settings = Settings("cam7", crops=CropRules(spacing=1))
    Device(encoder, WholePicture(), spool, settings).run(Pictures(tmp_path / "crops", crops=True), "crops")
    tracks = finished(spool)
    expected = colours_of(encoder, [group.rgb(height=walks.TALL, width=walks.WIDE) for group in walk.groups])
    # The black crops show nothing, and count for nothing.
    assert [(track.frames, track.crops) for track in tracks] == [(2, 1), (2, 1)]
    np.testing.assert_allclose(np.stack([track.vector for track in tracks]), expected, atol=2e-3)


@pytest.mark.parametrize("send_crops", [False, True])
def test_pictures_leave_the_device_only_when_they_are_asked_for(
    spool: Spool, colours: Any, walks: Any, tmp_path: Path, send_crops: bool
) -> None:
    folder = tmp_path / "crops" / "7"
    folder.mkdir(parents=True)
    Image.fromarray(walks.person()).save(folder / "0.png")
    settings = Settings("cam7", crops=CropRules(send_crops=send_crops))
    Device(colours.ColourEncoder(), WholePicture(), spool, settings).run(
        Pictures(tmp_path / "crops", crops=True), "crops"
    )
    (track,) = finished(spool)
    assert track.picture.startswith(b"\xff\xd8\xff") is send_crops


def test_a_source_that_was_looked_at_is_not_looked_at_again(
    spool: Spool, colours: Any, walks: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "crops" / "7"
    folder.mkdir(parents=True)
    Image.fromarray(walks.person()).save(folder / "0.png")
    source = Pictures(tmp_path / "crops", crops=True)
    for name, frames, tracks in (("crops", 1, 1), ("crops", 0, 1), ("others", 1, 2)):
        device = Device(colours.ColourEncoder(), WholePicture(), spool, Settings("cam7"))
        assert device.run(source, name).frames == frames
        assert len(finished(spool)) == tracks


class Stream:
    """A camera that is switched off after a person was seen twice."""

    live = True

    def frames(self, first: int, start: datetime) -> Iterator[Any]:
        source = Pictures(self.folder, crops=True)
        for frame in source.frames(0, start):
            yield replace(frame, number=first + frame.number)
        raise KeyboardInterrupt

    def __init__(self, folder: Path) -> None:
        self.folder = folder


def test_after_a_stop_a_live_camera_sends_who_was_there(
    spool: Spool, colours: Any, walks: Any, tmp_path: Path
) -> None:
    (tmp_path / "crops" / "7").mkdir(parents=True)
    for number in range(2):
        picture = walks.person()
        Image.fromarray(picture).save(tmp_path / "crops" / "7" / f"{number}.png")
    for runs in (1, 2):
        device = Device(colours.ColourEncoder(), WholePicture(), spool, Settings("cam7"))
        with pytest.raises(KeyboardInterrupt):
            device.run(Stream(tmp_path / "crops"), "camera")
        # Who stood there before the stop is not taken for who stands there now.
        assert len(finished(spool)) == runs - 1
    numbers = [track.key.partition("-")[2] for track in finished(spool)]
    assert numbers == ["1-0"]
