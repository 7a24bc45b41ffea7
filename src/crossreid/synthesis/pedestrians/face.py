"""The face: features, beard, glasses, and the hairline above it."""

from crossreid.synthesis.pedestrians.attributes import Pedestrian
from crossreid.synthesis.pedestrians.head import Head
from crossreid.synthesis.pedestrians.outlines import box, ellipse, polygon, smooth
from crossreid.synthesis.pedestrians.palette import HAIR, SKIN, WARMTH, Rgb, luminance, mix, scaled
from crossreid.synthesis.pedestrians.part import Part


def face_parts(person: Pedestrian, head: Head) -> list[Part]:
    """The face with its features, back to front."""
    skin, warm = SKIN[person.skin_tone], WARMTH["skin"]
    sin = head.skeleton.sin_yaw
    profile = abs(sin) > 0.45
    parts: list[Part] = []
    if profile:
        nose = polygon([head.see(0.0, 11.0, 3.0), head.see(0.0, 16.6, -3.5), head.see(0.0, 11.5, -5.5)])
        parts.append(
            Part("nose", nose, skin, warm, head.see(0.0, 4.0, -3.0), head.see(0.0, 17.0, -3.0), "skin")
        )
    x, y = head.see(0.0, 3.4, -1.8)
    w = head.width(10.3, 10.0)
    jaw = 0.80 if person.gender == "man" else 0.64
    s = head.size
    outline = smooth(
        [
            (x, y - 13.4 * s),
            (x + w * 0.8, y - 12.6 * s),
            (x + w * 1.06, y - 4 * s),
            (x + w, y + 4 * s),
            (x + w * jaw, y + 11.8 * s),
            (x + w * 0.22, y + 14.8 * s),
            (x - w * 0.22, y + 14.8 * s),
            (x - w * jaw, y + 11.8 * s),
            (x - w, y + 4 * s),
            (x - w * 1.06, y - 4 * s),
            (x - w * 0.8, y - 12.6 * s),
        ]
    )
    parts.append(Part("face", outline, skin, warm, (x - w, y), (x + w, y), "skin", curved=0.8))
    if person.beard == "beard":
        fullness = smooth(
            [
                (x + w * 0.98, y + 2.5),
                (x + w * 0.5, y + 4.5),
                (x, y + 5.6),
                (x - w * 0.5, y + 4.5),
                (x - w * 0.98, y + 2.5),
                (x - w * jaw, y + 13.0),
                (x - w * 0.25, y + 17.2),
                (x + w * 0.25, y + 17.2),
                (x + w * jaw, y + 13.0),
            ]
        )
        parts.append(
            Part("beard", fullness, HAIR[person.hair_colour], WARMTH["hair"], (x - w, y), (x + w, y), "hair")
        )
    return parts + _features(person, head) + _fringe(person, head)


def _features(person: Pedestrian, head: Head) -> list[Part]:
    skin, warm = SKIN[person.skin_tone], WARMTH["skin"]
    hair = HAIR[person.hair_colour]
    ink = mix(scaled(skin, 0.35), Rgb(40, 20, 18), 0.5)
    parts: list[Part] = []
    spread = max(0.35, head.skeleton.cos_yaw)
    lens = person.glasses
    for side in (4.7, -4.7):
        if head.depth(side, 10.5) < 2.5:
            continue
        x, y = head.see(side, 11.0, 0.2)
        if lens != "sunglasses":
            parts.append(
                Part(
                    "eye white",
                    ellipse((x, y), 2.1 * spread, 1.3),
                    Rgb(240, 236, 230),
                    warm * 0.97,
                    texture="solid",
                    minor=True,
                )
            )
            parts.append(
                Part(
                    "eye",
                    ellipse((x, y), 1.1 * max(0.7, spread), 1.3),
                    Rgb(38, 26, 22),
                    warm * 0.93,
                    texture="solid",
                )
            )
        brow = polygon([(x - 2.7 * spread, y - 3.4), (x + 2.7 * spread, y - 3.6)], closed=False)
        tone = (
            mix(hair, Rgb(40, 28, 22), 0.35)
            if person.hair_style != "bald"
            else mix(skin, Rgb(50, 34, 28), 0.6)
        )
        parts.append(
            Part(
                "brow",
                brow,
                tone,
                warm * 0.9,
                texture="solid",
                stroke=1.5 if person.gender == "man" else 0.9,
                minor=True,
            )
        )
        if person.age != "young":
            wrinkle = polygon(
                [head.see(side * 0.9, 11.0, -3.6), head.see(side * 1.1, 10.5, -7.6)], closed=False
            )
            parts.append(
                Part(
                    "wrinkle",
                    wrinkle,
                    scaled(skin, 0.72),
                    warm,
                    texture="solid",
                    stroke=0.8 if person.age == "middle-aged" else 1.3,
                    minor=True,
                )
            )
    if person.age == "elderly":
        forehead = polygon([head.see(4.5, 11.0, 6.6), head.see(-4.5, 11.0, 6.6)], closed=False)
        parts.append(
            Part("wrinkle", forehead, scaled(skin, 0.74), warm, texture="solid", stroke=0.8, minor=True)
        )
    nose = polygon(
        [head.see(0.6, 13.5, -1.0), head.see(1.5, 14.5, -4.3), head.see(-1.2, 13.8, -4.6)], closed=False
    )
    parts.append(
        Part("nose shadow", nose, scaled(skin, 0.74), warm * 0.92, texture="solid", stroke=1.0, minor=True)
    )
    lips = mix(skin, Rgb(176, 50, 60), 0.62 if person.gender == "woman" else 0.32)
    mouth = polygon(
        [head.see(3.2, 11.0, -8.6), head.see(0.0, 12.4, -8.9), head.see(-3.2, 11.0, -8.6)], closed=False
    )
    parts.append(
        Part(
            "mouth",
            mouth,
            lips if luminance(skin) > 0.3 else mix(lips, ink, 0.2),
            warm,
            texture="solid",
            stroke=1.7 if person.gender == "woman" else 1.3,
            minor=True,
        )
    )
    if lens != "none":
        parts += _spectacles(head, dark=lens == "sunglasses", spread=spread)
    return parts


def _spectacles(head: Head, *, dark: bool, spread: float) -> list[Part]:
    cold = WARMTH["glasses"]
    parts: list[Part] = []
    for side in (4.9, -4.9):
        if head.depth(side, 11.0) < 1.0:
            continue
        x, y = head.see(side, 11.8, 0.0)
        width = 4.0 * max(0.45, spread)
        glass = box(x - width, y - 2.9, x + width, y + 3.1, radius=2.4)
        if dark:
            parts.append(Part("sunglass", glass, Rgb(18, 18, 22), cold, texture="solid"))
        else:
            parts.append(Part("lens", glass, Rgb(214, 230, 238), cold + 0.35, texture="solid", minor=True))
            parts.append(
                Part("eye", ellipse((x, y), 1.2 * spread, 1.3), Rgb(38, 26, 22), cold + 0.3, texture="solid")
            )
            parts.append(Part("frame", glass, Rgb(24, 22, 26), cold, texture="solid", stroke=1.4))
        temple = polygon([(x, y - 1.0), head.see(side * 2.3, 0.0, 0.5)], closed=False)
        if head.depth(side, 0.0) > -3.0 or dark:
            parts.append(
                Part("temple arm", temple, Rgb(24, 22, 26), cold, texture="solid", stroke=1.3, minor=True)
            )
    bridge = polygon([head.see(2.0, 12.6, 0.8), head.see(-2.0, 12.6, 0.8)], closed=False)
    parts.append(Part("bridge", bridge, Rgb(24, 22, 26), cold, texture="solid", stroke=1.3, minor=True))
    return parts


def _fringe(person: Pedestrian, head: Head) -> list[Part]:
    """Hair before the face: a hairline that differs by style."""
    colour, warmth, style = HAIR[person.hair_colour], WARMTH["hair"], person.hair_style
    parts: list[Part] = []
    if style in ("bob", "long") and person.headwear != "headscarf":
        low = -11.0 if style == "bob" else -16.0
        for side in (1.0, -1.0):
            if head.skeleton.cos_yaw > 0.55:
                lock = smooth(
                    [
                        head.see(side * 7.5, 7.0, 14.0),
                        head.see(side * 11.0, 4.0, 11.0),
                        head.see(side * 12.6, 0.5, 2.0),
                        head.see(side * 12.8, -1.0, low),
                        head.see(side * 9.8, 1.0, low - 1.0),
                        head.see(side * 9.3, 5.0, 3.0),
                    ]
                )
                a, b = head.see(side * 8.0, 3.0, 0.0), head.see(side * 13.0, 0.0, 0.0)
                parts.append(Part("lock", lock, colour, warmth, min(a, b), max(a, b), "hair"))
    if style in ("short", "bob") and person.headwear == "none" and head.skeleton.cos_yaw > 0.45:
        part_side = 1.0 if person.right_handed else -1.0
        fringe = smooth(
            [
                head.see(-10.0, 7.0, 8.0),
                head.see(-9.0, 9.0, 14.5),
                head.see(0.0, 10.0, 17.0),
                head.see(9.0, 9.0, 14.5),
                head.see(10.0, 7.0, 8.0),
                head.see(part_side * 5.0, 11.5, 9.6),
                head.see(part_side * -4.0, 11.5, 7.0 if style == "bob" else 10.4),
            ]
        )
        x, y = head.see(0.0, 9.0, 12.0)
        parts.append(Part("fringe", fringe, colour, warmth, (x - 10, y), (x + 10, y), "hair"))
    return parts
