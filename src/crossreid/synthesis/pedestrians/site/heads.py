"""Heads, hair and what is worn on them: the largest thing that a camera overhead sees."""

import math

from crossreid.synthesis.pedestrians.attributes import Pedestrian
from crossreid.synthesis.pedestrians.palette import Rgb, mix, scaled
from crossreid.synthesis.pedestrians.site.body import Body
from crossreid.synthesis.pedestrians.site.garments import panel
from crossreid.synthesis.pedestrians.site.palette import DYES, HAIR, SKIN
from crossreid.synthesis.pedestrians.site.surface import Ring, Surface, blob, column, limb

_FRONT = math.pi / 2.0
_AXES = (0.092, 0.112, 0.135)


def _around(gap: float) -> tuple[float, float]:
    return _FRONT + gap, _FRONT + 2.0 * math.pi - gap


def _before(half: float) -> tuple[float, float]:
    return _FRONT - half, _FRONT + half


def head(person: Pedestrian, body: Body) -> list[Surface]:
    """Neck, skull, face, hair, headwear and neckwear."""
    skin, (x, y, z) = SKIN[person.skin_tone], body.head
    neck = limb([(0.0, body.stoop * 0.9, z - 0.21), (x, y - 0.01, z - 0.07)], (0.066, 0.056))
    parts = [
        Surface(neck, skin, "skin", 14),
        Surface(blob(body.head, _AXES, rings=8), skin, "skin", 14),
        Surface(
            blob((x, y + 0.115, z - 0.02), (0.018, 0.022, 0.03), rings=4),
            scaled(skin, 0.92),
            "skin",
            8,
            minor=True,
        ),
    ]
    if person.age != "young":
        # Lines of age: darker cheeks.
        for side in (1, -1):
            cheek = blob((x + side * 0.05, y + 0.085, z - 0.045), (0.02, 0.012, 0.03), rings=4)
            parts.append(
                Surface(
                    cheek,
                    scaled(skin, 0.80 if person.age == "elderly" else 0.90),
                    "skin",
                    8,
                    lift=0.02,
                    minor=True,
                )
            )
    for side in (1, -1):
        eye = blob((x + side * 0.038, y + 0.098, z + 0.022), (0.012, 0.008, 0.007), rings=4)
        parts.append(Surface(eye, Rgb(38, 30, 28), "hair", 8, lift=0.02, minor=True))
        if person.headwear != "headscarf" and person.hair_style not in ("bob", "long", "afro"):
            ear = blob((x + side * 0.094, y, z - 0.01), (0.018, 0.026, 0.036), rings=4)
            parts.append(Surface(ear, scaled(skin, 0.9), "skin", 8, minor=True))
    parts += _face(person, body)
    parts += _hair(person, body)
    parts += _headwear(person, body)
    return parts + _neckwear(person, body)


def _face(person: Pedestrian, body: Body) -> list[Surface]:
    parts: list[Surface] = []
    wide = (_AXES[0] + 0.010, _AXES[1] + 0.012, _AXES[2] + 0.012)
    if person.beard == "beard":
        colour = HAIR[person.hair_colour]
        rings = blob(body.head, wide, low=-0.97, high=-0.30, arc=_before(1.25), rings=5)
        parts.append(Surface(rings, colour, "hair", 8, lift=0.02))
    if person.glasses != "none":
        dark = person.glasses == "sunglasses"
        band = blob(
            body.head,
            (wide[0] + 0.006, wide[1] + 0.006, wide[2]),
            low=-0.02 if dark else 0.08,
            high=0.36 if dark else 0.26,
            arc=_before(1.35),
            rings=3,
        )
        colour = Rgb(18, 18, 20) if dark else Rgb(64, 58, 60)
        parts.append(Surface(band, colour, "lens", 8, lift=0.03))
    return parts


def _hair(person: Pedestrian, body: Body) -> list[Surface]:
    style, (x, y, z) = person.hair_style, body.head
    if style == "bald" or person.headwear == "headscarf":
        return []
    colour = HAIR[person.hair_colour]
    parts: list[Surface] = []
    under = person.headwear in ("cap", "beanie", "brimmed hat")
    if style == "buzz cut":
        colour = mix(colour, SKIN[person.skin_tone], 0.40)
    thick = {"buzz cut": 0.006, "short": 0.018, "bun": 0.014, "ponytail": 0.014, "afro": 0.03}.get(
        style, 0.024
    )
    axes = (_AXES[0] + thick, _AXES[1] + thick, _AXES[2] + thick)
    centre = (x, y - 0.012, z)
    low = {"bob": -0.80, "long": -0.9, "buzz cut": -0.25}.get(style, -0.45)
    parts.append(
        Surface(
            _cap_of_hair(centre, axes, low, 1.02 if style in ("bob", "long") else 1.25),
            colour,
            "hair",
            14,
            lift=0.01,
        )
    )
    if person.age == "middle-aged":
        grey = mix(colour, Rgb(168, 166, 164), 0.6)
        for side in (1, -1):
            temple = blob(
                (x + side * (_AXES[0] + thick - 0.012), y + 0.02, z + 0.03), (0.02, 0.04, 0.05), rings=4
            )
            parts.append(Surface(temple, grey, "hair", 8, lift=0.02, minor=True))
    if style == "afro":
        ball = blob(
            (x, y - 0.03, z + (0.01 if under else 0.055)),
            (0.175, 0.165, 0.10 if under else 0.15),
            low=-0.8,
            rings=8,
        )
        parts.append(Surface(ball, colour, "hair", 20))
    elif style == "bob":
        fall = column(
            [
                (z - 0.15, 0.135, 0.10, y - 0.035),
                (z - 0.04, 0.128, 0.105, y - 0.02),
                (z + 0.04, 0.115, 0.11, y - 0.02),
            ],
            arc=_around(0.95),
        )
        parts.append(Surface(fall, colour, "hair", 14, lift=0.01))
    elif style == "long":
        back = [(x, y - 0.07, z + 0.02), (x, y - 0.13, z - 0.16), (x, y - 0.17, z - 0.42)]
        parts.append(Surface(limb(back, (0.11, 0.135, 0.10), flat=0.45), colour, "hair", 14, lift=0.03))
        for side in (1, -1):
            lock = [
                (x + side * 0.095, y + 0.01, z - 0.02),
                (x + side * 0.12, y + 0.05, z - 0.18),
                (x + side * 0.10, y + 0.11, z - 0.33),
            ]
            parts.append(Surface(limb(lock, (0.035, 0.045, 0.02)), colour, "hair", 8, lift=0.03))
    elif style == "ponytail":
        tail = [
            (x, y - 0.12, z + 0.06),
            (x, y - 0.20, z + 0.04),
            (x, y - 0.21, z - 0.12),
            (x, y - 0.18, z - 0.30),
        ]
        parts.append(
            Surface(limb(tail, (0.03, 0.052, 0.05, 0.018)), scaled(colour, 0.94), "hair", 8, lift=0.03)
        )
    elif style == "bun":
        knot = (x, y - 0.10, z + 0.10) if not under else (x, y - 0.14, z - 0.03)
        parts.append(Surface(blob(knot, (0.068, 0.066, 0.064)), scaled(colour, 0.94), "hair", 14, lift=0.01))
    return parts


def _cap_of_hair(
    centre: tuple[float, float, float], axes: tuple[float, float, float], low: float, gap: float
) -> tuple[Ring, ...]:
    """The scalp, open before the face."""
    rings = blob(centre, axes, low=low, high=1.0, rings=9)
    opened = []
    for ring in rings:
        share = (ring[2] - centre[2]) / axes[2]
        bare = gap if share < 0.30 else gap * max(0.0, 1.0 - (share - 0.30) / 0.45)
        opened.append((*ring[:9], *_around(bare)))
    return tuple(opened)


def _headwear(person: Pedestrian, body: Body) -> list[Surface]:
    kind, (x, y, z) = person.headwear, body.head
    if kind == "none":
        return []
    colour = DYES[person.headwear_colour]
    dark = scaled(colour, 0.72)
    crown = (_AXES[0] + 0.034, _AXES[1] + 0.034, _AXES[2] + 0.030)
    centre = (x, y - 0.008, z + 0.012)
    match kind:
        case "cap":
            peak = blob((x, y + 0.155, z + 0.052), (0.100, 0.120, 0.016), rings=5)
            button = blob((x, y - 0.01, z + 0.178), (0.016, 0.016, 0.012), rings=4)
            return [
                Surface(blob(centre, crown, low=0.22, rings=6), colour, "cotton", 14, lift=0.03),
                Surface(peak, dark, "cotton", 14, lift=0.03),
                Surface(button, dark, "cotton", 8, lift=0.05, minor=True),
            ]
        case "beanie":
            fold = column([(z + 0.02, 0.130, 0.150, y - 0.01), (z + 0.085, 0.126, 0.146, y - 0.01)])
            return [
                Surface(
                    blob(centre, (crown[0], crown[1], crown[2] + 0.03), low=0.15, rings=7),
                    colour,
                    "wool",
                    14,
                    lift=0.03,
                ),
                Surface(fold, dark, "wool", 14, lift=0.04),
                Surface(
                    blob((x, y - 0.01, z + 0.215), (0.046, 0.046, 0.044), rings=5),
                    mix(colour, Rgb(224, 220, 210), 0.6),
                    "wool",
                    8,
                    lift=0.03,
                ),
            ]
        case "brimmed hat":
            brim = blob((x, y, z + 0.055), (0.225, 0.235, 0.014), rings=5)
            band = column([(z + 0.065, 0.131, 0.150, y), (z + 0.10, 0.127, 0.146, y)])
            return [
                Surface(brim, colour, "wool", 20, lift=0.01),
                Surface(
                    column(
                        [
                            (z + 0.06, 0.128, 0.147, y),
                            (z + 0.16, 0.112, 0.130, y),
                            (z + 0.185, 0.08, 0.095, y),
                            (z + 0.18, 1e-3, 1e-3, y),
                        ]
                    ),
                    colour,
                    "wool",
                    14,
                    lift=0.04,
                ),
                Surface(band, scaled(colour, 0.5), "wool", 14, lift=0.05, minor=True),
            ]
        case _:
            hood = (_AXES[0] + 0.030, _AXES[1] + 0.026, _AXES[2] + 0.028)
            drape = column(
                [
                    (z - 0.26, 0.19, 0.15, body.stoop),
                    (z - 0.17, 0.125, 0.12, y - 0.02),
                    (z - 0.07, 0.115, 0.115, y - 0.015),
                ]
            )
            return [
                Surface(_cap_of_hair((x, y - 0.012, z), hood, -0.85, 0.88), colour, "cotton", 20, lift=0.03),
                Surface(drape, scaled(colour, 0.92), "cotton", 14, lift=0.02),
            ]


def _neckwear(person: Pedestrian, body: Body) -> list[Surface]:
    if person.neckwear == "none":
        return []
    colour = DYES[person.neckwear_colour]
    ease = {"none": 0.02, "open jacket": 0.03, "blazer": 0.03}.get(person.outer, 0.065)
    if person.neckwear == "tie":
        tie = panel(body, body.at(0.30), body.at(0.96), 0.036, ease=ease + 0.008, step=0.06)
        return [Surface(tie, colour, "pigment", 4, lift=0.035)]
    z, y = body.at(0.985), body.stoop + 0.01
    roll = column(
        [
            (z - 0.03, 0.09, 0.085, y),
            (z - 0.01, 0.150, 0.135, y),
            (z + 0.045, 0.142, 0.128, y),
            (z + 0.07, 0.088, 0.08, y),
        ]
    )
    end = panel(body, body.at(0.44), body.at(0.95), 0.052, right=0.07, ease=ease + 0.02, step=0.06)
    return [
        Surface(roll, colour, "wool", 14, lift=0.04),
        Surface(end, scaled(colour, 0.9), "wool", 4, lift=0.05),
    ]
