"""Caps, hats and headscarves."""

import skia

from crossreid.synthesis.pedestrians.attributes import Pedestrian
from crossreid.synthesis.pedestrians.head import Head
from crossreid.synthesis.pedestrians.outlines import ellipse, smooth
from crossreid.synthesis.pedestrians.palette import GARMENTS, HAIR, WARMTH, Rgb, luminance, mix, scaled
from crossreid.synthesis.pedestrians.part import Part


def headwear(person: Pedestrian, head: Head) -> list[Part]:
    """What is on the head; nothing when it is bare."""
    kind = person.headwear
    if kind == "none":
        return []
    colour, warmth = GARMENTS[person.headwear_colour], WARMTH["headwear"]
    x, y = head.see(0.0, -1.0, 5.5)
    w = head.width(13.0, 14.8)
    dark = scaled(colour, 0.72) if luminance(colour) > 0.2 else mix(colour, Rgb(255, 255, 255), 0.18)
    sides = ((x - w, y), (x + w, y))
    slope = 2.4 * head.skeleton.sin_tilt * 6.0 * head.skeleton.cos_yaw
    dome = smooth(
        [
            (x + w, y),
            (x + w, y - 7),
            (x + w * 0.7, y - 14.5),
            (x, y - 17),
            (x - w * 0.7, y - 14.5),
            (x - w, y - 7),
            (x - w, y),
            (x - w, y),
            (x, y + slope),
            (x + w, y),
        ]
    )
    parts = [Part("hat dome", dome, colour, warmth, *sides)]
    if kind == "cap":
        button = ellipse((x, y - 15.6), 1.4, 1.0)
        parts.append(Part("cap button", button, dark, warmth, texture="solid", minor=True))
        if head.skeleton.cos_yaw > -0.5:
            tip, near, far = head.see(0.0, 25.0, 3.4), head.see(10.5, 9.5, 5.5), head.see(-10.5, 9.5, 5.5)
            right, left = head.see(7.5, 23.0, 3.2), head.see(-7.5, 23.0, 3.2)
            visor = smooth(
                [near, near, right, (tip[0], tip[1] + 2.5), left, far, far, head.see(0.0, 13.0, 7.6)]
            )
            parts.append(Part("visor", visor, dark, warmth, texture="solid"))
        else:
            strap = ellipse((x, y - 1.0), 4.6, 3.2)
            parts.append(Part("cap gap", strap, HAIR[person.hair_colour], WARMTH["hair"], texture="solid"))
    elif kind == "beanie":
        cuff = smooth(
            [
                (x + w + 0.8, y - 6),
                (x + w + 0.8, y - 6),
                (x + w + 0.5, y + 1.5),
                (x + w + 0.5, y + 1.5),
                (x, y + 1.5 + slope),
                (x - w - 0.5, y + 1.5),
                (x - w - 0.5, y + 1.5),
                (x - w - 0.8, y - 6),
                (x - w - 0.8, y - 6),
                (x, y - 6 + slope),
            ]
        )
        parts.append(Part("beanie cuff", cuff, dark, warmth * 1.05, *sides))
        parts.append(Part("bobble", ellipse((x, y - 17.5), 4.0, 3.6), dark, warmth, (x - 4, y), (x + 4, y)))
    elif kind == "brimmed hat":
        brim = head.width(23.0, 23.0)
        height = 3.2 + 22.0 * head.skeleton.sin_tilt * 0.5
        parts.insert(
            0, Part("brim", ellipse((x, y - 0.5), brim, height), dark, warmth, (x - brim, y), (x + brim, y))
        )
        band = smooth(
            [
                (x + w, y - 4.5),
                (x + w, y - 4.5),
                (x + w, y),
                (x + w, y),
                (x, y + slope),
                (x - w, y),
                (x - w, y),
                (x - w, y - 4.5),
                (x - w, y - 4.5),
                (x, y - 4.5 + slope),
            ]
        )
        parts.append(Part("hat band", band, scaled(colour, 0.4), warmth, texture="solid"))
        front = smooth(
            [
                (x - brim, y - 0.5),
                (x - brim * 0.6, y + height * 0.9),
                (x, y + height),
                (x + brim * 0.6, y + height * 0.9),
                (x + brim, y - 0.5),
                (x + w * 0.6, y + 0.8),
                (x - w * 0.6, y + 0.8),
            ]
        )
        parts.append(Part("brim edge", front, colour, warmth, (x - brim, y), (x + brim, y)))
    else:
        parts = _headscarf(head, colour, warmth, dark)
    return parts


def _headscarf(head: Head, colour: Rgb, warmth: float, dark: Rgb) -> list[Part]:
    x, y = head.see(0.0, -1.5, 1.0)
    w = head.width(13.6, 15.4)
    low_x, low_y = head.see(0.0, -1.0, -27.0)
    wide = head.width(17.0, 14.0)
    cloth = smooth(
        [
            (x, y - 17),
            (x + w * 0.85, y - 15),
            (x + w * 1.1, y - 3),
            (x + w * 0.95, y + 9),
            (low_x + wide, low_y - 4),
            (low_x + wide * 0.7, low_y + 2),
            (low_x, low_y + 5),
            (low_x - wide * 0.7, low_y + 2),
            (low_x - wide, low_y - 4),
            (x - w * 0.95, y + 9),
            (x - w * 1.1, y - 3),
            (x - w * 0.85, y - 15),
        ]
    )
    folds = smooth([(x - w * 0.7, y + 12), (low_x, low_y - 4), (x + w * 0.7, y + 11)], closed=False)
    if head.skeleton.cos_yaw > -0.45:
        # A hole for the face, wound the other way.
        fx, fy = head.see(0.0, 5.4, -1.4)
        fw = head.width(8.6, 8.0)
        hole = ellipse((fx, fy), fw, 11.2)
        cloth.addPath(hole)
        cloth.setFillType(skia.PathFillType.kEvenOdd)
    parts = [Part("headscarf", cloth, colour, warmth, (x - w, y), (x + w, y), creases=folds)]
    knot = smooth(
        [(low_x - wide * 0.6, low_y - 7), (low_x, low_y - 2), (low_x + wide * 0.6, low_y - 7)], closed=False
    )
    parts.append(Part("scarf fold", knot, dark, warmth * 0.9, texture="solid", stroke=1.4, minor=True))
    return parts
