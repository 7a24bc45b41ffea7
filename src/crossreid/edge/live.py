"""Cameras and streams -> their newest pictures."""

import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from crossreid.edge.frames import Frame, open_capture, retrieve
from crossreid.edge.meters import Meters

_log = logging.getLogger(__name__)

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 30.0
_GLANCE_S = 0.5
_LAST_PICTURE_S = 5.0


@dataclass(frozen=True, slots=True)
class Live:
    """The address of a stream (rtsp://, http://), or the number of a camera, read by OpenCV.

    Pictures are taken in a thread of their own, and only the newest waits: a device that is slower than its camera
    would otherwise fall further behind with every frame. People are followed over the frames in between.

    Args:
        address: as above.
        every: process every Nth frame.
        meters: where frames that were passed over are counted.
    """

    address: str
    every: int = 1
    meters: Meters = field(default_factory=Meters)
    live: bool = True

    def frames(self, first: int, start: datetime) -> Iterator[Frame]:
        """See `Source.frames`. A stream that breaks off is opened again, with growing pauses, for ever."""
        waiting = _Newest(self.meters)
        thread = threading.Thread(target=self._take, args=(waiting, first), name="camera", daemon=True)
        thread.start()
        try:
            while True:
                yield waiting.next()
        finally:
            waiting.stop.set()
            thread.join(
                _LAST_PICTURE_S
            )  # a thread inside OpenCV when Python ends would be the end of the process

    def _take(self, waiting: "_Newest", first: int) -> None:
        number, pause_s = first, _FIRST_PAUSE_S
        try:
            while not waiting.stop.is_set():
                capture = open_capture(self.address)
                while capture is not None and not waiting.stop.is_set() and capture.grab():
                    pause_s = _FIRST_PAUSE_S
                    self._show(capture, number, waiting)
                    number += 1
                if capture is not None:
                    capture.release()
                if waiting.stop.is_set():
                    return
                _log.warning("%s gives no pictures; trying again in %.0f s", self.address, pause_s)
                waiting.stop.wait(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        except BaseException as error:  # raised again where it is seen: in `frames`
            waiting.fail(error)

    def _show(self, capture: Any, number: int, waiting: "_Newest") -> None:
        image = retrieve(capture) if number % self.every == 0 else None
        if image is not None:
            waiting.put(Frame(number, datetime.now(UTC), image))


class _Newest:
    """Room for one frame between two threads."""

    def __init__(self, meters: Meters) -> None:
        self.stop = threading.Event()
        self._meters, self._changed = meters, threading.Condition()
        self._frame: Frame | None = None
        self._broken: BaseException | None = None

    def put(self, frame: Frame) -> None:
        with self._changed:
            self._meters.passed_over += self._frame is not None
            self._frame = frame
            self._changed.notify()

    def fail(self, error: BaseException) -> None:
        with self._changed:
            self._broken = error
            self._changed.notify()

    def next(self) -> Frame:
        with self._changed:
            while self._frame is None and self._broken is None:
                self._changed.wait(_GLANCE_S)  # in slices, so that Ctrl-C is heard
            if self._broken is not None:
                raise self._broken
            frame, self._frame = self._frame, None
            assert frame is not None
            return frame
