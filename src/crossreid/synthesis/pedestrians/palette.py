"""What the words of a pedestrian look like: colours in sRGB, warmth of materials in a thermal camera."""

from typing import NamedTuple

from crossreid.synthesis.pedestrians.attributes import Colour, HairColour, SkinTone


class Rgb(NamedTuple):
    """An sRGB colour, 0 to 255 a channel."""

    red: int
    green: int
    blue: int


GARMENTS: dict[Colour, Rgb] = {
    "black": Rgb(30, 30, 33),
    "white": Rgb(240, 240, 236),
    "grey": Rgb(136, 138, 142),
    "navy": Rgb(26, 36, 86),
    "blue": Rgb(36, 84, 196),
    "sky blue": Rgb(130, 190, 236),
    "teal": Rgb(16, 134, 136),
    "green": Rgb(40, 146, 62),
    "olive": Rgb(112, 112, 46),
    "yellow": Rgb(244, 208, 48),
    "orange": Rgb(240, 128, 28),
    "red": Rgb(210, 34, 40),
    "maroon": Rgb(108, 20, 38),
    "pink": Rgb(242, 148, 182),
    "purple": Rgb(120, 60, 156),
    "brown": Rgb(110, 70, 42),
    "beige": Rgb(216, 194, 156),
}

SKIN: dict[SkinTone, Rgb] = {
    "pale": Rgb(250, 224, 210),
    "light": Rgb(234, 194, 166),
    "tan": Rgb(202, 152, 114),
    "brown": Rgb(146, 98, 66),
    "dark": Rgb(82, 54, 42),
}

HAIR: dict[HairColour, Rgb] = {
    "black": Rgb(26, 24, 27),
    "dark brown": Rgb(62, 41, 29),
    "brown": Rgb(114, 75, 43),
    "blond": Rgb(216, 182, 106),
    "red": Rgb(168, 72, 32),
    "grey": Rgb(176, 176, 180),
}

# How warm a thermal camera sees a material: 0 is cold, 1 as warm as bare skin.
# Thin cloth lets the body's heat through; thick and outer garments keep it in.
WARMTH: dict[str, float] = {
    "skin": 1.0, "hair": 0.50, "headwear": 0.42, "glasses": 0.08, "neckwear": 0.48,
    "t-shirt": 0.76, "shirt": 0.72,
    "polo shirt": 0.74, "sweater": 0.58, "hoodie": 0.54, "tank top": 0.80,
    "dress": 0.70,
    "open jacket": 0.44, "closed jacket": 0.42, "long coat": 0.36, "vest": 0.40, "blazer": 0.48,
    "trousers": 0.62, "jeans": 0.58, "shorts": 0.64, "short skirt": 0.62, "long skirt": 0.56, "leggings": 0.78,
    "trainers": 0.32, "ankle boots": 0.28, "high boots": 0.30, "sandals": 0.36, "leather shoes": 0.24,
    "bag": 0.16, "carried": 0.10,
}  # fmt: skip


def luminance(colour: Rgb) -> float:
    """Rec. 601 luma in [0, 1]."""
    return (0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]) / 255.0


def mix(first: Rgb, second: Rgb, amount: float) -> Rgb:
    """`first` moved towards `second` by `amount` in [0, 1]."""
    return Rgb(
        round(first[0] + (second[0] - first[0]) * amount),
        round(first[1] + (second[1] - first[1]) * amount),
        round(first[2] + (second[2] - first[2]) * amount),
    )


def scaled(colour: Rgb, factor: float) -> Rgb:
    """The colour under `factor` times the light, clipped to white."""
    return Rgb(
        min(255, round(colour[0] * factor)),
        min(255, round(colour[1] * factor)),
        min(255, round(colour[2] * factor)),
    )
