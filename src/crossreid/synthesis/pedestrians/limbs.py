"""Legs and arms with what is worn on them: trousers, sleeves, shoes, hands."""

import math

import skia

from crossreid.synthesis.pedestrians.attributes import Pedestrian
from crossreid.synthesis.pedestrians.outlines import box, ellipse, lerp, polygon, smooth, tube
from crossreid.synthesis.pedestrians.palette import GARMENTS, SKIN, WARMTH, Rgb, luminance, mix, scaled
from crossreid.synthesis.pedestrians.part import Overlay, Part, Point
from crossreid.synthesis.pedestrians.skeleton import Skeleton

# Half-widths of the leg's cloth at hip, knee and ankle.
_CUT = {
    "trousers": (10.6, 8.8, 7.6),
    "jeans": (10.2, 7.9, 6.0),
    "leggings": (9.6, 6.3, 4.2),
    "shorts": (11.0, 10.4, 10.2),
}


def sleeve_colour(person: Pedestrian) -> Rgb:
    """The colour of the top's sleeves; those of a two-tone top have its second colour."""
    return GARMENTS[person.upper_colour]


def upper_overlay(
    person: Pedestrian, origin: Point, angle: float = 0.0, top: float = 0.0, bottom: float = 0.0
) -> Overlay | None:
    """The pattern of the top, laid out from `origin`."""
    if person.upper_pattern == "plain":
        return None
    return Overlay(person.upper_pattern, GARMENTS[person.upper_second_colour], origin, angle, top, bottom)


def _creases(bend: Point, half_width: float) -> skia.Path:
    """Two short folds across a bent knee or elbow."""
    path = skia.Path()
    for shift, reach in ((-2.0, 0.2), (2.0, 0.55)):
        path.moveTo(bend[0] - half_width * 0.85, bend[1] + shift)
        path.quadTo(
            bend[0] - half_width * 0.5, bend[1] + shift, bend[0] + half_width * reach, bend[1] + shift + 1.5
        )
    return path


def leg(person: Pedestrian, skeleton: Skeleton, index: int) -> list[Part]:
    """One leg with trousers (or bare below shorts and skirts) and its shoe. `index`: 0 is the right leg."""
    girth = 0.35 + 0.65 * skeleton.body.girth
    points = [skeleton.see(joints[index]) for joints in (skeleton.hips, skeleton.knees, skeleton.ankles)]
    hip, knee, ankle = points
    skin, cloth = SKIN[person.skin_tone], GARMENTS[person.lower_colour]
    parts: list[Part] = []
    boots = person.shoes == "high boots"
    covered = person.lower in ("trousers", "jeans", "leggings")
    if not covered:
        path, left, right = tube(points, (9.4 * girth, 6.3 * girth, 4.2))
        parts.append(Part("leg", path, skin, WARMTH["skin"] * 0.92, left, right, "skin"))
    if not boots:
        parts += _shoe(person, skeleton, index)
    if person.lower in _CUT and not (person.upper == "dress" and person.lower == "shorts"):
        w0, w1, w2 = (width * girth for width in _CUT[person.lower])
        if person.lower == "shorts":
            end = lerp(knee, hip, 0.12)
            path, left, right = tube((hip, lerp(hip, end, 0.6), end), (w0, w1, w2), cap=0.1)
        else:
            end = lerp(ankle, knee, 0.08) if person.lower == "leggings" else ankle
            path, left, right = tube((hip, knee, end), (w0, w1, w2), cap=0.15)
        overlay = None
        if person.lower_pattern == "checks":
            angle = math.degrees(math.atan2(knee[1] - hip[1], knee[0] - hip[0])) - 90.0
            overlay = Overlay("checks", GARMENTS[person.lower_second_colour], hip, angle)
        creases = _creases(knee, w1)
        warmth = WARMTH[person.lower]
        parts.append(Part("trouser leg", path, cloth, warmth, left, right, overlay=overlay, creases=creases))
        parts += _trouser_details(person, skeleton, index, (hip, knee, end), (w0, w1, w2))
    if boots:
        parts += _shoe(person, skeleton, index)
    return parts


def _trouser_details(
    person: Pedestrian,
    skeleton: Skeleton,
    index: int,
    points: tuple[Point, Point, Point],
    widths: tuple[float, float, float],
) -> list[Part]:
    cloth, parts = GARMENTS[person.lower_colour], []
    hip, knee, end = points
    warmth = WARMTH[person.lower]
    if person.lower == "jeans":
        # Worn thighs and a turned-up cuff tell denim from other trousers.
        faded = mix(cloth, Rgb(225, 230, 238), 0.16)
        worn = polygon([lerp(hip, knee, 0.35), lerp(hip, knee, 0.8)], closed=False)
        parts.append(Part("denim wear", worn, faded, warmth, texture="solid", stroke=3.2, minor=True))
        if person.shoes != "high boots":
            cuff, left, right = tube(
                (lerp(end, knee, 0.12), lerp(end, knee, 0.06), end), (widths[2] + 1,) * 3, cap=0.1
            )
            pale = mix(cloth, Rgb(235, 238, 242), 0.5)
            parts.append(Part("cuff", cuff, pale, warmth * 0.92, left, right))
    if person.lower == "trousers":
        crease = polygon([lerp(hip, knee, 0.5), knee, lerp(knee, end, 0.95)], closed=False)
        tone = scaled(cloth, 0.72) if luminance(cloth) > 0.2 else mix(cloth, Rgb(255, 255, 255), 0.2)
        parts.append(Part("pressed crease", crease, tone, warmth, texture="solid", stroke=0.9, minor=True))
    if person.lower_pattern == "side stripe":
        side = 1.0 if index == 0 else -1.0
        if side * skeleton.sin_yaw > -0.45:
            shift = [-side * skeleton.cos_yaw * width * 0.80 for width in widths]
            line = smooth([(x + dx, y) for (x, y), dx in zip(points, shift, strict=True)], closed=False)
            second = GARMENTS[person.lower_second_colour]
            parts.append(Part("side stripe", line, second, warmth * 0.86, texture="solid", stroke=3.6))
    return parts


def _shoe(person: Pedestrian, skeleton: Skeleton, index: int) -> list[Part]:
    """The shoe, as the camera sees it from heel to toe."""
    ankle, toe = skeleton.ankles[index], skeleton.toes[index]
    forward = (toe[0] - ankle[0], toe[1] - ankle[1], toe[2] + 6.0 - ankle[2])
    a = skeleton.see(ankle)
    heel = skeleton.see(
        (ankle[0] - forward[0] * 0.33, ankle[1] - forward[1] * 0.33, ankle[2] - 7.0 - forward[2] * 0.33)
    )
    tip = skeleton.see((toe[0], toe[1], toe[2]))
    colour, warmth, kind = GARMENTS[person.shoe_colour], WARMTH[person.shoes], person.shoes
    wide = 5.2 * (0.55 + 0.45 * abs(skeleton.cos_yaw))
    middle = lerp(heel, tip, 0.5)
    foot = (
        smooth(
            [
                (heel[0] - wide * 0.75, heel[1] + 1.5),
                (a[0] - wide, a[1] - 1.0),
                (a[0] + wide, a[1] - 1.0),
                (heel[0] + wide * 0.75, heel[1] + 1.5),
                (middle[0] + wide, middle[1] + 2.8),
                (tip[0] + wide * 0.9, tip[1] + 2.5),
                (tip[0], tip[1] + 4.0),
                (tip[0] - wide * 0.9, tip[1] + 2.5),
                (middle[0] - wide, middle[1] + 2.8),
            ]
        )
        if abs(skeleton.sin_yaw) < 0.5
        else smooth(
            [
                (heel[0], heel[1] + 2.0),
                (heel[0], heel[1] - 4.0),
                (a[0] - 4.8, a[1] - 1.0),
                (a[0] + 4.8, a[1] - 1.0),
                lerp(middle, tip, 0.35),
                (tip[0], tip[1] - 1.0),
                (tip[0], tip[1] + 2.5),
                (tip[0], tip[1] + 2.5),
                (heel[0], heel[1] + 3.2),
                (heel[0], heel[1] + 3.2),
            ]
        )
    )
    box_left, box_right = (min(heel[0], tip[0]) - wide, a[1]), (max(heel[0], tip[0]) + wide, a[1])
    sole_line = [(heel[0], heel[1] + 2.6), (tip[0], tip[1] + 2.6)]
    if abs(skeleton.sin_yaw) < 0.5:
        sole_line = [(tip[0] - wide * 0.7, tip[1] + 2.4), (tip[0] + wide * 0.7, tip[1] + 2.4)]
    parts: list[Part] = []
    if kind == "sandals":
        parts.append(
            Part("foot", foot, SKIN[person.skin_tone], WARMTH["skin"] * 0.85, box_left, box_right, "skin")
        )
        straps = polygon([lerp(a, middle, 0.3), lerp(middle, tip, 0.3)], closed=False)
        across = lerp(middle, tip, 0.2)
        straps.addPath(
            polygon([(across[0] - wide, across[1] - 1), (across[0] + wide, across[1] - 1)], closed=False)
        )
        straps.addPath(polygon([(a[0] - 4.5, a[1]), (a[0] + 4.5, a[1])], closed=False))
        parts.append(Part("sandal straps", straps, colour, warmth, texture="solid", stroke=2.4))
        parts.append(
            Part("sole", polygon(sole_line, closed=False), colour, warmth, texture="solid", stroke=2.4)
        )
        return parts
    if kind in ("ankle boots", "high boots"):
        knee = skeleton.see(skeleton.knees[index])
        height = 0.24 if kind == "ankle boots" else 0.78
        top = lerp(a, knee, height)
        w = 6.4 if kind == "ankle boots" else 7.8 * (0.5 + 0.5 * skeleton.body.girth)
        shaft, left, right = tube((top, lerp(top, a, 0.55), (a[0], a[1] + 1.0)), (w, w * 0.9, 5.4), cap=0.6)
        parts.append(Part("boot shaft", shaft, colour, warmth, left, right, curved=1.2))
        rim = polygon(
            [(top[0] - w + 0.5, top[1] - w * 0.4), (top[0] + w - 0.5, top[1] - w * 0.4)], closed=False
        )
        parts.append(
            Part("boot rim", rim, scaled(colour, 0.6), warmth, texture="solid", stroke=1.6, minor=True)
        )
    parts.append(
        Part(
            "shoe", foot, colour, warmth, box_left, box_right, curved=1.4 if kind == "leather shoes" else 1.0
        )
    )
    dark = mix(scaled(colour, 0.5), Rgb(40, 36, 32), 0.5)
    if kind == "trainers":
        white = Rgb(246, 246, 244) if luminance(colour) < 0.8 else Rgb(96, 98, 104)
        parts.append(
            Part("sole", polygon(sole_line, closed=False), white, warmth * 1.2, texture="solid", stroke=3.2)
        )
        laces = polygon([lerp(a, tip, 0.42), lerp(a, tip, 0.68)], closed=False)
        parts.append(Part("laces", laces, white, warmth, texture="solid", stroke=2.4, minor=True))
    elif kind == "leather shoes":
        heel_block = box(heel[0] - 2.2, heel[1] + 1.4, heel[0] + 2.2, heel[1] + 4.4)
        parts.append(Part("heel", heel_block, Rgb(24, 20, 18), warmth, texture="solid", minor=True))
        shine = polygon([lerp(middle, tip, 0.2), lerp(middle, tip, 0.62)], closed=False)
        parts.append(
            Part(
                "shine",
                shine,
                mix(colour, Rgb(255, 255, 255), 0.55),
                warmth,
                texture="solid",
                stroke=1.3,
                minor=True,
            )
        )
    else:
        parts.append(
            Part("sole", polygon(sole_line, closed=False), dark, warmth, texture="solid", stroke=2.4)
        )
    return parts


def arm(person: Pedestrian, skeleton: Skeleton, index: int) -> list[Part]:
    """One arm with its sleeves, hand and watch. `index`: 0 is the right arm."""
    shoulder, elbow, wrist = (
        skeleton.see(joints[index]) for joints in (skeleton.shoulders, skeleton.elbows, skeleton.wrists)
    )
    girth = (0.35 + 0.65 * skeleton.body.girth) * (1.06 if person.gender == "man" else 0.9)
    handed = index == (0 if person.right_handed else 1)
    skin, outer = SKIN[person.skin_tone], person.outer
    w0, w1, w2 = 6.3 * girth, 5.0 * girth, 3.5 * girth
    jacket = outer not in ("none", "vest")
    # A thick sleeve hangs from the shoulder and does not stand above it.
    shoulder = (shoulder[0], shoulder[1] + (w0 - 6.3) * 0.9 + (2.6 if jacket else 0.0))
    pocket = person.arms == "hand in pocket" and not handed
    parts = [] if pocket else _hand(person, skeleton, index, (elbow, wrist))
    if not jacket and not person.long_sleeves:
        path, left, right = tube((shoulder, elbow, wrist), (w0, w1, w2), cap=0.4)
        parts.append(Part("arm", path, skin, WARMTH["skin"], left, right, "skin"))
    if jacket:
        ease = 3.0 if outer in ("long coat", "closed jacket", "open jacket") else 2.0
        path, left, right = tube((shoulder, elbow, wrist), (w0 + ease, w1 + ease, w2 + ease), cap=0.2)
        creases = _creases(elbow, w1 + ease)
        parts.append(
            Part(
                "outer sleeve",
                path,
                GARMENTS[person.outer_colour],
                WARMTH[outer],
                left,
                right,
                creases=creases,
            )
        )
        cuff = lerp(wrist, elbow, 0.10)
        dark = scaled(GARMENTS[person.outer_colour], 0.6)
        line = polygon([(cuff[0] - w2 - 2, cuff[1]), (cuff[0] + w2 + 2, cuff[1])], closed=False)
        parts.append(Part("sleeve cuff", line, dark, WARMTH[outer], texture="solid", stroke=1.0, minor=True))
    elif person.upper != "tank top":
        parts += _sleeve(person, (shoulder, elbow, wrist), (w0 + 1.3, w1 + 1.3, w2 + 1.3))
    if not handed and not pocket:
        # A watch on the hand that does not write.
        at = lerp(wrist, elbow, 0.02)
        band = ellipse(at, w2 + 1.0, 1.7)
        parts.append(Part("watch", band, Rgb(28, 28, 30), 0.3, texture="solid", minor=True))
        parts.append(
            Part("watch face", ellipse(at, 1.7, 1.5), Rgb(222, 222, 214), 0.2, texture="solid", minor=True)
        )
    return parts


def _sleeve(
    person: Pedestrian, points: tuple[Point, Point, Point], widths: tuple[float, float, float]
) -> list[Part]:
    shoulder, elbow, wrist = points
    colour, warmth = sleeve_colour(person), WARMTH[person.upper]
    thick = 1.2 if person.upper in ("sweater", "hoodie") else 0.0
    angle = math.degrees(math.atan2(elbow[1] - shoulder[1], elbow[0] - shoulder[0])) - 90.0
    overlay = None if person.upper_pattern == "two-tone" else upper_overlay(person, shoulder, angle)
    if not person.long_sleeves:
        end = lerp(shoulder, elbow, 0.66)
        path, left, right = tube(
            (shoulder, lerp(shoulder, end, 0.6), end),
            (widths[0] + 0.6, widths[0] + 0.4, widths[0] + 0.9),
            cap=0.12,
        )
        return [Part("short sleeve", path, colour, warmth, left, right, overlay=overlay)]
    path, left, right = tube(points, (widths[0] + thick, widths[1] + thick, widths[2] + thick), cap=0.2)
    creases = _creases(elbow, widths[1] + thick)
    parts = [Part("long sleeve", path, colour, warmth, left, right, overlay=overlay, creases=creases)]
    if person.upper in ("sweater", "hoodie", "shirt"):
        cuff, left, right = tube(
            (lerp(wrist, elbow, 0.14), lerp(wrist, elbow, 0.07), wrist), (widths[2] + 0.8,) * 3, cap=0.1
        )
        parts.append(Part("cuff", cuff, scaled(colour, 0.84), warmth * 0.95, left, right, minor=True))
    return parts


def _hand(person: Pedestrian, skeleton: Skeleton, index: int, points: tuple[Point, Point]) -> list[Part]:
    elbow, wrist = points
    x, y = wrist[0] - elbow[0], wrist[1] - elbow[1]
    length = max(6.0, math.hypot(x, y))
    x, y = x / length, y / length
    size = 1.0 if person.gender == "man" else 0.88
    mid = (wrist[0] + x * 5.0, wrist[1] + y * 5.0)
    tip = (wrist[0] + x * 9.5 * size, wrist[1] + y * 9.5 * size)
    path, left, right = tube((wrist, mid, tip), (3.3 * size, 4.2 * size, 2.7 * size))
    return [Part("hand", path, SKIN[person.skin_tone], WARMTH["skin"] * 0.9, left, right, "skin")]


def hand_position(skeleton: Skeleton, index: int) -> Point:
    """Where the camera sees the palm."""
    elbow, wrist = skeleton.elbows[index], skeleton.wrists[index]
    reach = 6.0 / skeleton.body.forearm
    return skeleton.see(tuple(w + (w - e) * reach for e, w in zip(elbow, wrist, strict=True)))  # type: ignore[arg-type]
