"""Paths from points: rounded shapes, tapered limbs, and columns around the trunk."""

import math
from collections.abc import Sequence

import skia

from crossreid.synthesis.pedestrians.part import Point


def lerp(first: Point, second: Point, amount: float) -> Point:
    """The point `amount` of the way from `first` to `second`."""
    return first[0] + (second[0] - first[0]) * amount, first[1] + (second[1] - first[1]) * amount


def polygon(points: Sequence[Point], *, closed: bool = True) -> skia.Path:
    """Straight lines through the points."""
    path = skia.Path()
    path.moveTo(*points[0])
    for point in points[1:]:
        path.lineTo(*point)
    if closed:
        path.close()
    return path


def smooth(points: Sequence[Point], *, closed: bool = True) -> skia.Path:
    """A quadratic B-spline with the points as controls; a point given twice is a corner."""
    path = skia.Path()
    if closed:
        previous = points[-1]
        path.moveTo((previous[0] + points[0][0]) * 0.5, (previous[1] + points[0][1]) * 0.5)
        following = (*points[1:], points[0])
    else:
        path.moveTo(*points[0])
        following = points[1:]
    for (x, y), (next_x, next_y) in zip(points, following, strict=False):
        path.quadTo(x, y, (x + next_x) * 0.5, (y + next_y) * 0.5)
    if closed:
        path.close()
    else:
        path.lineTo(*points[-1])
    return path


def ellipse(centre: Point, half_width: float, half_height: float) -> skia.Path:
    """An upright ellipse."""
    path = skia.Path()
    path.addOval(
        skia.Rect.MakeLTRB(
            centre[0] - half_width, centre[1] - half_height, centre[0] + half_width, centre[1] + half_height
        )
    )
    return path


def box(left: float, top: float, right: float, bottom: float, *, radius: float = 0.0) -> skia.Path:
    """An upright rectangle with rounded corners."""
    path = skia.Path()
    path.addRoundRect(skia.Rect.MakeLTRB(left, top, right, bottom), radius, radius)
    return path


def _direction(first: Point, second: Point, fallback: Point) -> Point:
    x, y = second[0] - first[0], second[1] - first[1]
    length = math.hypot(x, y)
    return (x / length, y / length) if length > 1.5 else fallback


def tube(
    points: Sequence[Point], half_widths: Sequence[float], *, cap: float = 1.0
) -> tuple[skia.Path, Point, Point]:
    """A bent limb through three points, as thick as `half_widths` there.

    Returns the outline and the two ends of the line across it, leftmost first.
    `cap` is how far the far end bulges, in half-widths; the near end always is round.
    """
    start, middle, end = points
    first = _direction(start, middle, (0.0, 1.0))
    second = _direction(middle, end, first)
    bend = _direction((0.0, 0.0), ((first[0] + second[0]) * 2, (first[1] + second[1]) * 2), first)
    w0, w1, w2 = half_widths
    l0 = (start[0] + first[1] * w0, start[1] - first[0] * w0)
    r0 = (start[0] - first[1] * w0, start[1] + first[0] * w0)
    l1 = (middle[0] + bend[1] * w1, middle[1] - bend[0] * w1)
    r1 = (middle[0] - bend[1] * w1, middle[1] + bend[0] * w1)
    l2 = (end[0] + second[1] * w2, end[1] - second[0] * w2)
    r2 = (end[0] - second[1] * w2, end[1] + second[0] * w2)
    path = skia.Path()
    path.moveTo(*l0)
    path.lineTo(*lerp(l0, l1, 0.7))
    path.quadTo(*l1, *lerp(l1, l2, 0.3))
    path.lineTo(*l2)
    tip = (end[0] + second[0] * w2 * 1.3 * cap, end[1] + second[1] * w2 * 1.3 * cap)
    path.cubicTo(
        l2[0] + tip[0] - end[0],
        l2[1] + tip[1] - end[1],
        r2[0] + tip[0] - end[0],
        r2[1] + tip[1] - end[1],
        *r2,
    )
    path.lineTo(*lerp(r2, r1, 0.7))
    path.quadTo(*r1, *lerp(r1, r0, 0.3))
    path.lineTo(*r0)
    back = (first[0] * w0 * 1.15, first[1] * w0 * 1.15)
    path.cubicTo(r0[0] - back[0], r0[1] - back[1], l0[0] - back[0], l0[1] - back[1], *l0)
    path.close()
    # The line across has to span the whole bent limb, or the far ends fall outside the shading.
    across = (bend[1], -bend[0]) if bend[1] >= 0.0 else (-bend[1], bend[0])
    places = [(x - middle[0]) * across[0] + (y - middle[1]) * across[1] for x, y in points]
    low = min(places[0] - w0, -w1, places[2] - w2)
    high = max(places[0] + w0, w1, places[2] + w2)
    left = (middle[0] + across[0] * low, middle[1] + across[1] * low)
    return path, left, (middle[0] + across[0] * high, middle[1] + across[1] * high)
