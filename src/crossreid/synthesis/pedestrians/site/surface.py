"""Skins stretched over rings: the pieces of a person in space, before a camera looks at them.

Coordinates are (right, forward, up) of the person in metres, the ground at up = 0.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from crossreid.synthesis.pedestrians.palette import Rgb

Vector = tuple[float, float, float]
Ring = tuple[float, ...]
"""Centre (3), two half-axes (3 + 3) and the angles in radians between which the skin lies (2)."""

FULL = (0.0, 2.0 * math.pi)


@dataclass(frozen=True, slots=True)
class Weave:
    """A second colour on a surface: a repeating pattern, or the part above or below `split` metres."""

    kind: str
    colour: Rgb
    split: float = 0.0


@dataclass(frozen=True, slots=True)
class Surface:
    """Rings that run such that first half-axis x second half-axis points along them; outside is away from them.

    `squareness` 1 is round, smaller is boxy. `lift` in metres lets a thin layer win over what it lies on.
    `cut` keeps the faces for which it is true, given (across, along) in [-1, 1]. `minor` pieces may be left
    out by who draws by hand.
    """

    rings: tuple[Ring, ...]
    colour: Rgb
    material: str
    sectors: int = 14
    squareness: float = 1.0
    lift: float = 0.0
    weave: Weave | None = None
    cut: Callable[[float, float], bool] | None = None
    minor: bool = False


def column(
    levels: Sequence[tuple[float, float, float, float]], *, arc: tuple[float, float] = FULL
) -> tuple[Ring, ...]:
    """Level rings from the bottom up: (up, half-width, half-depth, forward) each."""
    return tuple((0.0, y, z, w, 0.0, 0.0, 0.0, d, 0.0, *arc) for z, w, d, y in levels)


def limb(points: Sequence[Vector], radii: Sequence[float], *, flat: float = 1.0) -> tuple[Ring, ...]:
    """Rings across a bent line, closed at both ends; `flat` is the second half-axis over the first."""
    rings: list[Ring] = []
    last = len(points) - 1
    for index, (point, radius) in enumerate(zip(points, radii, strict=True)):
        before, after = points[max(0, index - 1)], points[min(last, index + 1)]
        a, b = _across(tuple(q - p for p, q in zip(before, after, strict=True)))  # type: ignore[arg-type]
        ring = (*point, *(radius * v for v in a), *(radius * flat * v for v in b), *FULL)
        if index == 0:
            rings.append((*point, *(1e-4 * v for v in a), *(1e-4 * v for v in b), *FULL))
        rings.append(ring)
        if index == last:
            rings.append((*point, *(1e-4 * v for v in a), *(1e-4 * v for v in b), *FULL))
    return tuple(rings)


def _across(along: Vector) -> tuple[Vector, Vector]:
    """Two unit vectors across a direction, the first as near to the person's right as can be."""
    x, y, z = along
    length = math.sqrt(x * x + y * y + z * z) or 1.0
    x, y, z = x / length, y / length, z / length
    a = (1.0 - x * x, -x * y, -x * z) if abs(x) < 0.9 else (-y * x, 1.0 - y * y, -y * z)
    size = math.sqrt(a[0] * a[0] + a[1] * a[1] + a[2] * a[2])
    a = (a[0] / size, a[1] / size, a[2] / size)
    return a, (y * a[2] - z * a[1], z * a[0] - x * a[2], x * a[1] - y * a[0])


def blob(
    centre: Vector,
    axes: Vector,
    *,
    low: float = -1.0,
    high: float = 1.0,
    arc: tuple[float, float] = FULL,
    rings: int = 7,
) -> tuple[Ring, ...]:
    """An ellipsoid between two shares of its height, -1 the bottom and 1 the top."""
    x, y, z = centre
    start, end = math.asin(low), math.asin(high)
    found: list[Ring] = []
    for step in range(rings):
        angle = start + (end - start) * step / (rings - 1)
        wide = max(1e-3, math.cos(angle))
        found.append(
            (x, y, z + axes[2] * math.sin(angle), axes[0] * wide, 0.0, 0.0, 0.0, axes[1] * wide, 0.0, *arc)
        )
    return tuple(found)


def box(centre: Vector, axes: Vector, *, taper: float = 1.0) -> tuple[Ring, ...]:
    """An upright box, its top `taper` times as wide as its bottom; use with a small squareness."""
    x, y, z = centre
    w, d, h = axes
    plan = ((-h, 1e-3), (-h, 0.9), (-h * 0.86, 1.0), (h * 0.86, taper), (h, 0.9 * taper), (h, 1e-3))
    return tuple((x, y, z + up, w * s, 0.0, 0.0, 0.0, d * s, 0.0, *FULL) for up, s in plan)


def between(first: Vector, second: Vector, share: float) -> Vector:
    """The point `share` of the way."""
    return (
        first[0] + (second[0] - first[0]) * share,
        first[1] + (second[1] - first[1]) * share,
        first[2] + (second[2] - first[2]) * share,
    )
