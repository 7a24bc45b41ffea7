"""What the site's cameras do to a picture: vignette, chroma noise, rows, glare of the lamp, compression."""

from functools import lru_cache

import cv2
import numpy as np

from crossreid.synthesis.pedestrians.camera import add_noise, compress
from crossreid.synthesis.pedestrians.shot import Shot
from crossreid.synthesis.pedestrians.site.projection import lens_of, spot_of


@lru_cache(maxsize=128)
def _falloff(camera_id: int, spot: int, height: int, width: int, strength: int) -> np.ndarray:
    """uint8 [height, width]: 255 on the optical axis, less away from it; `strength` in percent."""
    lens = lens_of(camera_id, spot)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    radius = np.hypot((x - width / 2) / height - lens.axis_x, (y - height / 2) / height - lens.axis_y)
    return np.clip(255.0 * (1.0 - strength / 100.0 * np.clip(radius, 0.0, 1.15) ** 2), 0, 255).astype(
        np.uint8
    )


@lru_cache(maxsize=64)
def _rows(camera_id: int, height: int, width: int) -> np.ndarray:
    """Banding of a rolling shutter, around 128."""
    rng = np.random.default_rng([camera_id & 0xFFFFFFFF, 3_307])
    rows = rng.normal(0.0, 14.0, (height, 1)) + rng.normal(0.0, 5.0, (1, width))
    return np.clip(128.0 + rows, 0, 255).astype(np.uint8)


def _soften(picture: np.ndarray, shot: Shot, extra: float) -> np.ndarray:
    height, width = picture.shape[:2]
    if shot.coarseness > 1.05:
        size = max(8, int(width / shot.coarseness)), max(16, int(height / shot.coarseness))
        picture = cv2.resize(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), (width, height))
    sigma = (shot.blur**2 + extra**2) ** 0.5 * height / 280.0
    return cv2.GaussianBlur(picture, (0, 0), sigma) if sigma > 0.25 else picture


def _respond(picture: np.ndarray, gains: tuple[float, ...], gamma: float) -> np.ndarray:
    levels = np.linspace(0.0, 1.0, 256)[:, None] ** gamma * np.array(gains)
    table = np.where(levels > 0.8, 0.8 + 0.2 * np.tanh((levels - 0.8) / 0.2), levels) * 255.0
    table = np.clip(table, 0, 255).astype(np.uint8)
    return cv2.LUT(picture, table[None] if len(gains) > 1 else table[:, 0])


def expose_colour(picture: np.ndarray, shot: Shot) -> np.ndarray:
    """The colour sensor's picture, uint8 RGB [height, width, 3] in and out."""
    height, width = picture.shape[:2]
    shade = _falloff(shot.camera_id, spot_of(shot), height, width, 30)
    picture = cv2.multiply(picture, cv2.merge([shade] * 3), scale=1 / 255)
    picture = _soften(picture, shot, 0.35)
    picture = _respond(
        picture, tuple(1.25 * shot.gain * balance for balance in shot.white_balance), shot.gamma
    )
    planes = list(cv2.split(cv2.cvtColor(picture, cv2.COLOR_RGB2YCrCb)))
    # Cheap sensors blur colour more than brightness, and their noise is coarse and coloured.
    if shot.noise > 0.0:
        planes[0] = add_noise(planes[0], shot.noise, shot.seed)
    for plane in (1, 2):
        small = cv2.resize(
            planes[plane], (max(4, width // 3), max(8, height // 3)), interpolation=cv2.INTER_AREA
        )
        small = cv2.addWeighted(small, shot.saturation, small, 0.0, 128.0 * (1.0 - shot.saturation))
        if shot.noise > 0.0:
            small = add_noise(small, shot.noise * 0.8, shot.seed + plane * 7_919)
        planes[plane] = cv2.resize(small, (width, height))
    return compress(cv2.cvtColor(cv2.merge(planes), cv2.COLOR_YCrCb2RGB), shot.jpeg_quality)


def expose_near_infrared(picture: np.ndarray, shot: Shot) -> np.ndarray:
    """The night picture, uint8 [height, width] in, three equal channels out."""
    height, width = picture.shape
    picture = cv2.multiply(picture, _falloff(shot.camera_id, spot_of(shot), height, width, 34), scale=1 / 255)
    # Bright cloth blooms.
    glow = cv2.GaussianBlur(
        cv2.resize(picture, (width // 4, height // 4), interpolation=cv2.INTER_AREA), (0, 0), 2.5
    )
    picture = cv2.addWeighted(picture, 0.92, cv2.resize(glow, (width, height)), 0.20, 0.0)
    picture = _soften(picture, shot, 0.6)
    picture = _respond(picture, (1.05 * shot.gain**0.6,), shot.gamma)
    if shot.noise > 0.0:
        picture = cv2.addWeighted(picture, 1.0, _rows(shot.camera_id, height, width), 0.18, -23.0)
        coarse = add_noise(
            np.full((height // 2, width // 2), 128, np.uint8), shot.noise * 1.3 + 2.0, shot.seed + 29
        )
        picture = cv2.addWeighted(picture, 1.0, cv2.resize(coarse, (width, height)), 1.0, -128.0)
    return cv2.cvtColor(compress(picture, shot.jpeg_quality), cv2.COLOR_GRAY2RGB)
