"""How much a crop shows of a person: 0 for nothing, 1 for all that can be wished."""

import numpy as np

_FULL_HEIGHT = 128.0
"""Pixels; a taller person shows no more to a model that reads small pictures."""

_SHARP = 100.0
"""Variance of the Laplacian of a grey picture at which a crop counts as half sharp."""

_BORDER = 2.0
_CUT_OFF = 0.5


def crop_quality(
    crop: np.ndarray, box: np.ndarray, *, frame_shape: tuple[int, ...], score: float, hidden: float
) -> float:
    """A product of what each flaw leaves.

    Args:
        crop: uint8 [height, width, 3].
        box: left, top, right, bottom in the frame, in pixels.
        frame_shape: height and width of the frame; a box that touches its border loses half, unless it fills it.
        score: of the detector, 0 to 1.
        hidden: share of the box that somebody nearer covers.
    """
    size = min(1.0, crop.shape[0] / _FULL_HEIGHT)
    height, width = frame_shape[:2]
    touching = [box[0] <= _BORDER, box[1] <= _BORDER, box[2] >= width - _BORDER, box[3] >= height - _BORDER]
    whole = _CUT_OFF if any(touching) and not all(touching) else 1.0
    return float(np.clip(score, 0, 1)) * size * sharpness(crop) * (1 - hidden) * whole


def sharpness(crop: np.ndarray) -> float:
    """The variance v of the Laplacian at a height of at most 128 pixels, as v / (v + 100)."""
    import cv2

    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    if grey.shape[0] > _FULL_HEIGHT:
        scale = _FULL_HEIGHT / grey.shape[0]
        size = (max(1, round(grey.shape[1] * scale)), int(_FULL_HEIGHT))
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    variance = float(cv2.Laplacian(grey, cv2.CV_64F).var())
    return variance / (variance + _SHARP)
