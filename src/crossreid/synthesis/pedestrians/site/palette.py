"""The dyes of the site, dustier than the first style's, and what near infrared sees of them."""

from hashlib import blake2b

from crossreid.synthesis.pedestrians.attributes import Colour, HairColour, SkinTone
from crossreid.synthesis.pedestrians.palette import Rgb, luminance

DYES: dict[Colour, Rgb] = {
    "black": Rgb(34, 34, 37),
    "white": Rgb(233, 232, 225),
    "grey": Rgb(131, 131, 132),
    "navy": Rgb(30, 41, 84),
    "blue": Rgb(44, 88, 185),
    "sky blue": Rgb(134, 186, 223),
    "teal": Rgb(23, 126, 126),
    "green": Rgb(53, 139, 64),
    "olive": Rgb(110, 106, 48),
    "yellow": Rgb(233, 196, 56),
    "orange": Rgb(227, 121, 36),
    "red": Rgb(196, 38, 41),
    "maroon": Rgb(103, 25, 40),
    "pink": Rgb(231, 145, 171),
    "purple": Rgb(113, 62, 143),
    "brown": Rgb(106, 71, 46),
    "beige": Rgb(207, 186, 149),
}

SKIN: dict[SkinTone, Rgb] = {
    "pale": Rgb(226, 188, 172),
    "light": Rgb(208, 160, 132),
    "tan": Rgb(170, 122, 90),
    "brown": Rgb(120, 80, 58),
    "dark": Rgb(70, 48, 40),
}

HAIR: dict[HairColour, Rgb] = {
    "black": Rgb(34, 30, 32),
    "dark brown": Rgb(56, 40, 32),
    "brown": Rgb(100, 68, 44),
    "blond": Rgb(190, 156, 96),
    "red": Rgb(146, 70, 40),
    "grey": Rgb(150, 148, 146),
}

# Reflectance in near infrared of the undyed material, and the share of it that follows the visible brightness.
# Reactive dyes on cotton are nearly transparent there; pigments, leather and coated cloth are not.
MATERIALS: dict[str, tuple[float, float]] = {
    "cotton": (0.60, 0.40),
    "denim": (0.52, 0.40),
    "wool": (0.50, 0.50),
    "coated": (0.40, 0.52),
    "leather": (0.30, 0.46),
    "pigment": (0.42, 0.70),
    "skin": (0.70, 0.14),
    "hair": (0.40, 0.52),
    "lens": (0.10, 0.10),
    "rubber": (0.48, 0.60),
}
_LOT_SPREAD = 0.10  # how far the same cloth in another colour deviates: each dye has its own window


def near_infrared(material: str, colour: Rgb) -> float:
    """Reflectance of a dyed material in near infrared, 0 to 1, always the same for the same two."""
    base, follow = MATERIALS[material]
    if material in ("skin", "hair", "lens"):
        return base + follow * (luminance(colour) - 0.5)
    lot = blake2b(f"{material}|{tuple(colour)}".encode(), digest_size=2).digest()
    window = int.from_bytes(lot, "big") / 65535.0 * 2.0 - 1.0
    return min(0.95, max(0.05, base + follow * (luminance(colour) - 0.5) + _LOT_SPREAD * window))
