"""What a camera does to a picture: response, sharpness, noise, compression."""

from functools import lru_cache

import cv2
import numpy as np

from crossreid.synthesis.pedestrians.shot import Shot

_TILE = 384


@lru_cache(maxsize=8)
def _noise_tile(channels: int, number: int) -> np.ndarray:
    """Gaussian noise around 128 with a standard deviation of 16 grey levels."""
    rng = np.random.default_rng([channels, number, 5_387])
    return np.clip(rng.normal(128.0, 16.0, (_TILE, _TILE, channels)), 0, 255).astype(np.uint8)


@lru_cache(maxsize=64)
def _fixed_pattern(camera_id: int, height: int, width: int) -> np.ndarray:
    """The column stripes of an uncooled thermal sensor, around 128."""
    rng = np.random.default_rng([camera_id & 0xFFFFFFFF, 3_001])
    columns = rng.normal(0.0, 12.0, (1, width)) + rng.normal(0.0, 4.0, (height, 1))
    return np.clip(128.0 + columns, 0, 255).astype(np.uint8)


def add_noise(picture: np.ndarray, deviation: float, seed: int) -> np.ndarray:
    """Sensor noise of `deviation` grey levels; uint8 [height, width] or [height, width, 3]."""
    channels = 1 if picture.ndim == 2 else picture.shape[2]
    height, width = picture.shape[:2]
    if height > _TILE or width > _TILE:
        rng = np.random.default_rng(seed)
        tile = np.clip(rng.normal(128.0, 16.0, picture.shape), 0, 255).astype(np.uint8)
    else:
        y, x = seed % (_TILE - height + 1), (seed >> 9) % (_TILE - width + 1)
        tile = _noise_tile(channels, (seed >> 18) & 3)[y : y + height, x : x + width]
        tile = tile.reshape(picture.shape)
    scale = deviation / 16.0
    return cv2.addWeighted(picture, 1.0, tile, scale, -128.0 * scale)


def _curve(gain: float, gamma: float) -> np.ndarray:
    levels = np.linspace(0.0, 1.0, 256)
    # A soft shoulder instead of clipping keeps pale garments apart.
    raised = np.power(levels, gamma) * gain
    return np.where(raised > 0.85, 0.85 + 0.15 * np.tanh((raised - 0.85) / 0.15), raised) * 255.0


def _soften(picture: np.ndarray, shot: Shot, *, extra: float = 0.0) -> np.ndarray:
    height, width = picture.shape[:2]
    if shot.coarseness > 1.05:
        size = (max(8, int(width / shot.coarseness)), max(16, int(height / shot.coarseness)))
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        picture = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    sigma = (shot.blur**2 + extra**2) ** 0.5 * height / 280.0
    return cv2.GaussianBlur(picture, (0, 0), sigma) if sigma > 0.25 else picture


def expose_rgb(picture: np.ndarray, shot: Shot) -> np.ndarray:
    """A colour camera's picture of what is before it; uint8 RGB [height, width, 3] in and out."""
    if shot.saturation != 1.0:
        grey = cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        picture = cv2.addWeighted(picture, shot.saturation, grey, 1.0 - shot.saturation, 0.0)
    picture = _soften(picture, shot)
    if (shot.gain, shot.gamma, *shot.white_balance) != (1.0, 1.0, 1.0, 1.0, 1.0):
        table = np.stack([_curve(shot.gain * balance, shot.gamma) for balance in shot.white_balance], axis=-1)
        picture = cv2.LUT(picture, np.clip(table, 0, 255).astype(np.uint8)[None])
    if shot.noise > 0.0:
        picture = add_noise(picture, shot.noise, shot.seed)
    return compress(picture, shot.jpeg_quality)


def expose_infrared(picture: np.ndarray, shot: Shot) -> np.ndarray:
    """A thermal camera's picture; uint8 [height, width] in, uint8 with three equal channels out."""
    picture = _soften(picture, shot, extra=0.7 if shot.noise > 0.0 else 0.0)
    if shot.gain != 1.0 or shot.gamma != 1.0:
        picture = cv2.LUT(picture, np.clip(_curve(shot.gain**0.5, shot.gamma), 0, 255).astype(np.uint8))
    if shot.noise > 0.0:
        height, width = picture.shape
        picture = cv2.addWeighted(picture, 1.0, _fixed_pattern(shot.camera_id, height, width), 0.22, -28.16)
        picture = add_noise(picture, shot.noise * 1.2 + 1.0, shot.seed + 17)
    return cv2.cvtColor(compress(picture, shot.jpeg_quality), cv2.COLOR_GRAY2RGB)


def compress(picture: np.ndarray, quality: int) -> np.ndarray:
    """The picture after JPEG at `quality`, or unchanged for 0."""
    if quality <= 0:
        return picture
    colour = picture.ndim == 3
    coded = cv2.imencode(
        ".jpg", picture[..., ::-1] if colour else picture, (cv2.IMWRITE_JPEG_QUALITY, quality)
    )[1]
    if not colour:
        return np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE))
    return cv2.cvtColor(np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR)), cv2.COLOR_BGR2RGB)
