"""A photograph as an infrared camera may have seen it, without any learned weights."""

import cv2
import numpy as np

from crossreid.synthesis.foreground import foreground

VERSION = 1
"""Raised when the same photograph gives another picture."""

_SKIN = (152.0, 106.0)  # Cr and Cb of skin of any tone, which differs in luma
_SKIN_SPREAD = 11.0
_TALL = 200  # pixels, from which on a seam between two colours is broader


def render_photograph(photo: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """Guess heat and reflectance from colours: surroundings cool, clothes warm, skin warmest.

    Dyes that are dark to the eye reflect infrared, so clothes lose their colours and most of their patterns; leaves
    gain, sky loses. Then the sensor: exposed for the warmest, blurred, with noise and stripes that differ by `seed`.

    Args:
        photo: uint8 [height, width, 3], RGB.
        seed: of the sensor.

    Returns:
        uint8 [height, width, 3] of three equal channels; the same for the same arguments.
    """
    rng = np.random.default_rng([seed, 0x1F4A])
    height, width = photo.shape[:2]
    unit = height / 280.0
    person = foreground(photo)
    reflected = _reflectance(photo, unit)
    skin = _skin(photo) * person
    surroundings = 0.05 + 0.30 * reflected
    body = 0.34 + 0.32 * reflected
    heat = surroundings + person * (body - surroundings) + 0.36 * skin
    heat = cv2.GaussianBlur(heat, (0, 0), max(0.4, 0.9 * unit))
    heat *= float(rng.uniform(0.92, 1.06) * np.clip(0.84 / np.percentile(heat, 99.0), 1.0, 1.6))
    heat += 0.012 * rng.normal(size=(1, width)) + 0.014 * rng.normal(size=(height, width))
    grey = np.clip(heat * 255.0, 0.0, 255.0).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def _reflectance(photo: np.ndarray, unit: float) -> np.ndarray:
    """Of near infrared, float32 [height, width] from 0 to 1; fine patterns are gone."""
    flat = cv2.bilateralFilter(photo, max(5, 2 * round(3 * unit) + 1), 40.0, 4.0 * unit)
    red, green, blue = cv2.split(flat.astype(np.float32) / 255.0)
    brightest = np.maximum(np.maximum(red, green), blue)
    leaves = np.clip(2.0 * green - red - blue, 0.0, 1.0)
    sky = np.clip(blue - np.maximum(red, green), 0.0, 1.0)
    return np.clip(0.16 + 0.62 * (0.6 * brightest + 0.4 * red) + 0.5 * leaves - 0.35 * sky, 0.0, 1.0)


def _skin(photo: np.ndarray) -> np.ndarray:
    """How much each pixel has the hue of skin, float32 [height, width] from 0 to 1."""
    seam = 5 if len(photo) >= _TALL else 3
    hues = cv2.cvtColor(cv2.medianBlur(photo, seam), cv2.COLOR_RGB2YCrCb).astype(np.float32)[..., 1:]
    likeness = np.exp(-((hues - np.array(_SKIN, np.float32)) ** 2).sum(axis=2) / (2 * _SKIN_SPREAD**2))
    # Between two colours lies a seam of all others: what is no broader than that is no skin.
    return cv2.GaussianBlur(
        cv2.morphologyEx(likeness, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)), (0, 0), 1.2
    )
