"""A person in a shot, as a colour photograph, a thermal picture or a pencil sketch."""

from functools import lru_cache

import cv2
import numpy as np
import skia

from crossreid.synthesis.pedestrians.attributes import Pedestrian
from crossreid.synthesis.pedestrians.background import crop_background
from crossreid.synthesis.pedestrians.camera import expose_infrared, expose_rgb
from crossreid.synthesis.pedestrians.figure import build_figure
from crossreid.synthesis.pedestrians.occlusion import draw_occluder
from crossreid.synthesis.pedestrians.palette import luminance
from crossreid.synthesis.pedestrians.part import Part
from crossreid.synthesis.pedestrians.patterns import draw_overlay
from crossreid.synthesis.pedestrians.shot import Shot
from crossreid.synthesis.pedestrians.sketching import draw_sketch

_GROUND = 0.945  # of the height: where the feet stand


def _place(canvas: skia.Canvas, shot: Shot, *, height: int, width: int) -> None:
    """Put the body's coordinates where the crop of the shot has them."""
    unit = height / 280.0
    canvas.translate(width / 2.0 + shot.offset_x * unit, height * _GROUND + shot.offset_y * unit)
    canvas.rotate(shot.rotation, 0.0, -120.0 * unit)
    # Grown around the waist, so that a larger scale crops head and feet alike.
    canvas.translate(0.0, -118.0 * unit)
    canvas.scale(shot.scale * unit, shot.scale * unit)
    canvas.translate(0.0, 118.0)


@lru_cache(maxsize=4096)
def _shades(
    colour: tuple[int, int, int], side: int, strength: int, texture: str, curved: int
) -> tuple[int, ...]:
    """Four colours across a rounded surface, lit from `side` (-4 to 4); `strength` and `curved` in tenths."""
    deep = strength * curved / 100.0 * (0.75 if texture == "skin" else 1.0)
    ambient, gleam = 10.0, {"hair": 26.0, "skin": 9.0}.get(texture, 8.0)
    lit = (side + 4) / 8.0  # 0: light from the left
    factors = (1.0 - deep * (0.20 + 0.34 * lit), 1.03, 1.0, 1.0 - deep * (0.54 - 0.34 * lit))
    tones = []
    for place, factor in enumerate(factors):
        shine = gleam if place == (1 if lit < 0.5 else 2) else 0.0
        channels = (int(min(255, max(0, c * factor + shine * deep + ambient * (1 - factor)))) for c in colour)
        tones.append(skia.Color(*channels))
    return tuple(tones)


def _stops(side: int) -> list[float]:
    return [0.0, 0.30, 0.52, 1.0] if side < 0 else [0.0, 0.48, 0.70, 1.0]


_VEIL = [0x66000000, 0x00000000, 0x14FFFFFF, 0x5C000000]


def _paint_parts(canvas: skia.Canvas, parts: tuple[Part, ...], shot: Shot) -> None:
    """Colour, pattern, shading and folds of every piece."""
    side, strength = round(shot.light_side * 4), round(shot.light_strength * 10)
    stops = _stops(side)
    flat, fill = skia.Paint(AntiAlias=True), skia.Paint(AntiAlias=True)
    line = skia.Paint(AntiAlias=True, Style=skia.Paint.kStroke_Style)
    line.setStrokeCap(skia.Paint.kRound_Cap)
    line.setStrokeJoin(skia.Paint.kRound_Join)
    seam = skia.Paint(AntiAlias=True, Style=skia.Paint.kStroke_Style, StrokeWidth=1.1)
    rim = skia.Paint(AntiAlias=True, Style=skia.Paint.kStroke_Style, StrokeWidth=0.9, Color=0x50100C0A)
    for part in parts:
        if part.stroke:
            line.setColor(skia.Color(*part.colour))
            line.setStrokeWidth(part.stroke)
            canvas.drawPath(part.path, line)
            continue
        if part.texture == "solid" or part.right[0] - part.left[0] < 0.5:
            flat.setColor(skia.Color(*part.colour))
            canvas.drawPath(part.path, flat)
            continue
        ends = [skia.Point(*part.left), skia.Point(*part.right)]
        if part.overlay is None:
            tones = _shades(part.colour, side, strength, part.texture, round(part.curved * 10))
            fill.setShader(skia.GradientShader.MakeLinear(ends, tones, stops))
            canvas.drawPath(part.path, fill)
        else:
            flat.setColor(skia.Color(*part.colour))
            canvas.drawPath(part.path, flat)
            draw_overlay(canvas, part.path, part.overlay, part.overlay.colour)
            fill.setShader(skia.GradientShader.MakeLinear(ends, _VEIL, stops))
            canvas.drawPath(part.path, fill)
        canvas.drawPath(part.path, rim)
        if part.creases is not None:
            seam.setColor(0x48000000 if luminance(part.colour) > 0.2 else 0x30FFFFFF)
            canvas.drawPath(part.creases, seam)


def _cast_shadow(canvas: skia.Canvas, shot: Shot) -> None:
    """A soft shadow on the ground, away from the light, and a dark one where the feet touch it."""
    alpha = int(200 * shot.shadow)
    paint = skia.Paint(AntiAlias=True)
    for width, flat, shift, strength in ((52.0, 0.20, -30.0 * shot.light_side, 0.75), (27.0, 0.26, 0.0, 1.0)):
        canvas.save()
        canvas.translate(shift, 2.0)
        canvas.scale(1.0, flat)
        tones = [skia.ColorSetARGB(int(alpha * strength), 12, 12, 16), 0x000C0C10]
        paint.setShader(skia.GradientShader.MakeRadial(skia.Point(0, 0), width, tones))
        canvas.drawCircle(0, 0, width, paint)
        canvas.restore()


def render_rgb(person: Pedestrian, shot: Shot, *, height: int = 280, width: int = 140) -> np.ndarray:
    """A surveillance camera's crop of the person, uint8 RGB [height, width, 3]."""
    pixels = np.ascontiguousarray(crop_background(shot, height=height, width=width))
    surface = skia.Surface(pixels, colorType=skia.kRGBA_8888_ColorType)
    canvas = surface.getCanvas()
    canvas.save()
    _place(canvas, shot, height=height, width=width)
    _cast_shadow(canvas, shot)
    _paint_parts(canvas, build_figure(person, shot), shot)
    canvas.restore()
    draw_occluder(canvas, shot, height=height, width=width)
    return expose_rgb(cv2.cvtColor(pixels, cv2.COLOR_RGBA2RGB), shot)


_LEAST_CONTRAST = 14  # grey levels between a cloth and what is printed on it


def _heat(warmth: float, colour: tuple[int, int, int]) -> int:
    """The grey level of a material: half its own warmth, half what it reflects of the lamp beside the lens."""
    return int(24.0 + 102.0 * warmth + 102.0 * luminance(colour))  # type: ignore[arg-type]


def _paint_heat(canvas: skia.Canvas, parts: tuple[Part, ...]) -> None:
    flat, fill = skia.Paint(AntiAlias=True), skia.Paint(AntiAlias=True)
    line = skia.Paint(AntiAlias=True, Style=skia.Paint.kStroke_Style)
    line.setStrokeCap(skia.Paint.kRound_Cap)
    seam = skia.Paint(AntiAlias=True, Style=skia.Paint.kStroke_Style, StrokeWidth=1.4, Color=0x30000000)
    for part in parts:
        grey = min(255, _heat(part.warmth, part.colour))
        if part.stroke:
            line.setColor(skia.Color(grey, grey, grey))
            line.setStrokeWidth(part.stroke)
            canvas.drawPath(part.path, line)
            continue
        if part.texture == "solid" or part.right[0] - part.left[0] < 0.5:
            flat.setColor(skia.Color(grey, grey, grey))
            canvas.drawPath(part.path, flat)
        else:
            # Surfaces that turn away radiate less towards the camera.
            edge = skia.Color(*(int(grey * 0.74),) * 3)
            core = skia.Color(grey, grey, grey)
            ends = [skia.Point(*part.left), skia.Point(*part.right)]
            fill.setShader(
                skia.GradientShader.MakeLinear(ends, [edge, core, core, edge], [0.0, 0.32, 0.68, 1.0])
            )
            canvas.drawPath(part.path, fill)
        if part.overlay is not None:
            tone = min(255, _heat(part.warmth, part.overlay.colour))
            if abs(tone - grey) < _LEAST_CONTRAST:  # a print is thicker than its cloth
                tone = max(0, grey - _LEAST_CONTRAST)
            draw_overlay(canvas, part.path, part.overlay, (tone, tone, tone))
        if part.creases is not None:
            canvas.drawPath(part.creases, seam)


def render_infrared(person: Pedestrian, shot: Shot, *, height: int = 280, width: int = 140) -> np.ndarray:
    """A thermal camera's picture from the same place, uint8 [height, width, 3] with equal channels."""
    pixels = np.ascontiguousarray(crop_background(shot, height=height, width=width, thermal=True))
    surface = skia.Surface(pixels, colorType=skia.kRGBA_8888_ColorType)
    canvas = surface.getCanvas()
    canvas.save()
    _place(canvas, shot, height=height, width=width)
    _paint_heat(canvas, build_figure(person, shot))
    canvas.restore()
    draw_occluder(canvas, shot, height=height, width=width, thermal=True)
    return expose_infrared(cv2.extractChannel(pixels, 0), shot)


def render_sketch(person: Pedestrian, shot: Shot, *, height: int = 280, width: int = 140) -> np.ndarray:
    """A pencil drawing of the person in the pose of the shot, uint8 RGB [height, width, 3]."""

    def place(canvas: skia.Canvas) -> None:
        _place(canvas, shot, height=height, width=width)

    return draw_sketch(build_figure(person, shot), shot, place, height=height, width=width)
