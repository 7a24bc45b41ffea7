"""The cuts that garments of the site are made of: what goes around a trunk, lies on it, or falls from it."""

import math
from itertools import pairwise

from crossreid.synthesis.pedestrians.palette import Rgb
from crossreid.synthesis.pedestrians.site.body import Body
from crossreid.synthesis.pedestrians.site.surface import FULL, Ring, Surface, Vector, Weave, between, column

FINE_M = 0.024  # the faces of a patterned cloth
FRONT = math.pi / 2.0  # the angle of a ring at which the person's front is


def rise(low: float, high: float, step: float) -> list[float]:
    """Heights from `low` to `high`, both included, at most `step` apart."""
    count = max(2, math.ceil((high - low) / step) + 1)
    return [low + (high - low) * index / (count - 1) for index in range(count)]


def wrap(
    body: Body, ups: list[float], *, ease: float, arc: tuple[float, float] = FULL, close: bool = False
) -> tuple[Ring, ...]:
    """Rings around the trunk at heights from low to high; `close` shuts the top."""
    levels = [body.level(up, ease=ease) for up in ups]
    if close:
        z, _, _, y = levels[-1]
        levels.append((z + 0.01, 1e-3, 1e-3, y))
    return column(levels, arc=arc)


def panel(
    body: Body,
    low: float,
    high: float,
    half: float,
    *,
    ease: float,
    right: float = 0.0,
    back: bool = False,
    step: float = 0.05,
) -> tuple[Ring, ...]:
    """A patch `half` metres wide to each side of `right` on the front (or back) between two heights."""
    rings: list[Ring] = []
    for up in rise(low, high, step):
        z, w, d, y = body.level(up, ease=ease)
        middle = (-FRONT if back else FRONT) + (right if back else -right) / w
        rings.append((0.0, y, z, w, 0.0, 0.0, 0.0, d, 0.0, middle - half / w, middle + half / w))
    return tuple(rings)


def collar(body: Body, ease: float, height: float) -> tuple[Ring, ...]:
    """A band around the neck."""
    z, y = body.at(0.965), body.stoop
    return column([(z, 0.085 + ease, 0.08 + ease, y), (z + height, 0.070 + ease, 0.066 + ease, y + 0.008)])


def refined(points: list[Vector], radii: list[float]) -> tuple[list[Vector], list[float]]:
    """The same line with rings as near to each other as a pattern needs."""
    fine, wide = [points[0]], [radii[0]]
    for (first, second), (thin, thick) in zip(pairwise(points), pairwise(radii), strict=True):
        steps = max(1, math.ceil(math.dist(first, second) / FINE_M))
        for step in range(1, steps + 1):
            fine.append(between(first, second, step / steps))
            wide.append(thin + (thick - thin) * step / steps)
    return fine, wide


def skirt(
    body: Body,
    top: float,
    bottom: float,
    flare: float,
    colour: Rgb,
    cloth: str,
    weave: Weave | None,
    *,
    lift: float = 0.0,
) -> Surface:
    """Cloth that falls around both legs."""
    _, w, d, y = body.level(top, ease=0.02)
    reach = [(k[1], a[1]) for k, a in zip(body.knees, body.ankles, strict=True)]
    ahead, behind = max(max(r) for r in reach), min(min(r) for r in reach)
    levels = []
    for up in rise(bottom, top, 0.10 if weave is None else FINE_M):
        share = min(1.0, (top - up) / max(0.3, top))
        wide = w + flare * share
        levels.append(
            (
                up,
                wide,
                max(wide * 0.8, d + flare * share, 0.5 * (ahead - behind) * min(1.0, 1.7 * share) + 0.10),
                y + (ahead + behind) * 0.5 * min(1.0, 1.7 * share),
            )
        )
    return Surface(column(levels), colour, cloth, 20 if weave is None else 44, weave=weave, lift=lift + 0.05)
