"""The trunk as a stack of ellipses, and the garments that go around it."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import skia

from crossreid.synthesis.pedestrians.outlines import polygon, smooth
from crossreid.synthesis.pedestrians.part import Point
from crossreid.synthesis.pedestrians.skeleton import Skeleton

Level = tuple[float, float, float, float]  # height above the hips, half-width, half-depth, centre forward


@dataclass(frozen=True, slots=True)
class Trunk:
    """A posed trunk: its cross-sections from the neck down, and where the camera sees its surface."""

    skeleton: Skeleton
    levels: tuple[Level, ...]

    def share(self, amount: float) -> float:
        """Units above the hips of `amount` of the trunk's length."""
        return amount * self.skeleton.body.trunk

    def level(self, height: float) -> Level:
        """The cross-section at a height, from below the feet to the neck."""
        above = self.levels[0]
        if height >= above[0]:
            return height, *above[1:]
        for below in self.levels[1:]:
            if height >= below[0]:
                amount = (height - below[0]) / (above[0] - below[0])
                return (
                    height,
                    below[1] + (above[1] - below[1]) * amount,
                    below[2] + (above[2] - below[2]) * amount,
                    below[3] + (above[3] - below[3]) * amount,
                )
            above = below
        return self._around_legs(height)

    def _around_legs(self, height: float) -> Level:
        """What a skirt has to go around at a height below the hips."""
        skeleton, up = self.skeleton, self.skeleton.hip_height + height
        places = []
        for hip, knee, ankle in zip(skeleton.hips, skeleton.knees, skeleton.ankles, strict=True):
            upper, lower = (hip, knee) if up > knee[2] else (knee, ankle)
            amount = max(0.0, min(1.0, (upper[2] - up) / max(1.0, upper[2] - lower[2])))
            places.append(upper[1] + (lower[1] - upper[1]) * amount)
        lowest = self.levels[-1]
        spread = abs(places[0] - places[1]) * 0.5
        return height, lowest[1], max(lowest[2] * 0.8, spread + 8.5), (places[0] + places[1]) * 0.5

    def section(self, height: float, *, ease: float = 0.0) -> tuple[float, float, float]:
        """Centre x, y and half-width of the cross-section that the camera sees."""
        _, a, b, centre = self.level(height)
        skeleton = self.skeleton
        x, y = skeleton.see(skeleton.on_trunk(0.0, centre, height))
        return x, y, math.hypot((a + ease) * skeleton.cos_yaw, (b + ease) * skeleton.sin_yaw)

    def front(self, height: float, lateral: float, *, ease: float = 0.0, back: bool = False) -> Point:
        """Where the camera sees the chest (or the back) at `lateral` half-widths to the person's right."""
        _, a, b, centre = self.level(height)
        depth = (b + ease) * math.sqrt(max(0.0, 1.0 - lateral * lateral))
        return self.skeleton.see(
            self.skeleton.on_trunk(lateral * (a + ease), centre + (-depth if back else depth), height)
        )

    def column(
        self, heights: Sequence[float], *, ease: float = 0.0, flare: float = 0.0
    ) -> tuple[skia.Path, Point, Point]:
        """A garment around the trunk through `heights` (falling), and the line across it for shading.

        `flare` is added to the half-width in proportion to the way below the hips' level.
        """
        rights, lefts = [], []
        bottom = heights[-1]
        for height in heights:
            extra = ease + (flare * height / bottom if flare and height < 0.0 else 0.0)
            x, y, width = self.section(height, ease=extra)
            rights.append((x + width, y))
            lefts.append((x - width, y))
        x, y = (rights[-1][0] + lefts[-1][0]) * 0.5, rights[-1][1]
        sag = 1.0 + (rights[-1][0] - x) * self.skeleton.sin_tilt * 0.7
        path = smooth([rights[0], *rights, rights[-1], (x, y + sag), lefts[-1], *lefts[::-1], lefts[0]])
        middle = len(heights) // 2
        return path, lefts[middle], rights[middle]

    def panels(
        self, heights: Sequence[float], opening: Callable[[float], float], *, ease: float
    ) -> tuple[skia.Path, skia.Path]:
        """The halves of a garment that is open in front by `opening(height)` half-widths to each side.

        The first is the one at the picture's left.
        """
        left_half, right_half, left_edge, right_edge = [], [], [], []
        for height in heights:
            x, y, width = self.section(height, ease=ease)
            gap = opening(height)
            left_half.append((x - width, y))
            right_half.append((x + width, y))
            left_edge.append(self.front(height, gap, ease=ease))
            right_edge.append(self.front(height, -gap, ease=ease))
        return (
            smooth([left_half[0], *left_half, left_half[-1], left_edge[-1], *left_edge[::-1], left_edge[0]]),
            smooth(
                [right_half[0], *right_half, right_half[-1], right_edge[-1], *right_edge[::-1], right_edge[0]]
            ),
        )

    def line(
        self, heights: Sequence[float], lateral: float, *, ease: float = 0.0, back: bool = False
    ) -> skia.Path:
        """A line down the chest (or the back)."""
        return polygon(
            [self.front(height, lateral, ease=ease, back=back) for height in heights], closed=False
        )


def shape_trunk(skeleton: Skeleton) -> Trunk:
    """The cross-sections of a body's trunk."""
    body = skeleton.body
    trunk, girth = body.trunk, body.girth
    depth = 11.5 * (0.4 + 0.6 * girth)
    return Trunk(
        skeleton,
        (
            (trunk * 1.02, 7.0, 6.5, 0.5),
            (trunk * 0.97, body.shoulder * 0.62, 8.0, 0.0),
            (trunk * 0.91, body.shoulder * 0.99, depth * 0.8, 0.0),
            (trunk * 0.82, body.shoulder * 0.94, depth * 0.98, body.bust * 0.25),
            (trunk * 0.68, body.chest, depth * 1.06 + body.bust * 0.5, body.bust * 0.6),
            (trunk * 0.36, body.waist, depth * 0.82 + body.belly * 0.5, body.belly * 0.6),
            (trunk * 0.20, (body.waist + body.hip) * 0.52, depth * 0.95 + body.belly * 0.4, body.belly * 0.4),
            (trunk * 0.05, body.hip * 1.02, depth * 1.1, -1.5),
            (trunk * -0.06, body.hip * 1.0, depth * 1.05, -1.5),
        ),
    )
