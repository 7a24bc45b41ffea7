"""Bags, and what is carried in the hand."""

from crossreid.synthesis.pedestrians.attributes import Pedestrian
from crossreid.synthesis.pedestrians.limbs import hand_position
from crossreid.synthesis.pedestrians.outlines import box, ellipse, lerp, polygon, smooth
from crossreid.synthesis.pedestrians.palette import GARMENTS, WARMTH, Rgb, luminance, mix, scaled
from crossreid.synthesis.pedestrians.part import Part, Point
from crossreid.synthesis.pedestrians.trunk import Trunk

_METAL = Rgb(176, 178, 184)


def _side(person: Pedestrian) -> float:
    return 1.0 if person.right_handed else -1.0


def _block(
    name: str, left: float, top: float, right: float, bottom: float, colour: Rgb, *, radius: float = 3.0
) -> Part:
    return Part(
        name,
        box(left, top, right, bottom, radius=radius),
        colour,
        WARMTH["bag"],
        (left, top),
        (right, top),
        curved=0.8,
    )


def _line(
    name: str, points: list[Point], colour: Rgb, width: float, *, minor: bool = False, cold: str = "bag"
) -> Part:
    return Part(
        name, polygon(points, closed=False), colour, WARMTH[cold], texture="solid", stroke=width, minor=minor
    )


def backpack_is_behind(trunk: Trunk) -> bool:
    """Whether the trunk hides the backpack's body from the camera."""
    return trunk.skeleton.cos_yaw > -0.25


def backpack(person: Pedestrian, trunk: Trunk) -> list[Part]:
    """The body of the backpack."""
    colour, share = GARMENTS[person.bag_colour], trunk.share
    skeleton = trunk.skeleton
    depth, thick = trunk.level(share(0.6))[2], 9.5
    x, top = skeleton.see(skeleton.on_trunk(0.0, -depth - thick * 0.9, share(0.95)))
    low_x, bottom = skeleton.see(skeleton.on_trunk(0.0, -depth - thick * 0.9, share(0.30)))
    half = abs(skeleton.cos_yaw) * 15.5 + abs(skeleton.sin_yaw) * thick
    path = smooth(
        [
            (x - half * 0.7, top - 1),
            (x + half * 0.7, top - 1),
            (x + half, top + 8),
            (low_x + half * 1.08, bottom - 8),
            (low_x + half, bottom),
            (low_x + half, bottom),
            (low_x - half, bottom),
            (low_x - half, bottom),
            (low_x - half * 1.08, bottom - 8),
            (x - half, top + 8),
        ]
    )
    parts = [Part("backpack", path, colour, WARMTH["bag"], (x - half, top), (x + half, top), curved=1.1)]
    if not backpack_is_behind(trunk):
        dark = scaled(colour, 0.68) if luminance(colour) > 0.2 else mix(colour, Rgb(255, 255, 255), 0.16)
        pocket_top = top + (bottom - top) * 0.52
        pocket = _block(
            "backpack pocket", low_x - half * 0.74, pocket_top, low_x + half * 0.74, bottom - 3.0, dark
        )
        flap = _line("backpack zip", [(x - half * 0.75, top + 12), (x + half * 0.75, top + 12)], dark, 1.6)
        handle = Part(
            "backpack handle",
            ellipse((x, top - 0.5), 3.5, 2.5),
            dark,
            WARMTH["bag"],
            texture="solid",
            stroke=1.5,
            minor=True,
        )
        reflector = _line(
            "reflector",
            [(low_x - 5, pocket_top + 7), (low_x + 5, pocket_top + 7)],
            Rgb(226, 228, 230),
            1.6,
            minor=True,
        )
        parts += [pocket, flap, handle, reflector]
    return parts


def straps(person: Pedestrian, trunk: Trunk) -> list[Part]:
    """Straps of a backpack, shoulder bag or crossbody bag over the trunk."""
    colour, share = scaled(GARMENTS[person.bag_colour], 0.82), trunk.share
    facing = trunk.skeleton.cos_yaw
    side, ease = _side(person), 5.0
    back = facing < 0.0
    if person.bag == "backpack" and facing > -0.25:
        parts = []
        for s in (0.52, -0.52):
            if facing < 0.35 and s * trunk.skeleton.sin_yaw < 0.0:
                continue
            points = [
                trunk.front(share(0.99), s * 0.9, ease=ease),
                trunk.front(share(0.86), s, ease=ease),
                trunk.front(share(0.68), s * 1.15, ease=ease),
                trunk.front(share(0.50), s * 1.75, ease=ease),
            ]
            parts.append(
                Part(
                    "backpack strap",
                    smooth(points, closed=False),
                    colour,
                    WARMTH["bag"],
                    texture="solid",
                    stroke=5.0,
                )
            )
        return parts
    if person.bag == "crossbody bag":
        points = [
            trunk.front(share(0.98), -side * 0.5, ease=ease, back=back),
            trunk.front(share(0.72), -side * 0.12, ease=ease, back=back),
            trunk.front(share(0.40), side * 0.5, ease=ease, back=back),
            trunk.front(share(0.14), side * 0.92, ease=ease, back=back),
        ]
        return [
            Part(
                "crossbody strap",
                smooth(points, closed=False),
                colour,
                WARMTH["bag"],
                texture="solid",
                stroke=3.4,
            )
        ]
    if person.bag == "shoulder bag":
        points = [
            trunk.front(share(0.96), side * 0.62, ease=ease, back=back),
            trunk.front(share(0.72), side * 0.98, ease=ease + 3.0, back=back),
            trunk.front(share(0.34), side * 0.99, ease=ease + 4.0, back=back),
        ]
        return [
            Part(
                "shoulder strap",
                smooth(points, closed=False),
                colour,
                WARMTH["bag"],
                texture="solid",
                stroke=3.0,
            )
        ]
    return []


def slung_bag(person: Pedestrian, trunk: Trunk) -> list[Part]:
    """A bag that hangs at the hip from a strap."""
    colour, share, skeleton = GARMENTS[person.bag_colour], trunk.share, trunk.skeleton
    side = _side(person)
    turned = abs(skeleton.sin_yaw)
    dark = scaled(colour, 0.7) if luminance(colour) > 0.2 else mix(colour, Rgb(255, 255, 255), 0.18)
    if person.bag == "crossbody bag":
        level = trunk.level(share(0.06))
        x, y = skeleton.see(skeleton.on_trunk(side * (level[1] + 1.0), 4.0, share(0.06)))
        half = 8.5 + 3.0 * turned
        bag = _block("crossbody bag", x - half, y - 6.0, x + half, y + 11.0, colour)
        return [
            bag,
            _block("flap", x - half, y - 6.5, x + half, y + 2.5, dark, radius=2.5),
            _line("clasp", [(x, y + 1), (x, y + 4)], _METAL, 2.2, minor=True),
        ]
    # Before the arm that presses it to the side.
    level = trunk.level(share(0.2))
    x, y = skeleton.see(skeleton.on_trunk(side * (level[1] + 6.5), 5.0, share(0.24)))
    half = 7.5 + 9.0 * turned
    path = smooth(
        [
            (x - half * 0.85, y - 5),
            (x - half * 0.85, y - 5),
            (x + half * 0.85, y - 5),
            (x + half * 0.85, y - 5),
            (x + half, y + 14),
            (x + half * 0.9, y + 25),
            (x - half * 0.9, y + 25),
            (x - half, y + 14),
        ]
    )
    bag = Part("shoulder bag", path, colour, WARMTH["bag"], (x - half, y), (x + half, y))
    return [bag, _line("bag zip", [(x - half * 0.8, y - 3), (x + half * 0.8, y - 3)], dark, 1.8, minor=True)]


def hand_bag(person: Pedestrian, trunk: Trunk) -> list[Part]:
    """A handbag or suitcase on the favoured side: in the hand, or on the forearm when the hand is busy."""
    colour, skeleton = GARMENTS[person.bag_colour], trunk.skeleton
    index, side = (0, 1.0) if person.right_handed else (1, -1.0)
    dark = scaled(colour, 0.66) if luminance(colour) > 0.2 else mix(colour, Rgb(255, 255, 255), 0.18)
    turned = abs(skeleton.sin_yaw)
    if person.bag == "suitcase":
        hip = skeleton.hips[index]
        x, ground = skeleton.see((hip[0] + side * 19.0, -9.0, 0.0))
        top = ground - 50.0
        half = 9.0 + 9.5 * turned
        hand_x, hand_y = hand_position(skeleton, index)
        if person.carried != "none":
            hand_x, hand_y = x, top - 26.0
        parts = [
            _line(
                "suitcase handle",
                [(x - 3.0, top), (hand_x - 2.5, hand_y), (hand_x + 2.5, hand_y), (x + 3.0, top)],
                _METAL,
                1.6,
            ),
            _block("suitcase", x - half, top, x + half, ground - 3.0, colour, radius=4.0),
        ]
        for part in (0.25, 0.5, 0.75):
            rib = x - half + 2.0 * half * part
            parts.append(_line("suitcase rib", [(rib, top + 4), (rib, ground - 7)], dark, 1.4, minor=True))
        wheels = ellipse((x - half * 0.75, ground - 1.8), 2.4, 2.4)
        wheels.addPath(ellipse((x + half * 0.75, ground - 1.8), 2.4, 2.4))
        parts.append(Part("wheels", wheels, Rgb(26, 26, 28), WARMTH["bag"], texture="solid"))
        return parts
    x, y = hand_position(skeleton, index)
    if person.carried != "none":
        elbow, wrist = skeleton.see(skeleton.elbows[index]), skeleton.see(skeleton.wrists[index])
        x, y = lerp(elbow, wrist, 0.25)
    half = 8.0 + 6.0 * turned
    top = y + 11.0
    path = polygon(
        [(x - half * 0.72, top), (x + half * 0.72, top), (x + half, top + 19), (x - half, top + 19)]
    )
    handle = smooth(
        [
            (x - half * 0.5, top + 1),
            (x - half * 0.5, y),
            (x, y - 3),
            (x + half * 0.5, y),
            (x + half * 0.5, top + 1),
        ],
        closed=False,
    )
    return [
        Part("handbag handle", handle, dark, WARMTH["bag"], texture="solid", stroke=2.0),
        Part("handbag", path, colour, WARMTH["bag"], (x - half, top), (x + half, top)),
        _line("clasp", [(x - 1.6, top + 5), (x + 1.6, top + 5)], _METAL, 2.4, minor=True),
    ]


def carried(person: Pedestrian, trunk: Trunk) -> list[Part]:
    """What the favoured hand holds."""
    colour, skeleton = GARMENTS[person.carried_colour], trunk.skeleton
    index = 0 if person.right_handed else 1
    x, y = hand_position(skeleton, index)
    cold, dark = (
        WARMTH["carried"],
        scaled(colour, 0.66) if luminance(colour) > 0.2 else mix(colour, Rgb(255, 255, 255), 0.2),
    )
    turned = abs(skeleton.sin_yaw)

    def piece(name: str, path, tone: Rgb, half: float, *, minor: bool = False) -> Part:
        return Part(name, path, tone, cold, (x - half, y), (x + half, y), minor=minor)

    match person.carried:
        case "umbrella":
            lean = 5.0 * skeleton.sin_yaw + 2.0 * (1.0 if index else -1.0)
            furled = smooth(
                [
                    (x - 1.5, y + 3),
                    (x + 1.5, y + 3),
                    (x + 5.2 + lean * 0.3, y + 22),
                    (x + 3.5 + lean * 0.7, y + 44),
                    (x + lean, y + 56),
                    (x - 3.0 + lean * 0.7, y + 44),
                    (x - 4.8 + lean * 0.3, y + 22),
                ]
            )
            strap = _line(
                "umbrella strap",
                [(x - 4.4 + lean * 0.3, y + 24), (x + 4.8 + lean * 0.3, y + 25)],
                dark,
                1.6,
                cold="carried",
            )
            hook = smooth([(x, y + 4), (x, y - 7), (x + 3.5, y - 11), (x + 7, y - 7)], closed=False)
            handle = Part("umbrella handle", hook, Rgb(96, 60, 34), cold, texture="solid", stroke=2.4)
            tip = _line(
                "umbrella tip",
                [(x + lean, y + 54), (x + lean * 1.1, y + 61)],
                _METAL,
                1.4,
                minor=True,
                cold="carried",
            )
            return [tip, piece("umbrella", furled, colour, 5.0), strap, handle]
        case "phone":
            half = 2.8 + 1.6 * abs(skeleton.cos_yaw)
            screen = _line(
                "screen",
                [(x, y - 12), (x, y - 3)],
                Rgb(206, 226, 246),
                half * 1.0,
                minor=True,
                cold="carried",
            )
            return [
                piece("phone", box(x - half, y - 14.0, x + half, y + 1.0, radius=1.4), colour, half),
                screen,
            ]
        case "bottle":
            body = box(x - 3.6, y - 9.0, x + 3.6, y + 11.0, radius=2.4)
            label = _line(
                "label",
                [(x - 3.4, y + 2), (x + 3.4, y + 2)],
                Rgb(240, 240, 238),
                3.4,
                minor=True,
                cold="carried",
            )
            cap = piece("bottle cap", box(x - 2.0, y - 14.0, x + 2.0, y - 8.0, radius=1.0), dark, 2.0)
            return [piece("bottle", body, colour, 3.6), label, cap]
        case "folder":
            half = 4.0 + 10.0 * turned
            sheet = polygon([(x - half, y - 25), (x + half, y - 23), (x + half, y + 7), (x - half, y + 5)])
            edge = _line(
                "folder edge",
                [(x - half, y - 25), (x + half, y - 23)],
                Rgb(246, 246, 242),
                2.2,
                cold="carried",
            )
            label = _line(
                "folder label",
                [(x - half * 0.5, y - 14), (x + half * 0.5, y - 13.4)],
                Rgb(240, 240, 236),
                3.0,
                minor=True,
                cold="carried",
            )
            return [piece("folder", sheet, colour, half), edge, label]
        case "shopping bag":
            half = 9.0 + 3.0 * turned
            handle = smooth(
                [(x - half * 0.5, y + 12), (x - 2, y), (x + 2, y), (x + half * 0.5, y + 12)], closed=False
            )
            body = polygon(
                [(x - half, y + 11), (x + half, y + 11), (x + half * 0.94, y + 38), (x - half * 0.94, y + 38)]
            )
            logo = piece("bag logo", ellipse((x, y + 24.0), half * 0.36, 3.6), dark, half, minor=True)
            return [
                Part("bag handle", handle, dark, cold, texture="solid", stroke=1.5),
                piece("shopping bag", body, colour, half),
                logo,
            ]
        case "cup":
            body = polygon([(x - 4.2, y - 10), (x + 4.2, y - 10), (x + 3.0, y + 4), (x - 3.0, y + 4)])
            lid = _line(
                "cup lid", [(x - 4.4, y - 10.5), (x + 4.4, y - 10.5)], Rgb(246, 246, 244), 3.0, cold="carried"
            )
            # A hot drink is the one warm thing that people carry.
            return [Part("cup", body, colour, 0.9, (x - 4.2, y), (x + 4.2, y)), lid]
        case _:
            return []
