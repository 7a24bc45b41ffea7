"""Surroundings: a pool of painted scenes, from which every picture takes a crop."""

from functools import cache
from typing import get_args

import cv2
import numpy as np
import skia

from crossreid.synthesis.pedestrians.shot import Scene, Shot

_WIDTH, _HEIGHT = 176.0, 312.0
_PER_SCENE = 24


def _paint(rgb: tuple[float, float, float], *, stroke: float = 0.0) -> skia.Paint:
    red, green, blue = (int(min(255, max(0, c))) for c in rgb)
    paint = skia.Paint(AntiAlias=True, Color=skia.Color(red, green, blue))
    if stroke:
        paint.setStyle(skia.Paint.kStroke_Style)
        paint.setStrokeWidth(stroke)
    return paint


def _shade(rgb: tuple[float, float, float], factor: float) -> tuple[float, float, float]:
    return rgb[0] * factor, rgb[1] * factor, rgb[2] * factor


def _tone(rng: np.random.Generator, low: float, high: float, tint: float) -> tuple[float, float, float]:
    grey = float(rng.uniform(low, high))
    red, green, blue = rng.normal(0.0, tint * 0.6, 3)
    return grey + float(red), grey + float(green), grey + float(blue)


def _bright(rng: np.random.Generator, low: float, high: float) -> tuple[float, float, float]:
    red, green, blue = rng.uniform(low, high, 3)
    return float(red), float(green), float(blue)


def _rect(
    canvas: skia.Canvas, x: float, y: float, width: float, height: float, rgb: tuple[float, float, float]
) -> None:
    canvas.drawRect(skia.Rect.MakeXYWH(x, y, width, height), _paint(rgb))


def _ground(
    canvas: skia.Canvas, rng: np.random.Generator, horizon: float, rgb: tuple[float, float, float]
) -> None:
    """A floor with seams that run to a vanishing point."""
    _rect(canvas, 0.0, horizon, _WIDTH, _HEIGHT - horizon, rgb)
    vanish, seam = (
        float(rng.uniform(0, _WIDTH)),
        _paint(_shade(rgb, float(rng.uniform(0.82, 0.94))), stroke=1.4),
    )
    for x in np.arange(-300, 480, float(rng.uniform(38, 90))):
        canvas.drawLine(vanish, horizon, float(x), _HEIGHT, seam)
    y, step = horizon + 4.0, 5.0
    while y < _HEIGHT:
        canvas.drawLine(0, y, _WIDTH, y, seam)
        y, step = y + step, step * 1.45


def _facade(canvas: skia.Canvas, rng: np.random.Generator, horizon: float, *, shops: bool) -> None:
    wall = _tone(rng, 95.0, 190.0, 8.0)
    _rect(canvas, 0.0, 0.0, _WIDTH, horizon, wall)
    step = float(rng.uniform(34, 58))
    glass = _tone(rng, 60.0, 130.0, 6.0)
    for x in np.arange(float(rng.uniform(-step, 0)), _WIDTH, step):
        for y in np.arange(-10, horizon - 50, float(rng.uniform(40, 52))):
            _rect(
                canvas,
                float(x) + 6.0,
                float(y),
                step * 0.55,
                28.0,
                _shade(glass, float(rng.uniform(0.8, 1.2))),
            )
    if shops:
        top = horizon - 66
        for x in np.arange(float(rng.uniform(-40, 0)), _WIDTH, 62):
            _rect(canvas, float(x), top, 62.0, 14.0, _bright(rng, 60.0, 190.0))
            _rect(canvas, float(x) + 4.0, top + 16.0, 52.0, 46.0, _shade(glass, float(rng.uniform(0.8, 1.6))))
            for _ in range(3):
                _rect(
                    canvas,
                    float(x + rng.uniform(6.0, 44.0)),
                    top + 34.0,
                    9.0,
                    26.0,
                    _bright(rng, 60.0, 170.0),
                )


def _car(canvas: skia.Canvas, rng: np.random.Generator, x: float, y: float, size: float) -> None:
    rgb: tuple[float, float, float] = (
        _bright(rng, 50.0, 190.0) if rng.random() < 0.5 else _tone(rng, 60.0, 210.0, 4.0)
    )
    body = skia.Path()
    body.moveTo(x, y)
    for dx, dy in ((0, -16), (18, -20), (30, -36), (72, -36), (86, -20), (104, -16), (106, 0)):
        body.lineTo(x + dx * size, y + dy * size)
    body.close()
    canvas.drawPath(body, _paint(rgb))
    _rect(canvas, x + 32.0 * size, y - 33.0 * size, 38.0 * size, 13.0 * size, (62.0, 72.0, 82.0))
    for wheel in (20, 84):
        canvas.drawCircle(x + wheel * size, y, 8 * size, _paint((32.0, 32.0, 34.0)))


def _tree(canvas: skia.Canvas, rng: np.random.Generator, x: float, y: float) -> None:
    _rect(canvas, x - 3.0, y - 60.0, 6.0, 62.0, (86.0, 68.0, 50.0))
    green = (float(rng.uniform(50, 90)), float(rng.uniform(90, 130)), float(rng.uniform(40, 70)))
    for _ in range(16):
        leaf = _paint(_shade(green, float(rng.uniform(0.75, 1.2))))
        canvas.drawCircle(
            x + float(rng.normal(0, 20)), y - 85 + float(rng.normal(0, 22)), float(rng.uniform(8, 17)), leaf
        )


def _stroller(canvas: skia.Canvas, rng: np.random.Generator, x: float, y: float, size: float) -> None:
    """Somebody far away."""
    for offset in (-3.0, 3.0):
        canvas.drawLine(x + offset, y, x, y - 24 * size, _paint(_bright(rng, 30.0, 90.0), stroke=5 * size))
    torso = skia.Rect.MakeXYWH(x - 7 * size, y - 46 * size, 14 * size, 26 * size)
    canvas.drawRoundRect(torso, 4, 4, _paint(_bright(rng, 40.0, 190.0)))
    canvas.drawCircle(x, y - 51 * size, 5 * size, _paint((170.0, 130.0, 106.0)))


def _paint_scene(canvas: skia.Canvas, rng: np.random.Generator, scene: Scene) -> None:
    horizon = float(rng.uniform(90, 150))
    match scene:
        case "street" | "shop fronts":
            _facade(canvas, rng, horizon, shops=scene == "shop fronts")
            _ground(canvas, rng, horizon, _tone(rng, 110.0, 170.0, 5.0))
            if scene == "street":
                _rect(canvas, 0.0, horizon, _WIDTH, 34.0, _tone(rng, 70.0, 100.0, 3.0))
                _car(
                    canvas,
                    rng,
                    float(rng.uniform(-60.0, 110.0)),
                    horizon + 26.0,
                    float(rng.uniform(0.8, 1.1)),
                )
        case "park":
            _rect(canvas, 0.0, 0.0, _WIDTH, horizon, (178.0, 196.0, 208.0))
            for _ in range(5):
                _tree(canvas, rng, float(rng.uniform(0.0, _WIDTH)), horizon + float(rng.uniform(-6.0, 14.0)))
            grass = (float(rng.uniform(86, 124)), float(rng.uniform(122, 156)), float(rng.uniform(58, 90)))
            _rect(canvas, 0.0, horizon, _WIDTH, _HEIGHT, grass)
            for _ in range(60):
                x, y = float(rng.uniform(0, _WIDTH)), float(rng.uniform(horizon, _HEIGHT))
                canvas.drawLine(
                    x, y, x + 3, y - 5, _paint(_shade(grass, float(rng.uniform(0.8, 1.18))), stroke=2.0)
                )
            path = skia.Path()
            path.addPoly(
                [
                    skia.Point(20, _HEIGHT),
                    skia.Point(70, horizon),
                    skia.Point(84, horizon),
                    skia.Point(170, _HEIGHT),
                ],
                True,
            )
            if rng.random() < 0.6:
                canvas.drawPath(path, _paint(_tone(rng, 150.0, 190.0, 6.0)))
        case "corridor":
            wall = _tone(rng, 150.0, 215.0, 6.0)
            _rect(canvas, 0.0, 0.0, _WIDTH, _HEIGHT, wall)
            _ground(canvas, rng, horizon + 20.0, _tone(rng, 120.0, 190.0, 5.0))
            vanish = float(rng.uniform(50, 126))
            side = skia.Path()
            side.addPoly(
                [
                    skia.Point(0, 0),
                    skia.Point(vanish - 26, horizon - 60),
                    skia.Point(vanish - 26, horizon + 20),
                    skia.Point(0, _HEIGHT * 0.72),
                ],
                True,
            )
            canvas.drawPath(side, _paint(_shade(wall, 0.84)))
            for x in np.arange(vanish + 30, _WIDTH, 48):
                _rect(canvas, float(x), horizon - 66.0, 30.0, 88.0, _tone(rng, 90.0, 150.0, 14.0))
            _rect(canvas, vanish - 18.0, 8.0, 40.0, 7.0, (252.0, 252.0, 244.0))
        case "square":
            _rect(canvas, 0.0, 0.0, _WIDTH, horizon, _tone(rng, 150.0, 210.0, 8.0))
            _facade(canvas, rng, horizon * 0.8, shops=False)
            _ground(canvas, rng, horizon * 0.8, _tone(rng, 130.0, 190.0, 8.0))
            for _ in range(int(rng.integers(1, 4))):
                _stroller(
                    canvas,
                    rng,
                    float(rng.uniform(6.0, _WIDTH - 6.0)),
                    horizon * 0.8 + float(rng.uniform(10.0, 40.0)),
                    float(rng.uniform(0.6, 0.9)),
                )
        case _:
            _rect(canvas, 0.0, 0.0, _WIDTH, horizon, _tone(rng, 140.0, 200.0, 8.0))
            _ground(canvas, rng, horizon * 0.75, _tone(rng, 78.0, 125.0, 4.0))
            for row in (0.75, 0.95):
                _car(canvas, rng, float(rng.uniform(-70.0, 0.0)), horizon * row + 24.0, 0.9)
                _car(canvas, rng, float(rng.uniform(50.0, 120.0)), horizon * row + 24.0, 0.9)
            canvas.drawLine(10, _HEIGHT, 70, horizon + 30, _paint((214.0, 214.0, 206.0), stroke=3.0))


@cache
def _scene(scene: Scene, number: int) -> np.ndarray:
    """RGBA [height, width, 4] of one scene of the pool, a little out of focus."""
    rng = np.random.default_rng([get_args(Scene).index(scene), number, 4_211])
    size = int(_WIDTH), int(_HEIGHT)
    pixels = np.zeros((int(_HEIGHT), int(_WIDTH), 4), np.uint8)
    _paint_scene(skia.Surface(pixels, colorType=skia.kRGBA_8888_ColorType).getCanvas(), rng, scene)
    pixels = cv2.GaussianBlur(pixels, (0, 0), float(rng.uniform(0.7, 1.8)))
    mottle = cv2.resize(
        rng.normal(0.0, 4.0, (24, 14)).astype(np.float32), size, interpolation=cv2.INTER_CUBIC
    )
    grain = mottle + cv2.GaussianBlur(rng.normal(0.0, 7.0, size[::-1]).astype(np.float32), (0, 0), 0.8)
    pixels[..., :3] = np.clip(pixels[..., :3] + grain[..., None], 0, 255).astype(np.uint8)
    pixels[..., 3] = 255
    return pixels


@cache
def _thermal_scene(scene: Scene, number: int) -> np.ndarray:
    """The same place to a thermal camera: blurred, low in contrast, its tones rearranged by material."""
    rng = np.random.default_rng([get_args(Scene).index(scene), number, 9_173])
    grey = cv2.cvtColor(_scene(scene, number), cv2.COLOR_RGBA2GRAY)
    low, high = float(rng.uniform(22, 52)), float(rng.uniform(66, 104))
    knots = rng.uniform(low, high, 5)
    table = np.interp(np.arange(256), [0, 64, 128, 192, 255], knots).astype(np.uint8)
    grey = cv2.GaussianBlur(cv2.LUT(grey, table), (0, 0), 2.2)
    return cv2.cvtColor(grey, cv2.COLOR_GRAY2RGBA)


def crop_background(shot: Shot, *, height: int, width: int, thermal: bool = False) -> np.ndarray:
    """The surroundings of a shot, uint8 RGBA [height, width, 4]; the same place in both spectra."""
    seed = shot.background_seed
    number, flip = seed % _PER_SCENE, (seed >> 8) & 1
    scene = (_thermal_scene if thermal else _scene)(shot.scene, number)
    zoom = min(_WIDTH / width, _HEIGHT / height) * (0.82 + 0.18 * ((seed >> 10) % 16) / 15.0)
    crop_width, crop_height = int(width * zoom), int(height * zoom)
    x = ((seed >> 14) % 1024) * (int(_WIDTH) - crop_width) // 1024
    y = ((seed >> 4) % 16) * (int(_HEIGHT) - crop_height) // 16
    picture = cv2.resize(
        scene[y : y + crop_height, x : x + crop_width], (width, height), interpolation=cv2.INTER_LINEAR
    )
    return cv2.flip(picture, 1) if flip else picture
