"""Videos and folders of pictures -> frames."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from crossreid.core.errors import DataError
from crossreid.data.images import decode_image
from crossreid.data.readers.folder import find_pictures

_log = logging.getLogger(__name__)

USUAL_FPS = 25.0
"""Of a source that does not tell."""


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
    fps: float = USUAL_FPS
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
    """A video file, read by OpenCV.

    Args:
        file: of any container that OpenCV reads.
        every: decode and process every Nth frame.
    """

    file: Path
    every: int = 1
    live: bool = False

    def frames(self, first: int, start: datetime) -> Iterator[Frame]:
        """See `Source.frames`.

        Raises:
            DataError: the file cannot be read.
        """
        number = 0
        capture = open_capture(str(self.file))
        if capture is None:
            raise DataError(f"{self.file} cannot be read as a video", expected="a video that OpenCV reads")
        fps = capture.get(_property("FPS")) or USUAL_FPS
        while capture.grab():
            if number >= first and number % self.every == 0:
                image = retrieve(capture)
                if image is not None:
                    yield Frame(number, start + timedelta(seconds=number / fps), image)
            number += 1
        capture.release()


def open_capture(address: str) -> Any:
    """OpenCV's capture of a file, a stream or a camera's number; None where there is nothing to see."""
    import cv2

    capture = cv2.VideoCapture(int(address) if address.isdecimal() else address)
    return capture if capture.isOpened() else None


def retrieve(capture: Any) -> np.ndarray | None:
    """The grabbed picture, uint8 [height, width, 3], RGB; None where it cannot be decoded."""
    done, image = capture.retrieve()
    return np.ascontiguousarray(image[..., ::-1]) if done else None


def is_grey(image: np.ndarray, *, tolerance: float = 3.0) -> bool:
    """Whether the channels of a picture agree to some grey levels on average, as an infrared camera's do."""
    sample = image[::8, ::8].astype(np.int16)
    return float((sample.max(axis=2) - sample.min(axis=2)).mean()) <= tolerance


def _property(name: str) -> int:
    import cv2

    return int(getattr(cv2, f"CAP_PROP_{name}"))
