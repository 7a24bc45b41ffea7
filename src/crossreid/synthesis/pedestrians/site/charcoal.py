"""A hand with charcoal: loose, broken contours and smudged tone on rough paper, heads drawn too large."""

from functools import lru_cache

import cv2
import numpy as np

from crossreid.synthesis.pedestrians.shot import Shot
from crossreid.synthesis.pedestrians.site.projection import Sight

_PAPERS = ((214, 202, 182), (196, 192, 186), (226, 220, 206), (186, 172, 150), (206, 210, 208))
_OMISSION = 0.25  # of the small details
_FIELDS = 12
LEAST_HEIGHT = 200  # pixels; below, a line of charcoal would be thicker than an arm


@lru_cache(maxsize=16)
def _paper(number: int, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Tinted paper, float32 [height, width, 3], and the grain that charcoal catches on, float32 [height, width]."""
    rng = np.random.default_rng([number, 80_021])
    tooth = cv2.GaussianBlur(rng.normal(0.0, 1.0, (height, width)).astype(np.float32), (0, 0), 0.8)
    laid = np.sin(np.arange(height, dtype=np.float32)[:, None] * 1.25) * 0.10
    tooth = tooth / tooth.std() + laid
    return np.array(_PAPERS[number % len(_PAPERS)], np.float32) + tooth[..., None] * 3.0, tooth


@lru_cache(maxsize=64)
def _field(number: int, height: int, width: int, knots: int) -> np.ndarray:
    """Smooth noise with a standard deviation of about one, float32 [height, width]."""
    rng = np.random.default_rng([number, knots, 80_051])
    coarse = rng.normal(0.0, 1.0, (knots * 2, knots)).astype(np.float32)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


def _warped(picture: np.ndarray, number: int, amplitude: float) -> np.ndarray:
    """The picture as an unsteady hand puts it: displaced by a smooth field of `amplitude` pixels."""
    height, width = picture.shape[:2]
    maps = _displacement(number % _FIELDS, height, width, amplitude)
    return cv2.remap(picture, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


@lru_cache(maxsize=64)
def _displacement(number: int, height: int, width: int, amplitude: float) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x += amplitude * _field(number, height, width, 9)
    y += amplitude * _field(number + _FIELDS, height, width, 9)
    return cv2.convertMaps(x, y, cv2.CV_16SC2)


def draw_charcoal(sight: Sight, shot: Shot) -> np.ndarray:
    """Draw what is seen, uint8 RGB [height, width, 3]; the darker a cloth, the more charcoal is rubbed in."""
    rng = np.random.default_rng([shot.seed, 80_077])
    faces = sight.faces
    height, width = faces.shape
    unit = height / 280.0
    mesh = sight.mesh
    left_out = mesh.minor & (rng.random(len(mesh.minor)) < _OMISSION)
    number = int(rng.integers(1 << 20))

    grey = mesh.colours @ np.array([0.299, 0.587, 0.114], np.float32)
    # Three depths of tone, as a hand has them, and a little of the roundness.
    tone = np.digitize(grey, (62.0, 104.0, 158.0)).astype(np.float32)
    dark = np.array([0.86, 0.56, 0.28, 0.04], np.float32)[tone.astype(int)] + 0.16 * (
        1.0 - np.clip(sight.facing, 0.0, 1.0)
    )
    rubbed = np.concatenate([[0.0], dark]).astype(np.float32)[faces]
    edges = _contours(sight, faces, left_out)
    outline = cv2.morphologyEx(
        (faces > 0).astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)
    ).astype(np.float32)

    amplitude = 1.5 * unit
    smear = cv2.GaussianBlur(_warped(rubbed, number, amplitude), (0, 0), 2.4 * unit)
    line = cv2.GaussianBlur(_warped(edges, number, amplitude), (0, 0), 0.8 * unit)
    loose = cv2.GaussianBlur(_warped(outline, number + 5, 3.2 * unit), (0, 0), 0.9 * unit)
    pressure = 1.0 + 0.45 * _field(number % 7 + 40, height, width, 7)
    broken = _field(number % 5 + 60, height, width, 14) > -0.9
    paper, tooth = _paper(number % 16, height, width)
    strokes = np.clip((line * 2.3 + loose * 0.9 * broken) * pressure, 0.0, 1.0) * np.where(broken, 1.0, 0.45)
    # Rubbed charcoal sits on the grain; pressed charcoal fills it.
    covered = np.clip(smear * (0.82 + 0.15 * tooth) + strokes * (0.92 + 0.10 * tooth), 0.0, 0.97)[..., None]
    return np.clip(
        paper * (1.0 - covered) + np.array([38.0, 34.0, 34.0], np.float32) * covered, 0, 255
    ).astype(np.uint8)


def _contours(sight: Sight, faces: np.ndarray, left_out: np.ndarray) -> np.ndarray:
    """Where one surface or colour meets another, float32 [height, width] in [0, 1]."""
    mesh = sight.mesh
    tints = mesh.colours.astype(np.int32)
    keys = mesh.surfaces * 7 + (tints[:, 0] * 3 + tints[:, 1] * 5 + tints[:, 2] * 11) * 1_009
    keys = np.concatenate([[0], keys])[faces]
    hidden = np.concatenate([[False], left_out[mesh.surfaces]])[faces]
    edges = np.zeros(faces.shape, np.float32)
    edges[:, 1:] = (keys[:, 1:] != keys[:, :-1]) & ~(hidden[:, 1:] | hidden[:, :-1])
    edges[1:] = np.maximum(edges[1:], (keys[1:] != keys[:-1]) & ~(hidden[1:] | hidden[:-1]))
    return edges
