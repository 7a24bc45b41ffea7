"""The pieces that a drawn person is made of, before anyone decides how to paint them."""

from dataclasses import dataclass
from typing import Literal

import skia

from crossreid.synthesis.pedestrians.palette import Rgb

Point = tuple[float, float]
Texture = Literal["cloth", "skin", "hair", "solid"]


@dataclass(frozen=True, slots=True)
class Overlay:
    """A woven or printed pattern on a part: which, in what colour, and where its origin and direction lie.

    `top` and `bottom` (y) are where a two-tone garment begins and ends.
    """

    kind: str
    colour: Rgb
    origin: Point
    angle: float = 0.0  # degrees, clockwise in the picture
    top: float = 0.0
    bottom: float = 0.0


@dataclass(frozen=True, slots=True)
class Part:
    """One piece, in picture coordinates with the ground at y = 0 and y growing downwards.

    `left` and `right` are the ends of the line across the piece along which it curves away from the
    light. A piece with `stroke` > 0 is a line of that width and not an area. `minor` pieces may be left
    out by a sketcher. `creases` are folds and seams. `warmth` is what a thermal camera sees, 0 to 1.
    """

    name: str
    path: skia.Path
    colour: Rgb
    warmth: float
    left: Point = (0.0, 0.0)
    right: Point = (0.0, 0.0)
    texture: Texture = "cloth"
    stroke: float = 0.0
    overlay: Overlay | None = None
    creases: skia.Path | None = None
    minor: bool = False
    curved: float = 1.0  # strength of the shading; 0: flat
