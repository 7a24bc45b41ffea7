import logging
import threading
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from crossreid.edge import live as module
from crossreid.edge.live import Live
from crossreid.edge.meters import Meters

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Cameras:
    """Streams that break off after some pictures each; the level of a picture is its number of all, modulo 256.

    A camera in `gates` gives its last picture only when its gate has been opened.
    """

    def __init__(self, *lengths: int, gates: dict[int, threading.Event] | None = None) -> None:
        self.lengths, self.gates = list(lengths), gates or {}
        self.opened, self.level = 0, -1
        self.asked: list[str] = []
        self.used_up = threading.Event()

    def open(self, address: str) -> Any:
        self.asked.append(address)
        if not self.lengths:
            self.used_up.set()
            return None
        number, self.opened = self.opened, self.opened + 1
        return Camera(self, self.lengths.pop(0), self.gates.get(number))


class Camera:
    def __init__(self, cameras: Cameras, left: int, gate: threading.Event | None) -> None:
        self.cameras, self.left, self.gate = cameras, left, gate

    def grab(self) -> bool:
        if self.left == 1 and self.gate is not None:
            self.gate.wait(20)
        self.left -= 1
        self.cameras.level += self.left >= 0
        return self.left >= 0

    def retrieve(self) -> tuple[bool, np.ndarray]:
        return True, np.full((2, 2, 3), self.cameras.level % 256, np.uint8)

    def release(self) -> None:
        pass


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FIRST_PAUSE_S", 0.001)
    monkeypatch.setattr(module, "_LONGEST_PAUSE_S", 0.002)


def plug_in(monkeypatch: pytest.MonkeyPatch, cameras: Cameras) -> None:
    monkeypatch.setattr(module, "open_capture", cameras.open)


def test_who_is_slow_gets_the_newest_picture_and_a_count_of_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate = threading.Event()
    cameras, meters = Cameras(5, 1, gates={1: gate}), Meters()
    plug_in(monkeypatch, cameras)
    frames = Live("rtsp://camera/7", meters=meters).frames(10, NOON)
    first = next(frames)  # whichever of the five was the newest then
    gate.set()
    assert cameras.used_up.wait(20)
    last = next(frames)
    assert (last.number, int(last.image[0, 0, 0])) == (15, 5)
    assert first.number < 15
    assert meters.passed_over == 6 - 2
    frames.close()  # type: ignore[attr-defined]
    assert set(cameras.asked) == {"rtsp://camera/7"}


def test_a_stream_that_breaks_off_is_opened_again_and_numbers_go_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    gates = {number: threading.Event() for number in range(3)}
    cameras = Cameras(1, 1, 1, gates=gates)
    plug_in(monkeypatch, cameras)
    frames, numbers = Live("0").frames(0, NOON), []
    with caplog.at_level(logging.WARNING):
        for gate in gates.values():
            gate.set()
            numbers.append(next(frames).number)
    assert numbers == [0, 1, 2]
    assert caplog.text.count("0 gives no pictures") >= 2
    frames.close()  # type: ignore[attr-defined]


def test_only_each_so_manieth_frame_is_handed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    cameras, meters = Cameras(6), Meters()
    plug_in(monkeypatch, cameras)
    frames = Live("0", every=3, meters=meters).frames(0, NOON)
    next(frames)
    assert cameras.used_up.wait(20)
    assert meters.passed_over <= 1  # frames 0 and 3, of which one may have come too early
    frames.close()  # type: ignore[attr-defined]


def test_a_broken_camera_thread_is_not_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    def burst(address: str) -> Any:
        raise MemoryError("no room")

    monkeypatch.setattr(module, "open_capture", burst)
    with pytest.raises(MemoryError, match="no room"):
        next(Live("0").frames(0, NOON))


def test_when_nobody_looks_any_more_the_camera_is_let_go_without_a_word(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    cameras = Cameras(1_000_000)
    plug_in(monkeypatch, cameras)
    frames = Live("0").frames(0, NOON)
    next(frames)
    frames.close()  # type: ignore[attr-defined]
    assert not [thread for thread in threading.enumerate() if thread.name == "camera"]
    assert not caplog.records
