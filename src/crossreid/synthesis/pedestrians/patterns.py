"""Woven patterns and pencil hatching as repeating shaders, tinted by whoever paints with them."""

import math
from functools import lru_cache

import numpy as np
import skia

from crossreid.synthesis.pedestrians.part import Overlay

# The tiles have four pixels a unit.
_DENSITY = 4


def _tile(kind: str) -> np.ndarray:
    """Coverage, uint8 [height, width], of one repeat."""
    if kind == "horizontal stripes":
        tile = np.zeros((44, 8), np.uint8)
        tile[:19] = 255
    elif kind == "vertical stripes":
        tile = np.zeros((8, 34), np.uint8)
        tile[:, :13] = 255
    elif kind == "checks":
        tile = np.zeros((52, 52), np.uint8)
        tile[:20] += 128
        tile[:, :20] += 127
    else:
        y, x = np.mgrid[0:40, 0:40]
        distance = np.minimum(np.hypot(x - 10, y - 10), np.hypot(x - 30, y - 30))
        tile = np.clip((8.6 - distance) * 255.0, 0, 255).astype(np.uint8)
    return tile


_SAMPLING = skia.SamplingOptions(skia.FilterMode.kLinear, skia.MipmapMode.kLinear)


# Handing an image shader to a paint copies the image, so the paints are kept and the canvas is moved instead.
@lru_cache(maxsize=256)
def _tinted(kind: str, colour: tuple[int, int, int]) -> skia.Paint:
    coverage = _tile(kind).astype(np.float32) / 255.0
    pixels = np.empty((*coverage.shape, 4), np.uint8)
    pixels[..., :3] = colour
    pixels[..., 3] = coverage * 255.0
    image = skia.Image.fromarray(pixels, colorType=skia.kRGBA_8888_ColorType, copy=True)
    shader = image.makeShader(skia.TileMode.kRepeat, skia.TileMode.kRepeat, _SAMPLING)
    return skia.Paint(AntiAlias=True, Shader=shader)


def draw_overlay(
    canvas: skia.Canvas, path: skia.Path, overlay: Overlay, colour: tuple[int, int, int]
) -> None:
    """Draw the overlay in `colour` over the inside of `path`."""
    canvas.save()
    canvas.clipPath(path, True)
    if overlay.kind == "two-tone":
        bounds = path.getBounds()
        middle = overlay.top + 0.48 * (overlay.bottom - overlay.top)
        half = skia.Rect.MakeLTRB(bounds.left(), middle, bounds.right(), bounds.bottom())
        canvas.drawRect(half, skia.Paint(AntiAlias=True, Color=skia.Color(*colour)))
    else:
        canvas.translate(*overlay.origin)
        canvas.rotate(overlay.angle)
        canvas.scale(1.0 / _DENSITY, 1.0 / _DENSITY)
        canvas.drawPaint(_tinted(overlay.kind, colour))
    canvas.restore()


@lru_cache(maxsize=64)
def hatch_paint(level: int, angle: int) -> skia.Paint:
    """Pencil hatching, from `level` 1 (a few lines) to 5 (nearly black), drawn by an unsteady hand."""
    size = 96
    rng = np.random.default_rng([level, angle + 360, 811])
    pixels = np.zeros((size, size, 4), np.uint8)
    canvas = skia.Surface(pixels, colorType=skia.kRGBA_8888_ColorType).getCanvas()
    spacing = (0.0, 15.0, 10.0, 7.0, 5.0, 3.6)[level]
    paint = skia.Paint(AntiAlias=True, Style=skia.Paint.kStroke_Style)
    lines = max(1, round(size / spacing))
    for row in range(lines):
        for shift in (-size, 0, size):
            y = row * size / lines + float(rng.normal(0, 0.5)) + shift
            paint.setColor(skia.ColorSetARGB(int(rng.integers(95, 150) + 14 * level), 46, 45, 48))
            paint.setStrokeWidth(float(rng.uniform(1.1, 1.9) + 0.2 * level))
            canvas.drawLine(0, y, size, y + float(rng.normal(0, 0.8)), paint)
    image = skia.Image.fromarray(pixels, colorType=skia.kRGBA_8888_ColorType, copy=True)
    matrix = skia.Matrix.Scale(0.5, 0.5)
    matrix.preRotate(angle)
    shader = image.makeShader(skia.TileMode.kRepeat, skia.TileMode.kRepeat, _SAMPLING, matrix)
    return skia.Paint(AntiAlias=True, Shader=shader)


def hatch_level(darkness: float) -> int:
    """How densely an artist hatches a surface of a darkness in [0, 1]; 0: left blank."""
    return max(0, min(5, math.floor(darkness * 6.0 - 0.35)))
