"""Videos, cameras and folders of pictures -> frames."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from crossreid.core.errors import DataError
from crossreid.data.images import decode_image
from crossreid.data.readers.folder import find_pictures

_log = logging.getLogger(__name__)

_USUAL_FPS = 25.0
_LONGEST_PAUSE_S = 30.0


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of a camera.

    Args:
        number: from 0, within the source.
        time: when it was taken.
        image: uint8 [height, width, 3], RGB.
        person: of a ready-made crop: label of the track that it belongs to, else "".
    """

    number: int
    time: datetime
    image: np.ndarray
    person: str = ""


@runtime_checkable
class Source(Protocol):
    """Where frames come from."""

    @property
    def live(self) -> bool:
        """Whether what is not taken now is lost."""
        ...

    def frames(self, first: int, start: datetime) -> Iterator[Frame]:
        """Frames from number `first` on; recorded ones are dated from `start`, the time of number 0."""
        ...


@dataclass(frozen=True, slots=True)
class Pictures:
    """A folder of pictures as a video, in the order of their names.

    Args:
        folder: and what is below it.
        fps: pictures a second.
        crops: each picture is a ready-made crop of one person; the folder that it lies in is the track, and a picture
            directly in `folder` is a track of its own.
    """

    folder: Path
    fps: float = _USUAL_FPS
    crops: bool = False
    live: bool = False

    def frames(self, first: int, start: datetime) -> Iterator[Frame]:
        """See `Source.frames`. Unreadable pictures are passed over.

        Raises:
            DataError: there are no pictures.
        """
        files = sorted(find_pictures(self.folder), key=lambda file: (file.parent.parts, file.name))
        if not files:
            raise DataError(f"no pictures in {self.folder}", expected="JPEG, PNG, WebP or BMP files")
        for number, file in enumerate(files[first:], start=first):
            try:
                image = decode_image(self.folder / file)
            except DataError as error:
                _log.warning("passed over: %s", error)
                continue
            track = file.parent.as_posix() if file.parent.parts else file.as_posix()
            when = start + timedelta(seconds=number / self.fps)
            yield Frame(number, when, image, person=track if self.crops else "")


@dataclass(frozen=True, slots=True)
class Video:
    """A video file, the address of a stream (rtsp://, http://), or the number of a camera, read by OpenCV.

    Args:
        address: as above.
        every: only each so-manieth frame is decoded and looked at.
    """

    address: str
    every: int = 1

    @property
    def live(self) -> bool:
        """A camera or a stream is; a file is not."""
        return self.address.isdecimal() or "://" in self.address

    def frames(self, first: int, start: datetime) -> Iterator[Frame]:
        """See `Source.frames`. A stream that breaks off is opened again, with growing pauses, for ever.

        Raises:
            DataError: a file cannot be read.
        """
        if self.live:
            yield from self._live(first)
            return
        number = 0
        capture = self._open()
        if capture is None:
            raise DataError(f"{self.address} cannot be read as a video", expected="a video that OpenCV reads")
        fps = capture.get(_property("FPS")) or _USUAL_FPS
        while capture.grab():
            if number >= first and number % self.every == 0:
                image = _retrieve(capture)
                if image is not None:
                    yield Frame(number, start + timedelta(seconds=number / fps), image)
            number += 1
        capture.release()

    def _live(self, first: int) -> Iterator[Frame]:
        number, pause_s = first, 1.0
        while True:
            capture = self._open()
            while capture is not None and capture.grab():
                pause_s = 1.0
                if number % self.every == 0:
                    image = _retrieve(capture)
                    if image is not None:
                        yield Frame(number, datetime.now(UTC), image)
                number += 1
            _log.warning("%s gives no pictures; trying again in %.0f s", self.address, pause_s)
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    def _open(self) -> Any:
        import cv2

        address = int(self.address) if self.address.isdecimal() else self.address
        capture = cv2.VideoCapture(address)
        return capture if capture.isOpened() else None


def open_source(address: str, *, fps: float = _USUAL_FPS, every: int = 1, crops: bool = False) -> Source:
    """A folder of pictures, or else a video.

    Raises:
        DataError: a path leads nowhere.
    """
    path = Path(address)
    if path.is_dir():
        return Pictures(path, fps=fps, crops=crops)
    if crops:
        raise DataError(f"{address} for ready-made crops", expected="a folder with one sub-folder a track")
    video = Video(address, every=every)
    if not video.live and not path.is_file():
        raise DataError(
            f"no source at {address}", expected="a video, a folder, rtsp://... or a camera's number"
        )
    return video


def is_grey(image: np.ndarray, *, tolerance: float = 3.0) -> bool:
    """Whether the channels of a picture agree to some grey levels on average, as an infrared camera's do."""
    sample = image[::8, ::8].astype(np.int16)
    return float((sample.max(axis=2) - sample.min(axis=2)).mean()) <= tolerance


def _property(name: str) -> int:
    import cv2

    return int(getattr(cv2, f"CAP_PROP_{name}"))


def _retrieve(capture: Any) -> np.ndarray | None:
    done, image = capture.retrieve()
    return np.ascontiguousarray(image[..., ::-1]) if done else None
