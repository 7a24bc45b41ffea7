"""A picture in few bytes: a hash for finding near copies, and a thumbnail for making sure."""

from dataclasses import dataclass

import cv2
import numpy as np

_SIDE = 32
_BITS = 8
THUMBNAIL = (16, 8)
"""Height and width of the thumbnails."""

_BLANK_SPREAD = 2.0


@dataclass(frozen=True, slots=True)
class Appearance:
    """What is kept of a picture.

    Args:
        code: perceptual hash of 64 bits.
        thumbnail: uint8 [128], grey, rows after each other.
    """

    code: int
    thumbnail: np.ndarray

    @property
    def blank(self) -> bool:
        """The picture is of one tone, so that its hash says nothing."""
        return float(self.thumbnail.std()) < _BLANK_SPREAD


def appearance(image: np.ndarray) -> Appearance:
    """Look at a picture's coarse pattern, which other sizes, qualities and formats of it share.

    The hash compares each of 64 low frequencies of the cosine transform of the picture, shrunk to 32 x 32 and grey,
    with their median.

    Args:
        image: uint8 [height, width, 3], RGB.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    square = cv2.resize(grey, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    low = cv2.dct(square)[:_BITS, 1 : _BITS + 1].ravel()
    code = int.from_bytes(np.packbits(low > np.median(low)).tobytes(), "big")
    height, width = THUMBNAIL
    return Appearance(code, cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA).ravel())
