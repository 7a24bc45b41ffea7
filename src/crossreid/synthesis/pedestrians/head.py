"""The head from any side: neck, skull, ears and hair."""

import math
from dataclasses import dataclass

from crossreid.synthesis.pedestrians.attributes import Pedestrian
from crossreid.synthesis.pedestrians.outlines import ellipse, polygon, smooth, tube
from crossreid.synthesis.pedestrians.palette import HAIR, SKIN, WARMTH, Rgb, luminance, mix, scaled
from crossreid.synthesis.pedestrians.part import Part, Point, Texture
from crossreid.synthesis.pedestrians.skeleton import Skeleton, Vector

_COVERING = ("cap", "beanie", "brimmed hat", "headscarf")


@dataclass(frozen=True, slots=True)
class Head:
    """The head's place; its half-axes are about 11.6 across, 13.6 in depth and 15.5 in height."""

    skeleton: Skeleton
    centre: Vector
    size: float

    def see(self, right: float, forward: float, up: float) -> Point:
        """Where the camera sees a point relative to the head's centre."""
        r, f, u = self.centre
        s = self.size
        return self.skeleton.see((r + right * s, f + forward * s, u + up * s))

    def depth(self, right: float, forward: float) -> float:
        """How far towards the camera a point relative to the centre lies."""
        return forward * self.skeleton.cos_yaw + right * self.skeleton.sin_yaw

    def width(self, across: float, depth: float) -> float:
        """The half-width that the camera sees of an ellipse with these half-axes."""
        return self.size * math.hypot(across * self.skeleton.cos_yaw, depth * self.skeleton.sin_yaw)


def place_head(person: Pedestrian, skeleton: Skeleton) -> Head:
    """The head on the neck of a skeleton; a bent neck carries it forward."""
    body = skeleton.body
    lean = body.stoop * body.trunk
    up = skeleton.hip_height + body.trunk * (1.02 - 0.28 * body.stoop) + 20.0 - lean * 0.2
    return Head(skeleton, (0.0, lean * 1.12 + 3.0, up), 1.0 if person.gender == "man" else 0.95)


def _oval(
    name: str,
    head: Head,
    centre: tuple[float, float],
    axes: tuple[float, float, float],
    colour: Rgb,
    warmth: float,
    texture: Texture = "hair",
) -> Part:
    """An ellipsoid at (forward, up) with half-axes (across, depth, height)."""
    x, y = head.see(0.0, *centre)
    width = head.width(axes[0], axes[1])
    return Part(
        name,
        ellipse((x, y), width, axes[2] * head.size),
        colour,
        warmth,
        (x - width, y),
        (x + width, y),
        texture,
    )


def face_is_seen(head: Head) -> bool:
    """Whether the camera sees any of the face."""
    return head.skeleton.cos_yaw >= -0.55


def neck(person: Pedestrian, head: Head) -> list[Part]:
    """The neck, under every collar."""
    skeleton, body = head.skeleton, head.skeleton.body
    base = skeleton.see((0.0, body.stoop * body.trunk * 0.9, skeleton.hip_height + body.trunk * 0.93))
    top = head.see(0.0, -2.0, -8.0)
    width = (7.2 if person.gender == "man" else 5.6) * (0.6 + 0.4 * body.girth)
    path, left, right = tube(
        (top, ((top[0] + base[0]) / 2, (top[1] + base[1]) / 2), base), (width, width, width * 1.25)
    )
    return [
        Part("neck", path, scaled(SKIN[person.skin_tone], 0.86), WARMTH["skin"] * 0.97, left, right, "skin")
    ]


def hair_behind(person: Pedestrian, head: Head) -> list[Part]:
    """Hair that hangs behind the neck when the face is seen."""
    if person.headwear == "headscarf" or head.skeleton.cos_yaw < -0.3:
        return []
    return _hanging_hair(person, head)


def hair_over(person: Pedestrian, head: Head) -> list[Part]:
    """Hair that hangs over the back when the back is seen."""
    if person.headwear == "headscarf" or head.skeleton.cos_yaw >= -0.3:
        return []
    return _hanging_hair(person, head)


def _hanging_hair(person: Pedestrian, head: Head) -> list[Part]:
    colour, warmth, style = HAIR[person.hair_colour], WARMTH["hair"], person.hair_style
    parts: list[Part] = []
    if style in ("long", "bob"):
        low = -42.0 if style == "long" else -15.0
        wide = 14.8 if style == "bob" else 13.2
        x, y = head.see(0.0, -3.5, 2.0)
        end_x, end_y = head.see(0.0, -7.0, low)
        w, lower = head.width(wide, 12.5), head.width(wide * (1.04 if style == "bob" else 1.1), 9.0)
        path = smooth(
            [
                (x, y - 15),
                (x + w, y - 12),
                (x + w, y),
                (end_x + lower, end_y - 3),
                (end_x + lower * 0.8, end_y),
                (end_x + lower * 0.8, end_y),
                (end_x - lower * 0.8, end_y),
                (end_x - lower * 0.8, end_y),
                (end_x - lower, end_y - 3),
                (x - w, y),
                (x - w, y - 12),
            ]
        )
        lines = polygon([(x - w * 0.3, y + 4), (end_x - lower * 0.4, end_y - 4)], closed=False)
        lines.addPath(polygon([(x + w * 0.35, y + 2), (end_x + lower * 0.4, end_y - 3)], closed=False))
        parts.append(
            Part(
                "hanging hair",
                path,
                scaled(colour, 0.9),
                warmth,
                (x - w, y),
                (x + w, y),
                "hair",
                creases=lines,
            )
        )
    elif style == "ponytail":
        root, bow, tip = head.see(0.0, -13.0, 7.0), head.see(0.0, -20.0, -8.0), head.see(1.0, -16.0, -31.0)
        path, left, right = tube((root, bow, tip), (3.8, 5.6, 2.0))
        parts.append(Part("ponytail", path, scaled(colour, 0.94), warmth, left, right, "hair"))
        band = ellipse(root, 3.4, 2.6)
        parts.append(Part("hair band", band, Rgb(150, 40, 70), warmth, texture="solid", minor=True))
    return parts


def skull(person: Pedestrian, head: Head) -> list[Part]:
    """The skull with the hair that grows close to it, and the nape."""
    skin, hair = SKIN[person.skin_tone], HAIR[person.hair_colour]
    style = person.hair_style
    away = not face_is_seen(head)
    parts: list[Part] = []
    hidden = person.headwear in _COVERING
    warm, hairy = WARMTH["skin"], WARMTH["hair"]
    if style == "bun" and person.headwear in ("none", "cap"):
        parts.append(_oval("bun", head, (-9.5, 15.0), (6.8, 6.8, 6.4), scaled(hair, 0.95), hairy))
    if style == "afro" and person.headwear != "headscarf":
        parts.append(
            _oval(
                "afro",
                head,
                (-3.0, 5.0 if not hidden else 0.0),
                (19.5, 18.0, 17.5 if not hidden else 12.0),
                hair,
                hairy,
            )
        )
    crown = {
        "bald": (skin, 0.0, warm),
        "buzz cut": (mix(hair, skin, 0.36), 0.2, 0.75),
        "short": (hair, 1.5, hairy),
    }.get(style, (hair, 1.2, hairy))
    texture: Texture = "skin" if style == "bald" else "hair"
    grow = crown[1]
    parts.append(
        _oval(
            "crown", head, (-1.0, 1.5), (11.6 + grow, 13.4 + grow, 14.6 + grow), crown[0], crown[2], texture
        )
    )
    if style != "bald":
        x, y = head.see(0.0, -2.0, 2.0)
        shine = smooth([(x - 7, y - 6), (x - 1, y - 13), (x + 7, y - 9)], closed=False)
        parts.append(
            Part(
                "hair shine",
                shine,
                mix(crown[0], Rgb(255, 244, 226), 0.22),
                hairy,
                texture="solid",
                stroke=1.8,
                minor=True,
            )
        )
        if person.age == "middle-aged" and style not in ("afro",) and luminance(hair) < 0.62:
            for side in (11.4, -11.4):
                if head.depth(side, -1.0) > -4.0:
                    temple = ellipse(head.see(side * 0.98, 0.5, 1.5), 2.1, 4.2)
                    parts.append(
                        Part(
                            "grey temple",
                            temple,
                            mix(hair, Rgb(200, 200, 204), 0.65),
                            hairy,
                            texture="solid",
                            minor=True,
                        )
                    )
    if away and style in ("bald", "buzz cut", "short", "bun", "ponytail", "afro"):
        x, y = head.see(0.0, -10.0, -10.5)
        parts.append(
            Part("nape", ellipse((x, y), 7.0, 4.2), scaled(skin, 0.92), warm, (x - 7, y), (x + 7, y), "skin")
        )
    return parts


def ears(person: Pedestrian, head: Head) -> list[Part]:
    """The ears that hair and headwear leave bare."""
    skin, style = SKIN[person.skin_tone], person.hair_style
    parts: list[Part] = []
    for side in (11.6, -11.6):
        if (
            head.depth(side, 0.0) > -8.0
            and style not in ("bob", "long", "afro")
            and person.headwear not in ("headscarf", "beanie")
        ):
            x, y = head.see(side, -0.5, -1.5)
            parts.append(
                Part(
                    "ear",
                    ellipse((x, y), 2.1, 3.5),
                    scaled(skin, 0.93),
                    WARMTH["skin"],
                    (x - 2, y),
                    (x + 2, y),
                    "skin",
                    minor=True,
                )
            )
    return parts
