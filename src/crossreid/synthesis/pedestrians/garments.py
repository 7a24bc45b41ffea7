"""What is worn around the trunk: tops, dresses and skirts, with their collars, closures and prints."""

import math

import skia

from crossreid.synthesis.pedestrians.attributes import Pedestrian
from crossreid.synthesis.pedestrians.limbs import upper_overlay
from crossreid.synthesis.pedestrians.outlines import box, ellipse, polygon, smooth
from crossreid.synthesis.pedestrians.palette import GARMENTS, SKIN, WARMTH, Rgb, luminance, mix, scaled
from crossreid.synthesis.pedestrians.part import Overlay, Part, Point
from crossreid.synthesis.pedestrians.trunk import Trunk

_HEM = {
    "t-shirt": 0.0,
    "shirt": -0.07,
    "polo shirt": 0.0,
    "sweater": -0.02,
    "hoodie": -0.03,
    "tank top": 0.0,
    "dress": -0.62,
}


def trim_tone(colour: Rgb) -> Rgb:
    """A tone that shows on the colour: darker, or paler where it is nearly black."""
    return scaled(colour, 0.6) if luminance(colour) > 0.22 else mix(colour, Rgb(255, 255, 255), 0.28)


def seen_from_front(trunk: Trunk) -> bool:
    """Whether the camera sees the middle of the chest."""
    return trunk.skeleton.cos_yaw > 0.12


def upper(person: Pedestrian, trunk: Trunk) -> list[Part]:
    """The top or the dress, without sleeves."""
    kind, colour, warmth = person.upper, GARMENTS[person.upper_colour], WARMTH[person.upper]
    share = trunk.share
    hem = share(_HEM[kind])
    ease = 3.0 if kind in ("sweater", "hoodie") else 1.5
    parts: list[Part] = []
    heights = [share(s) for s in (1.0, 0.96, 0.91, 0.82, 0.68, 0.36, 0.16)]
    if kind == "tank top":
        path, left, right = trunk.column([share(s) for s in (1.02, 0.97, 0.91, 0.82, 0.68, 0.4)])
        parts.append(
            Part("bare shoulders", path, SKIN[person.skin_tone], WARMTH["skin"], left, right, "skin")
        )
        heights = [share(s) for s in (0.80, 0.77, 0.68, 0.36, 0.16)]
    if kind == "dress":
        heights += [0.0, hem * 0.5, hem]
    else:
        heights.append(hem)
    path, left, right = trunk.column(heights, ease=ease, flare=7.0 if kind == "dress" else 0.0)
    top_y, hem_y = trunk.section(share(0.97))[1], trunk.section(hem)[1]
    middle = trunk.front(share(0.68), 0.0, back=not seen_from_front(trunk))
    overlay = upper_overlay(person, (middle[0], top_y), 0.0, top_y, hem_y)
    parts.append(Part("top", path, colour, warmth, left, right, overlay=overlay, creases=soft_folds(trunk)))
    if kind == "tank top":
        for side in (-0.5, 0.5):
            if abs(trunk.skeleton.cos_yaw) < 0.35 and side * trunk.skeleton.sin_yaw < 0.0:
                continue
            strap = trunk.line([share(s) for s in (0.97, 0.88, 0.74)], side, back=not seen_from_front(trunk))
            parts.append(Part("strap", strap, colour, warmth, texture="solid", stroke=5.5))
    if kind in ("sweater", "hoodie"):
        band, left, right = trunk.column([hem + share(0.05), hem + share(0.02), hem - 1.0], ease=ease - 0.5)
        parts.append(Part("ribbed hem", band, scaled(colour, 0.82), warmth * 0.95, left, right, minor=True))
    if kind == "dress":
        belt, left, right = trunk.column([share(0.40), share(0.375), share(0.345)], ease=ease)
        parts.append(Part("belt", belt, trim_tone(colour), warmth * 0.8, left, right))
    return parts + _neckline(person, trunk) + chest_print(person, trunk)


def soft_folds(trunk: Trunk) -> skia.Path:
    """Soft diagonal folds from the armpits and above the waist."""
    share = trunk.share
    back = not seen_from_front(trunk)
    path = smooth(
        [
            trunk.front(share(0.76), 0.9, back=back),
            trunk.front(share(0.66), 0.5, back=back),
            trunk.front(share(0.62), 0.3, back=back),
        ],
        closed=False,
    )
    path.addPath(
        smooth(
            [
                trunk.front(share(0.40), -0.9, back=back),
                trunk.front(share(0.30), -0.5, back=back),
                trunk.front(share(0.27), -0.2, back=back),
            ],
            closed=False,
        )
    )
    path.addPath(
        smooth(
            [
                trunk.front(share(0.30), 0.92, back=back),
                trunk.front(share(0.22), 0.6, back=back),
                trunk.front(share(0.20), 0.45, back=back),
            ],
            closed=False,
        )
    )
    return path


def _neckline(person: Pedestrian, trunk: Trunk) -> list[Part]:
    kind, colour, warmth = person.upper, GARMENTS[person.upper_colour], WARMTH[person.upper]
    share, front, trim = trunk.share, seen_from_front(trunk), trim_tone(GARMENTS[person.upper_colour])
    parts: list[Part] = []
    collar_y = share(0.985)
    if kind in ("t-shirt", "dress", "sweater") and front:
        depth = {"t-shirt": 0.885, "dress": 0.85, "sweater": 0.92}[kind]
        scoop = smooth(
            [
                trunk.front(collar_y, 0.6),
                trunk.front(collar_y, 0.6),
                trunk.front(share(depth + 0.03), 0.3),
                trunk.front(share(depth), 0.0),
                trunk.front(share(depth + 0.03), -0.3),
                trunk.front(collar_y, -0.6),
                trunk.front(collar_y, -0.6),
            ]
        )
        parts.append(
            Part("neckline", scoop, SKIN[person.skin_tone], WARMTH["skin"], texture="solid", curved=0.0)
        )
        parts.append(
            Part(
                "neckband",
                scoop,
                trim,
                warmth,
                texture="solid",
                stroke=2.6 if kind == "sweater" else 1.1,
                minor=True,
            )
        )
    if kind in ("shirt", "polo shirt"):
        bottom = -0.04 if kind == "shirt" else 0.72
        if front:
            placket = trunk.line(
                [share(s) for s in (0.93, 0.68, 0.36, bottom)]
                if kind == "shirt"
                else [share(0.93), share(bottom)],
                0.0,
                ease=1.5,
            )
            parts.append(Part("placket", placket, trim, warmth * 0.95, texture="solid", stroke=1.0))
            for height in (0.80, 0.64, 0.48, 0.32, 0.16) if kind == "shirt" else (0.86, 0.77):
                button = ellipse(trunk.front(share(height), 0.0, ease=1.5), 1.2, 1.2)
                tone = Rgb(245, 245, 240) if luminance(colour) < 0.6 else Rgb(70, 64, 60)
                parts.append(Part("button", button, tone, warmth * 0.8, texture="solid", minor=True))
        parts += _collar(
            trunk,
            mix(colour, Rgb(255, 255, 255), 0.25) if luminance(colour) < 0.75 else scaled(colour, 0.85),
            warmth,
        )
        if kind == "shirt" and front:
            pocket = trunk.front(share(0.74), -0.45, ease=1.5)
            outline = box(pocket[0] - 3.2, pocket[1] - 3.6, pocket[0] + 3.2, pocket[1] + 4.0)
            parts.append(Part("shirt pocket", outline, trim, warmth, texture="solid", stroke=0.9, minor=True))
    if kind == "hoodie":
        if front:
            pouch = smooth(
                [
                    trunk.front(share(0.26), 0.4),
                    trunk.front(share(0.26), 0.4),
                    trunk.front(share(0.26), -0.4),
                    trunk.front(share(0.26), -0.4),
                    trunk.front(share(0.12), -0.7),
                    trunk.front(share(0.04), -0.7),
                    trunk.front(share(0.04), -0.7),
                    trunk.front(share(0.04), 0.7),
                    trunk.front(share(0.04), 0.7),
                    trunk.front(share(0.12), 0.7),
                ]
            )
            parts.append(Part("pouch", pouch, trim, warmth * 0.95, texture="solid", stroke=1.2))
            for side in (-0.16, 0.16):
                string = trunk.line([share(0.93), share(0.74)], side, ease=3.0)
                parts.append(
                    Part(
                        "drawstring",
                        string,
                        Rgb(238, 238, 232),
                        warmth * 0.9,
                        texture="solid",
                        stroke=1.2,
                        minor=True,
                    )
                )
        else:
            x, y, _ = trunk.section(share(0.92))
            hood = smooth(
                [
                    (x - 12, y - 12),
                    (x + 12, y - 12),
                    (x + 14, y - 2),
                    (x + 7, y + 13),
                    (x - 7, y + 13),
                    (x - 14, y - 2),
                ]
            )
            parts.append(
                Part("hood", hood, scaled(colour, 0.9), warmth * 0.9, (x - 14, y), (x + 14, y), curved=1.3)
            )
    return parts


def _collar(
    trunk: Trunk, colour: Rgb, warmth: float, *, reach: float = 0.90, wide: float = 0.42
) -> list[Part]:
    share = trunk.share
    x, y, width = trunk.section(share(0.985))
    if not seen_from_front(trunk):
        band = box(x - width * 0.8, y - 5.0, x + width * 0.8, y + 1.0, radius=2.0)
        return [Part("collar", band, colour, warmth * 0.9, (x - width, y), (x + width, y))]
    parts = []
    for side in (1.0, -1.0):
        flap = polygon(
            [
                trunk.front(share(1.05), side * 0.75),
                trunk.front(share(0.94), side * wide * 1.15),
                trunk.front(share(reach), side * wide * 0.62),
                trunk.front(share(0.965), 0.0),
            ]
        )
        parts.append(Part("collar", flap, colour, warmth * 0.9, texture="solid"))
    return parts


def chest_print(person: Pedestrian, trunk: Trunk) -> list[Part]:
    """The print on the chest; a number is on the back too."""
    kind = person.upper_print
    facing = trunk.skeleton.cos_yaw
    if kind == "none" or (facing < 0.2 and not (kind == "number" and facing < -0.2) and kind != "chest band"):
        return []
    share, colour = trunk.share, GARMENTS[person.upper_second_colour]
    warmth = WARMTH[person.upper] * 0.84
    squeeze = abs(facing)
    x, y = trunk.front(share(0.64), 0.0, ease=1.5, back=facing < 0.0)
    stroke = 0.0
    match kind:
        case "square logo":
            path = box(x - 7.5 * squeeze, y - 7.5, x + 7.5 * squeeze, y + 7.5, radius=1.0)
        case "round logo":
            path = ellipse((x, y), 8.5 * squeeze, 8.5)
        case "chest band":
            path = trunk.column([share(s) for s in (0.735, 0.68, 0.60)], ease=1.4)[0]
        case "number":
            path, stroke = (
                polygon(
                    [(x - 8.5 * squeeze, y - 6.5), (x - 5 * squeeze, y - 9), (x - 5 * squeeze, y + 10)],
                    closed=False,
                ),
                3.4,
            )
            path.addPath(ellipse((x + 4.5 * squeeze, y + 0.5), 5.2 * squeeze, 9.0))
        case _:
            points: list[Point] = []
            for corner in range(10):
                angle, radius = math.pi * (corner / 5.0 - 0.5), 11.0 if corner % 2 == 0 else 4.6
                points.append((x + radius * squeeze * math.cos(angle), y + radius * math.sin(angle)))
            path = polygon(points)
    return [Part(f"print: {kind}", path, colour, warmth, texture="solid", stroke=stroke)]


def hips(person: Pedestrian, trunk: Trunk) -> list[Part]:
    """The seat of the trousers, or the skirt."""
    share, colour, warmth = trunk.share, GARMENTS[person.lower_colour], WARMTH[person.lower]
    body = trunk.skeleton.body
    second = GARMENTS[person.lower_second_colour]
    x, y, _ = trunk.section(share(0.1))
    overlay = Overlay("checks", second, (x, y)) if person.lower_pattern == "checks" else None
    if "skirt" in person.lower:
        length = body.thigh * 0.74 if person.lower == "short skirt" else body.thigh + body.shank * 0.80
        heights = [share(0.3), share(0.16), share(0.0), -length * 0.33, -length * 0.66, -length]
        flare = 6.0 if person.lower == "short skirt" else 9.0
        path, left, right = trunk.column(heights, ease=1.0, flare=flare)
        creases = polygon(
            [trunk.front(-length * 0.2, 0.35, ease=1.0), trunk.front(-length * 0.92, 0.45, ease=flare)],
            closed=False,
        )
        creases.addPath(
            polygon(
                [trunk.front(-length * 0.3, -0.3, ease=1.0), trunk.front(-length * 0.95, -0.4, ease=flare)],
                closed=False,
            )
        )
        parts = [Part("skirt", path, colour, warmth, left, right, overlay=overlay, creases=creases)]
        if person.lower_pattern == "side stripe":
            for side in (0.96, -0.96):
                if side * trunk.skeleton.sin_yaw > -0.45:
                    points = [
                        trunk.front(
                            h,
                            side,
                            ease=1.0
                            + (flare * h / -length if h < 0 else 0.0)
                            - 2.0 * abs(trunk.skeleton.cos_yaw),
                        )
                        for h in heights
                    ]
                    parts.append(
                        Part(
                            "side stripe",
                            smooth(points, closed=False),
                            second,
                            warmth * 0.86,
                            texture="solid",
                            stroke=3.6,
                        )
                    )
        return parts
    path, left, right = trunk.column([share(0.3), share(0.16), share(0.0), -7.0], ease=0.8)
    return [Part("trouser seat", path, colour, warmth, left, right, overlay=overlay)]
