"""An unsteady hand with a pencil: contours, hatching and omissions on paper."""

from collections.abc import Callable
from functools import lru_cache

import cv2
import numpy as np
import skia

from crossreid.synthesis.pedestrians.palette import luminance
from crossreid.synthesis.pedestrians.part import Part
from crossreid.synthesis.pedestrians.patterns import draw_overlay, hatch_level, hatch_paint
from crossreid.synthesis.pedestrians.shot import Shot

_PAPERS = ((250, 248, 240), (246, 240, 224), (238, 236, 232), (253, 253, 251), (240, 232, 214))
_OMISSION = 0.22  # of the small details


@lru_cache(maxsize=32)
def _paper(number: int, height: int, width: int) -> np.ndarray:
    """Tinted paper with grain, uint8 RGBA [height, width, 4]."""
    rng = np.random.default_rng([number, 1_289])
    tint = np.array(_PAPERS[number % len(_PAPERS)], np.float32)
    grain = cv2.GaussianBlur(rng.normal(0.0, 7.0, (height, width)).astype(np.float32), (0, 0), 0.9)
    pixels = np.full((height, width, 4), 255, np.uint8)
    pixels[..., :3] = np.clip(tint + grain[..., None] - 2.0, 0, 255)
    return pixels


@lru_cache(maxsize=64)
def _wobble(number: int) -> skia.PathEffect:
    segment, deviation = 6.0 + number % 4, 0.4 + 0.12 * (number % 5)
    return skia.DiscretePathEffect.Make(segment, deviation, number * 7919)


def draw_sketch(
    parts: tuple[Part, ...], shot: Shot, place: Callable[[skia.Canvas], None], *, height: int, width: int
) -> np.ndarray:
    """Draw the pieces in pencil, uint8 RGB [height, width, 3].

    `place` puts the body's coordinates onto the paper. The darker a garment, the denser its hatching;
    small details are left out now and then.
    """
    rng = np.random.default_rng([shot.seed, 2_203])
    number = int(rng.integers(20))
    pixels = _paper(number, height, width).copy()
    canvas = skia.Surface(pixels, colorType=skia.kRGBA_8888_ColorType).getCanvas()
    place(canvas)
    blank = skia.Paint(AntiAlias=True, Color=skia.Color(*_PAPERS[number % len(_PAPERS)]))
    pencil = skia.Paint(AntiAlias=True, Style=skia.Paint.kStroke_Style)
    line = skia.Paint(AntiAlias=True, Style=skia.Paint.kStroke_Style, StrokeCap=skia.Paint.kRound_Cap)
    pressure, slant = float(rng.uniform(0.8, 1.25)), int(rng.choice([-52, -38, 38, 52]))
    luck = rng.random((len(parts), 4))
    for part, (skip, twice, weight, seed) in zip(parts, luck.tolist(), strict=True):
        if part.minor and skip < _OMISSION:
            continue
        graphite = skia.ColorSetARGB(int(150 + 90 * weight), 40, 39, 43)
        dark = 1.0 - luminance(part.colour)
        if part.stroke:
            _draw_line(canvas, part, line, graphite, dark)
            continue
        canvas.drawPath(part.path, blank)
        level = hatch_level(dark * (0.55 if part.texture == "skin" else 1.0))
        if level:
            canvas.drawPath(part.path, hatch_paint(level, 84 if part.texture == "hair" else slant))
        if part.overlay is not None:
            _draw_pattern(canvas, part)
        pencil.setColor(graphite)
        pencil.setStrokeWidth((0.7 + 0.7 * weight) * pressure * (0.75 if part.minor else 1.0))
        pencil.setPathEffect(_wobble(int(seed * 64)))
        canvas.drawPath(part.path, pencil)
        if twice < 0.35 and not part.minor:
            # The hand goes over the contour again and misses it a little.
            pencil.setPathEffect(_wobble(int(twice * 180)))
            pencil.setStrokeWidth(0.6 * pressure)
            canvas.drawPath(part.path, pencil)
        if part.creases is not None and skip > 0.4:
            pencil.setStrokeWidth(0.7)
            canvas.drawPath(part.creases, pencil)
    return cv2.cvtColor(pixels, cv2.COLOR_RGBA2RGB)


def _draw_line(canvas: skia.Canvas, part: Part, pencil: skia.Paint, graphite: int, dark: float) -> None:
    """A strap or seam: a broad one as a grey band between contours, a thin one as a single stroke."""
    if part.stroke > 2.2:
        pencil.setColor(graphite)
        pencil.setStrokeWidth(part.stroke + 0.8)
        canvas.drawPath(part.path, pencil)
        shade = int(244 - 170 * dark)
        pencil.setColor(skia.Color(shade, shade, shade))
        pencil.setStrokeWidth(part.stroke - 0.8)
    else:
        pencil.setColor(graphite)
        pencil.setStrokeWidth(max(0.8, part.stroke * 0.8))
    canvas.drawPath(part.path, pencil)


def _draw_pattern(canvas: skia.Canvas, part: Part) -> None:
    """The pattern in pencil grey: darker or paler than its ground."""
    assert part.overlay is not None
    own, other = luminance(part.colour), luminance(part.overlay.colour)
    # In steps, so that the paints can be kept.
    shade = 70 + 12 * int(5 * other) if other < own else 205 + 8 * int(5 * other)
    draw_overlay(canvas, part.path, part.overlay, (shade, shade, shade))
