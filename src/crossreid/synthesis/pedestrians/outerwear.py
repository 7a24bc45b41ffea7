"""What is worn over the top: jackets, coats, vests, scarves; and the tie under them."""

from crossreid.synthesis.pedestrians.attributes import Pedestrian
from crossreid.synthesis.pedestrians.garments import seen_from_front, soft_folds, trim_tone
from crossreid.synthesis.pedestrians.outlines import box, ellipse, lerp, polygon, smooth
from crossreid.synthesis.pedestrians.palette import GARMENTS, WARMTH, Rgb, luminance, mix, scaled
from crossreid.synthesis.pedestrians.part import Part
from crossreid.synthesis.pedestrians.trunk import Trunk

_OUTER_HEM = {
    "open jacket": -0.06,
    "closed jacket": -0.04,
    "long coat": -1.02,
    "vest": -0.02,
    "blazer": -0.12,
}


def outer(person: Pedestrian, trunk: Trunk) -> list[Part]:
    """The garment over the top, without sleeves."""
    kind = person.outer
    if kind == "none":
        return []
    colour, warmth = GARMENTS[person.outer_colour], WARMTH[kind]
    share, trim, front = trunk.share, trim_tone(GARMENTS[person.outer_colour]), seen_from_front(trunk)
    body = trunk.skeleton.body
    hem = -(body.thigh + body.shank * 0.32) if kind == "long coat" else share(_OUTER_HEM[kind])
    ease = {"open jacket": 3.6, "closed jacket": 5.0, "long coat": 4.6, "vest": 3.6, "blazer": 3.0}[kind]
    heights = [share(s) for s in (1.0, 0.96, 0.90, 0.80, 0.68, 0.36, 0.16)]
    heights += [0.0, hem * 0.35, hem * 0.7, hem] if kind == "long coat" else [hem]
    creases = soft_folds(trunk)
    parts: list[Part] = []
    if front and kind in ("open jacket", "vest", "blazer"):

        def opening(height: float) -> float:
            part = height / body.trunk
            if kind == "open jacket":
                return 0.34 + 0.22 * (1.0 - max(0.0, part))
            if kind == "vest":
                return 0.26
            return max(0.03, 0.40 * (part - 0.34) / 0.6) if part > 0.34 else 0.03 + 0.4 * (0.34 - part)

        for half, (s, path) in enumerate(
            zip((1.0, -1.0), trunk.panels(heights, opening, ease=ease), strict=True)
        ):
            x, y, width = trunk.section(share(0.5), ease=ease)
            parts.append(
                Part(
                    kind,
                    path,
                    colour,
                    warmth,
                    (x - width, y),
                    (x + width, y),
                    creases=creases if half else None,
                )
            )
            edge = smooth([trunk.front(h, s * opening(h), ease=ease) for h in heights[1:]], closed=False)
            parts.append(Part("opening", edge, trim, warmth * 0.8, texture="solid", stroke=1.2))
    else:
        flare = 9.0 if kind == "long coat" else 0.0
        path, left, right = trunk.column(heights, ease=ease, flare=flare)
        parts.append(Part(kind, path, colour, warmth, left, right, creases=creases))
    return parts + _outer_details(person, trunk, hem=hem, ease=ease, trim=trim)


def _outer_details(person: Pedestrian, trunk: Trunk, *, hem: float, ease: float, trim: Rgb) -> list[Part]:
    kind, colour, share = person.outer, GARMENTS[person.outer_colour], trunk.share
    warmth, front = WARMTH[person.outer], seen_from_front(trunk)
    parts: list[Part] = []
    if kind == "closed jacket":
        if front:
            zipper = trunk.line([share(s) for s in (1.0, 0.8, 0.5, 0.2)] + [hem], 0.0, ease=ease)
            parts.append(
                Part(
                    "zip",
                    zipper,
                    mix(trim, Rgb(200, 200, 205), 0.5),
                    warmth * 0.75,
                    texture="solid",
                    stroke=1.6,
                )
            )
            for side in (0.62, -0.62):
                pocket = polygon(
                    [
                        trunk.front(share(0.26), side * 0.8, ease=ease),
                        trunk.front(share(0.10), side, ease=ease),
                    ],
                    closed=False,
                )
                parts.append(Part("pocket", pocket, trim, warmth, texture="solid", stroke=1.2, minor=True))
        x, y, width = trunk.section(share(1.0))
        band = box(x - width * 1.02, y - 6.0, x + width * 1.02, y + 3.0, radius=3.0)
        parts.append(
            Part("stand collar", band, scaled(colour, 0.9), warmth * 0.95, (x - width, y), (x + width, y))
        )
        rib, left, right = trunk.column([hem + share(0.055), hem + share(0.02), hem - 1.0], ease=ease - 0.6)
        parts.append(Part("jacket rib", rib, scaled(colour, 0.78), warmth, left, right, minor=True))
    elif kind in ("blazer", "long coat", "open jacket") and front:
        deep = {"blazer": 0.52, "long coat": 0.68, "open jacket": 0.74}[kind]
        inner = {"blazer": 0.10, "long coat": 0.0, "open jacket": 0.38}[kind]
        for side in (1.0, -1.0):
            lapel = polygon(
                [
                    trunk.front(share(1.03), side * 0.72, ease=1.0),
                    trunk.front(share(0.84), side * 0.62, ease=ease),
                    trunk.front(share(0.80), side * 0.48, ease=ease),
                    trunk.front(share(deep), side * inner, ease=ease),
                    trunk.front(share(0.95), side * 0.32, ease=ease),
                ]
            )
            tone = mix(colour, Rgb(255, 255, 255), 0.12) if luminance(colour) < 0.6 else scaled(colour, 0.88)
            parts.append(Part("lapel", lapel, tone, warmth * 0.95, texture="solid"))
            parts.append(
                Part("lapel edge", lapel, trim, warmth * 0.9, texture="solid", stroke=0.8, minor=True)
            )
    if kind == "long coat":
        belt, left, right = trunk.column([share(0.40), share(0.37), share(0.33)], ease=ease + 0.4)
        parts.append(Part("coat belt", belt, scaled(colour, 0.75), warmth * 0.9, left, right))
        if front:
            seam = trunk.line([share(0.68), share(0.3), 0.0, hem * 0.5, hem], 0.05, ease=ease + 2.0)
            parts.append(Part("coat edge", seam, trim, warmth * 0.85, texture="solid", stroke=1.2))
            for height in (0.58, 0.20, 0.02):
                for side in (0.28, -0.2):
                    button = ellipse(trunk.front(share(height), side, ease=ease), 1.5, 1.5)
                    parts.append(Part("button", button, trim, warmth * 0.7, texture="solid", minor=True))
        else:
            vent = trunk.line([hem * 0.5, hem], 0.0, ease=ease, back=True)
            parts.append(Part("vent", vent, trim, warmth * 0.85, texture="solid", stroke=1.0, minor=True))
    elif kind == "blazer" and front:
        button = ellipse(trunk.front(share(0.34), 0.05, ease=ease), 1.6, 1.6)
        parts.append(Part("button", button, trim, warmth * 0.7, texture="solid", minor=True))
        pocket = trunk.front(share(0.70), -0.6, ease=ease)
        square = box(pocket[0] - 3.0, pocket[1] - 1.2, pocket[0] + 3.0, pocket[1] + 1.2)
        parts.append(Part("breast pocket", square, Rgb(236, 236, 230), warmth, texture="solid", minor=True))
    elif kind == "vest":
        # Quilting goes around, so it is seen from every side.
        for height in (0.84, 0.66, 0.48, 0.30, 0.12):
            x, y, width = trunk.section(share(height), ease=ease)
            for left, right in ((-1.0, -0.32), (0.32, 1.0)) if front else ((-1.0, 1.0),):
                seam = polygon([(x + width * left, y), (x + width * right, y + 0.8)], closed=False)
                parts.append(
                    Part("quilting", seam, trim, warmth * 0.85, texture="solid", stroke=1.1, minor=True)
                )
    return parts


def neckwear(person: Pedestrian, trunk: Trunk) -> list[Part]:
    """A scarf (over everything) or a tie (under the outer garment)."""
    colour, warmth, share = GARMENTS[person.neckwear_colour], WARMTH["neckwear"], trunk.share
    front = seen_from_front(trunk)
    if person.neckwear == "scarf":
        x, y, width = trunk.section(share(1.0))
        loop = smooth(
            [
                (x - width - 5, y - 7),
                (x + width + 5, y - 7),
                (x + width + 7, y),
                (x + 3, y + 8),
                (x - 3, y + 8),
                (x - width - 7, y),
            ]
        )
        folds = smooth([(x - width - 3, y - 2), (x, y + 4), (x + width + 3, y - 3)], closed=False)
        parts = [
            Part(
                "scarf",
                loop,
                colour,
                warmth,
                (x - width - 7, y),
                (x + width + 7, y),
                creases=folds,
                curved=1.2,
            )
        ]
        top = trunk.front(share(0.96), 0.22, ease=4.0, back=not front)
        end = trunk.front(share(0.58), 0.34, ease=5.0, back=not front)
        if front:
            tail = polygon(
                [(top[0] - 5, top[1]), (top[0] + 5, top[1]), (end[0] + 6, end[1]), (end[0] - 6, end[1])]
            )
            parts.insert(
                0,
                Part(
                    "scarf tail",
                    tail,
                    scaled(colour, 0.92),
                    warmth,
                    (end[0] - 6, end[1]),
                    (end[0] + 6, end[1]),
                ),
            )
            fringe = polygon([(end[0] - 5, end[1] + 1.5), (end[0] + 5, end[1] + 1.5)], closed=False)
            parts.append(
                Part("fringe", fringe, scaled(colour, 0.7), warmth, texture="solid", stroke=2.2, minor=True)
            )
        return parts
    if person.neckwear == "tie" and front:
        knot = trunk.front(share(0.955), 0.0, ease=2.0)
        low, tip = trunk.front(share(0.42), 0.0, ease=2.2), trunk.front(share(0.34), 0.0, ease=2.2)
        high = lerp(knot, low, 0.1)
        squeeze = max(0.35, trunk.skeleton.cos_yaw)
        blade = polygon(
            [
                (high[0] - 2.0 * squeeze, high[1]),
                (high[0] + 2.0 * squeeze, high[1]),
                (low[0] + 4.6 * squeeze, low[1]),
                tip,
                (low[0] - 4.6 * squeeze, low[1]),
            ]
        )
        top = smooth(
            [
                (knot[0] - 3.4 * squeeze, knot[1] - 2),
                (knot[0] + 3.4 * squeeze, knot[1] - 2),
                (knot[0] + 2 * squeeze, knot[1] + 4),
                (knot[0] - 2 * squeeze, knot[1] + 4),
            ]
        )
        return [
            Part("tie", blade, colour, warmth * 1.05, (low[0] - 5, low[1]), (low[0] + 5, low[1])),
            Part("tie knot", top, scaled(colour, 0.85), warmth, texture="solid"),
        ]
    return []
