"""A photograph as a pencil drawing, without any learned weights."""

from functools import lru_cache

import cv2
import numpy as np

from crossreid.synthesis.foreground import foreground

VERSION = 1
"""Raised when the same photograph gives another drawing."""

_WORKING_HEIGHT = 320  # pixels; smaller photographs are enlarged so far, so that lines stay thin
_SIGMA = 0.9  # pixels, of the finer of the two Gaussians
_WIDER = 1.6  # of the coarser Gaussian against the finer
_TILE = 512


def draw_photograph(photo: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """Draw what a photograph of a person shows: contours, hatching where it is dark, paper elsewhere.

    Contours are an extended difference of Gaussians in CIELAB, smoothed along the flow of the edges. What is
    probably no person is drawn faintly. The hand trembles and the pencil differs by `seed`.

    Source: XDoG and its flow-based form, Winnemöller, Kyprianidis & Olsen (Computers & Graphics, 2012).

    Args:
        photo: uint8 [height, width, 3], RGB.
        seed: of hand, pencil and paper.

    Returns:
        uint8 [height, width, 3]; the same for the same arguments.
    """
    height, width = photo.shape[:2]
    rng = np.random.default_rng([seed, 0x5CE7])
    factor = max(1.0, _WORKING_HEIGHT / height)
    size = (round(width * factor), round(height * factor))
    large = cv2.resize(photo, size, interpolation=cv2.INTER_CUBIC) if factor > 1.0 else photo
    # An edge of an enlarged photograph is as broad as a pixel was, and its lines must be, too.
    unit = max(size[1] / _WORKING_HEIGHT, factor / 2)
    lab = _smooth_lab(large, unit)
    person = cv2.resize(foreground(photo), size, interpolation=cv2.INTER_LINEAR)
    ink = np.maximum(_contours(lab, unit), _hatching(lab[..., 0], unit, rng)) * (0.12 + 0.88 * person)
    ink = _tremble(ink, unit, rng) * float(rng.uniform(0.82, 1.0))
    if factor > 1.0:
        ink = cv2.resize(ink, (width, height), interpolation=cv2.INTER_AREA)
    paper = float(rng.uniform(236.0, 252.0)) + 2.5 * _grain(height, width, rng)
    grey = paper - ink * (paper - 34.0)
    return np.repeat(np.clip(grey, 0.0, 255.0).astype(np.uint8)[..., None], 3, axis=2)


def _smooth_lab(photo: np.ndarray, unit: float) -> np.ndarray:
    """Lightness and hues from 0 to 1, texture and noise removed between edges; float32 [height, width, 3]."""
    for _ in range(2):
        photo = cv2.bilateralFilter(photo, max(5, 2 * round(2 * unit) + 1), 26.0, 3.0 * unit)
    return cv2.cvtColor(photo, cv2.COLOR_RGB2LAB).astype(np.float32) / 255.0


def _contours(lab: np.ndarray, unit: float) -> np.ndarray:
    """Ink of the lines, float32 [height, width] from 0 to 1."""
    fine, coarse = (cv2.GaussianBlur(lab, (0, 0), sigma * unit) for sigma in (_SIGMA, _SIGMA * _WIDER))
    difference = fine - coarse
    # A dark side is what a hand draws; edges of hue alone have no dark side, so both count.
    darker = -difference[..., 0] + 1.3 * np.abs(difference[..., 1:]).max(axis=2)
    along = _along_edges(darker, lab, unit)
    return np.tanh(np.maximum(along - 0.0055, 0.0) * 75.0)


def _along_edges(values: np.ndarray, lab: np.ndarray, unit: float) -> np.ndarray:
    """Means along the direction in which the picture changes least: broken lines join, specks vanish."""
    across, down = (cv2.Scharr(lab, cv2.CV_32F, dx, dy) for dx, dy in ((1, 0), (0, 1)))
    xx, yy, xy = (
        cv2.GaussianBlur((a * b).sum(axis=2), (0, 0), 2.2 * unit)
        for a, b in ((across, across), (down, down), (across, down))
    )
    angle = 0.5 * np.arctan2(2.0 * xy, xx - yy) + np.float32(np.pi / 2)
    step_x, step_y = np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)
    y, x = np.indices(values.shape, dtype=np.float32)
    total, weight = values.copy(), 1.0
    for steps in (1.0, 2.0, 3.0):
        share = float(np.exp(-((steps / 2.2) ** 2) / 2))
        for way in (-steps * unit, steps * unit):
            total += share * cv2.remap(
                values, x + way * step_x, y + way * step_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
            )
        weight += 2 * share
    return total / weight


def _hatching(lightness: np.ndarray, unit: float, rng: np.random.Generator) -> np.ndarray:
    """Ink of the shading: the darker, the denser; float32 [height, width] from 0 to 1."""
    tone = cv2.GaussianBlur(lightness, (0, 0), 2.0 * unit)
    slant = int(rng.integers(2))
    ink = np.zeros_like(tone)
    for level, (below, strength) in enumerate(((0.58, 0.22), (0.40, 0.36), (0.24, 0.50))):
        strokes = _strokes((slant + level) % 2, level, tone.shape, rng)
        ink = np.maximum(ink, np.clip((below - tone) * 9.0, 0.0, 1.0) * strength * strokes)
    return ink


@lru_cache(maxsize=8)
def _stroke_tile(slant: int, level: int) -> np.ndarray:
    """Parallel strokes of uneven length and pressure, float32 from 0 to 1."""
    rng = np.random.default_rng([slant, level, 7_411])
    noise = rng.normal(size=(2 * _TILE, 2 * _TILE)).astype(np.float32)
    drawn = cv2.GaussianBlur(noise, (0, 0), sigmaX=11.0, sigmaY=0.75)
    turn = cv2.getRotationMatrix2D((_TILE, _TILE), (52.0 if slant else -48.0) + 6.0 * level, 1.0)
    turned = cv2.warpAffine(drawn, turn, (2 * _TILE, 2 * _TILE), borderMode=cv2.BORDER_REFLECT)
    tile = turned[_TILE // 2 : _TILE // 2 + _TILE, _TILE // 2 : _TILE // 2 + _TILE]
    return np.clip(0.45 + tile / (2.2 * tile.std()), 0.0, 1.0)


def _strokes(slant: int, level: int, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """A piece of the tile, from a place of its own."""
    height, width = shape
    tile, (top, left) = _stroke_tile(slant, level), rng.integers(_TILE, size=2)
    rows, columns = (np.arange(height) + top) % _TILE, (np.arange(width) + left) % _TILE
    return tile[np.ix_(rows, columns)]


def _tremble(ink: np.ndarray, unit: float, rng: np.random.Generator) -> np.ndarray:
    """Shift by less than two pixels, smoothly over the paper."""
    height, width = ink.shape
    shifts = cv2.resize(
        rng.normal(size=(9, 5, 2)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC
    )
    y, x = np.indices(ink.shape, dtype=np.float32)
    shifts *= 0.7 * unit
    return cv2.remap(
        ink, x + shifts[..., 0], y + shifts[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def _grain(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    return cv2.GaussianBlur(rng.normal(size=(height, width)).astype(np.float32), (0, 0), 0.8)
