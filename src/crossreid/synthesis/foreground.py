"""Where the person is in a crop, guessed from colours and place alone."""

import cv2
import numpy as np

_HEIGHT = 112  # pixels at which the guess is made
_BINS = 12  # a channel
_STRIP = 0.10  # of the width: what is seen as surroundings on each side
_SHARED = 0.5  # of the middle: how much of it may be surroundings
_FLOOR = 2e-3  # of the shares, as none is certain
_PRIOR = 1.6  # log odds of the centre against the rim


def foreground(photo: np.ndarray) -> np.ndarray:
    """How probably each pixel of a crop around a person is of the person, float32 [height, width] from 0 to 1.

    The log likelihood ratio of two colour histograms is added to the log odds of an upright ellipse, as a crop holds
    its person in the middle: the histogram of both sides, and that of the middle without what it shares with them.

    Args:
        photo: uint8 [height, width, 3], RGB.
    """
    height, width = photo.shape[:2]
    small_width = max(8, round(width * _HEIGHT / height))
    small = cv2.resize(photo, (small_width, _HEIGHT), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(cv2.bilateralFilter(small, 5, 30.0, 3.0), cv2.COLOR_RGB2LAB)
    ellipse = _ellipse(_HEIGHT, small_width)
    codes = _codes(lab)
    strip = max(1, round(_STRIP * small_width))
    sides = np.concatenate([codes[:, :strip].ravel(), codes[:, -strip:].ravel()])
    middle = codes[ellipse > 0.6 * _PRIOR]
    odds = _ratio(_histogram(middle), _histogram(sides))[codes] + ellipse
    odds = cv2.GaussianBlur(np.clip(odds, -4.0, 4.0).astype(np.float32), (0, 0), 1.2)
    mask = 1.0 / (1.0 + np.exp(-1.6 * odds))
    return np.clip(cv2.resize(mask, (width, height), interpolation=cv2.INTER_LINEAR), 0.0, 1.0)


def _ellipse(height: int, width: int) -> np.ndarray:
    """Log odds by place alone, float64 [height, width]."""
    y = (np.arange(height)[:, None] + 0.5) / height - 0.52
    x = (np.arange(width)[None] + 0.5) / width - 0.5
    return _PRIOR * (1.0 - 1.25 * ((x / 0.40) ** 2 + (y / 0.56) ** 4))


def _codes(lab: np.ndarray) -> np.ndarray:
    """One number a colour, int64 [height, width]; lightness in coarser steps than hue."""
    lightness = lab[..., 0].astype(np.int64) * _BINS // 256
    # The two hue channels rarely leave the middle half of their range.
    first, second = (
        np.clip((lab[..., channel].astype(np.int64) - 64) * _BINS // 128, 0, _BINS - 1) for channel in (1, 2)
    )
    return (lightness * _BINS + first) * _BINS + second


def _ratio(middle: np.ndarray, sides: np.ndarray) -> np.ndarray:
    """Log likelihood ratio of person against surroundings by colour, float64."""
    person = np.maximum(middle - _SHARED * sides, 0.0)
    return np.log((person / max(person.sum(), 1e-6) + _FLOOR) / (sides + _FLOOR))


def _histogram(codes: np.ndarray) -> np.ndarray:
    """Share of each colour, float64, spread a little over its neighbours."""
    counts = np.bincount(codes, minlength=_BINS**3).reshape((_BINS,) * 3).astype(np.float64)
    for axis in range(3):
        around = np.zeros((3, 2), dtype=np.int64)
        around[axis] = 1
        padded = np.pad(counts, around)
        before, here, after = (np.take(padded, np.arange(k, k + _BINS), axis) for k in range(3))
        counts = 0.25 * before + 0.5 * here + 0.25 * after
    return counts.ravel() / len(codes)
