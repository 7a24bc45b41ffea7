"""What stands between the camera and the person; it covers a third of the picture at most."""

import numpy as np
import skia

from crossreid.synthesis.pedestrians.shot import Shot


def _paint(rgb: tuple[float, float, float], thermal: bool) -> skia.Paint:
    red, green, blue = (int(min(255, max(0, c))) for c in rgb)
    if thermal:
        red = green = blue = 46 + (red + green + blue) // 20
    return skia.Paint(AntiAlias=True, Color=skia.Color(red, green, blue))


def draw_occluder(canvas: skia.Canvas, shot: Shot, *, height: int, width: int, thermal: bool = False) -> None:
    """Draw the shot's occluder over the picture, warm only if it is a passer-by."""
    if shot.occluder == "none":
        return
    rng = np.random.default_rng([shot.seed, 607])
    canvas.save()
    canvas.scale(width / 140.0, height / 280.0)
    match shot.occluder:
        case "pole":
            grey = float(rng.uniform(60, 150))
            x, broad = float(rng.uniform(30, 104)), float(rng.uniform(6, 13))
            canvas.drawRect(skia.Rect.MakeXYWH(x, 0, broad, 280), _paint((grey, grey, grey), thermal))
            canvas.drawRect(
                skia.Rect.MakeXYWH(x + broad * 0.25, 0, broad * 0.25, 280),
                _paint((grey * 1.25, grey * 1.25, grey * 1.25), thermal),
            )
        case "railing":
            top, grey = float(rng.uniform(196, 226)), float(rng.uniform(50, 190))
            bar = _paint((grey, grey, grey * 1.02), thermal)
            for y in (top, top + 34.0):
                canvas.drawRect(skia.Rect.MakeXYWH(0, y, 140, 4.5), bar)
            for x in np.arange(float(rng.uniform(0, 12)), 140, 15.0):
                canvas.drawRect(skia.Rect.MakeXYWH(float(x), top, 2.6, 90), bar)
        case "bush":
            top, centre = float(rng.uniform(214, 240)), float(rng.uniform(10, 130))
            for _ in range(70):
                tone = float(rng.uniform(0.7, 1.25))
                x, y = centre + float(rng.normal(0, 28)), top + abs(float(rng.normal(0, 26)))
                leaf = _paint((58 * tone, 104 * tone, 46 * tone), thermal)
                canvas.drawOval(
                    skia.Rect.MakeXYWH(x, y, float(rng.uniform(7, 15)), float(rng.uniform(6, 12))), leaf
                )
        case _:
            _passer_by(canvas, rng, thermal=thermal)
    canvas.restore()


def _passer_by(canvas: skia.Canvas, rng: np.random.Generator, *, thermal: bool) -> None:
    """The near shoulder and head of somebody who walks through the edge of the picture."""
    side = -1.0 if rng.random() < 0.5 else 1.0
    x = 70.0 + side * float(rng.uniform(64, 78))
    top = float(rng.uniform(70, 140))
    red, green, blue = (float(c) for c in rng.uniform(30, 210, 3))
    torso = skia.Path()
    torso.moveTo(x - 36, 290)
    torso.cubicTo(x - 38, top + 70, x - 34, top + 46, x - 10, top + 32)
    torso.lineTo(x + 10, top + 32)
    torso.cubicTo(x + 34, top + 46, x + 38, top + 70, x + 36, 290)
    torso.close()
    warm = skia.Paint(AntiAlias=True, Color=skia.Color(150, 150, 150))
    canvas.drawPath(torso, warm if thermal else _paint((red, green, blue), False))
    head = (
        skia.Paint(AntiAlias=True, Color=skia.Color(225, 225, 225))
        if thermal
        else _paint((176.0, 134.0, 108.0), False)
    )
    canvas.drawOval(skia.Rect.MakeXYWH(x - 13, top, 26, 36), head)
    hair = (
        skia.Paint(AntiAlias=True, Color=skia.Color(130, 130, 130))
        if thermal
        else _paint((54.0, 40.0, 32.0), False)
    )
    canvas.drawOval(skia.Rect.MakeXYWH(x - 14, top - 3, 28, 22), hair)
