"""Bags and what hands hold."""

from crossreid.synthesis.pedestrians.attributes import Pedestrian
from crossreid.synthesis.pedestrians.palette import Rgb, mix, scaled
from crossreid.synthesis.pedestrians.site.body import Body
from crossreid.synthesis.pedestrians.site.palette import DYES
from crossreid.synthesis.pedestrians.site.surface import Surface, Vector, between, blob, box, limb


def _ease(person: Pedestrian) -> float:
    return {"none": 0.02, "long coat": 0.06, "closed jacket": 0.06, "vest": 0.06}.get(person.outer, 0.045)


def _strap(points: list[Vector], colour: Rgb, *, wide: float = 0.020) -> Surface:
    return Surface(limb(points, (wide,) * len(points), flat=0.7), colour, "coated", 8, lift=0.05)


def baggage(person: Pedestrian, body: Body) -> list[Surface]:
    """The bag with its straps, and the carried thing."""
    side = 1 if person.right_handed else -1
    index = 0 if person.right_handed else 1
    hand = between(body.elbows[index], body.wrists[index], 1.22)
    parts: list[Surface] = []
    if person.bag != "none":
        parts += _bag(person, body, side, hand)
    if person.carried != "none":
        parts += _held(person, body, side, hand)
    return parts


def _bag(person: Pedestrian, body: Body, side: int, hand: Vector) -> list[Surface]:
    colour, ease = DYES[person.bag_colour], _ease(person)
    dark, trim = scaled(colour, 0.66), mix(colour, Rgb(214, 208, 196), 0.45)
    match person.bag:
        case "backpack":
            _, _, d, y = body.level(body.at(0.55), ease=ease)
            back = y - d - 0.085
            straps = [
                _strap(
                    [
                        body.chest(s * 0.115, 0.36, ease=ease),
                        body.chest(s * 0.12, 0.66, ease=ease),
                        body.chest(s * 0.11, 0.86, ease=ease),
                        (s * 0.11, body.stoop * 0.9, body.at(1.0) + ease * 0.8),
                        body.chest(s * 0.11, 0.88, ease=ease, back=True),
                    ],
                    dark,
                    wide=0.026,
                )
                for s in (1, -1)
            ]
            return [
                Surface(box((0.0, back, body.at(0.56)), (0.150, 0.090, 0.225), taper=0.80), colour, "coated", 14, squareness=0.5, lift=0.01),
                Surface(box((0.0, back - 0.075, body.at(0.38)), (0.115, 0.05, 0.10)), trim, "coated", 14, squareness=0.5, lift=0.02),
                Surface(limb([(-0.13, back, body.at(0.56) + 0.20), (0.0, back - 0.02, body.at(0.56) + 0.24), (0.13, back, body.at(0.56) + 0.20)], (0.03, 0.035, 0.03)), dark, "coated", 8, lift=0.02),
                *straps,
            ]  # fmt: skip
        case "shoulder bag" | "crossbody bag":
            across = person.bag == "crossbody bag"
            low = body.at(-0.16 if across else 0.10)
            _, w, _, y = body.level(low, ease=ease)
            out = w + (0.055 if across else 0.11)
            place = (side * out, y + (0.06 if across else -0.02), low)
            size = (0.052, 0.135, 0.095) if across else (0.062, 0.155, 0.155)
            top = (place[0], place[1], place[2] + size[2])
            far = -side if across else side
            over = (
                far * (0.10 if across else body.shoulder * 0.72),
                body.stoop * 0.9,
                body.at(0.97 if across else 0.93) + ease,
            )
            front = (
                [body.chest(far * 0.06, 0.82, ease=ease), body.chest(side * 0.08, 0.40, ease=ease)]
                if across
                else [body.chest(far * 0.14, 0.72, ease=ease + 0.01)]
            )
            rear = (
                [
                    body.chest(far * 0.06, 0.82, ease=ease, back=True),
                    body.chest(side * 0.08, 0.40, ease=ease, back=True),
                ]
                if across
                else [body.chest(far * 0.14, 0.72, ease=ease + 0.01, back=True)]
            )
            return [
                Surface(box(place, size, taper=1.0 if across else 0.86), colour, "leather" if across else "cotton", 14, squareness=0.5, lift=0.02),
                Surface(box((place[0] + side * 0.012, place[1], place[2] + size[2] * 0.55), (size[0] + 0.004, size[1] * 1.02, size[2] * 0.42)), dark if across else trim, "leather", 14, squareness=0.5, lift=0.03),
                _strap([over, *front, top], dark, wide=0.020),
                _strap([over, *rear, top], dark, wide=0.020),
            ]  # fmt: skip
        case "handbag":
            x, y, z = hand
            place = (x + side * 0.03, y, z - 0.24)
            handle = [
                (x, y - 0.085, z - 0.14),
                (x, y - 0.04, z - 0.03),
                (x, y + 0.04, z - 0.03),
                (x, y + 0.085, z - 0.14),
            ]
            return [
                Surface(box(place, (0.065, 0.150, 0.105), taper=0.72), colour, "leather", 14, squareness=0.5),
                Surface(box((place[0], place[1], place[2] + 0.085), (0.055, 0.12, 0.022)), trim, "leather", 14, squareness=0.5, lift=0.02),
                _strap(handle, dark, wide=0.014),
            ]  # fmt: skip
        case _:
            x, y = side * (body.shoulder + 0.17), -0.16
            handle = [(x, y, 0.62), (x, y - 0.01, 0.86), hand]
            return [
                Surface(box((x, y, 0.36), (0.115, 0.175, 0.29)), colour, "coated", 14, squareness=0.5),
                Surface(box((x, y, 0.46), (0.121, 0.181, 0.035)), trim, "coated", 14, squareness=0.5, lift=0.02),
                Surface(limb(handle, (0.016, 0.016, 0.016)), Rgb(88, 88, 90), "coated", 8),
                Surface(blob((x, y + 0.12, 0.045), (0.03, 0.045, 0.045), rings=4), Rgb(36, 36, 38), "rubber", 8, minor=True),
            ]  # fmt: skip


def _held(person: Pedestrian, body: Body, side: int, hand: Vector) -> list[Surface]:
    colour, (x, y, z) = DYES[person.carried_colour], hand
    pale = mix(colour, Rgb(230, 228, 220), 0.6)
    match person.carried:
        case "umbrella":
            stick = [(x, y - 0.03, z + 0.05), (x, y + 0.04, z - 0.28), (x, y + 0.11, z - 0.60)]
            return [
                Surface(limb(stick, (0.034, 0.046, 0.010)), colour, "coated", 8, lift=0.02),
                Surface(
                    limb([(x, y - 0.07, z + 0.10), (x, y - 0.03, z + 0.05)], (0.016, 0.016)),
                    Rgb(60, 46, 36),
                    "leather",
                    8,
                    lift=0.02,
                ),
            ]
        case "phone":
            return [
                Surface(
                    box((x, y + 0.02, z + 0.045), (0.040, 0.014, 0.075)),
                    colour,
                    "pigment",
                    8,
                    squareness=0.5,
                    lift=0.04,
                )
            ]
        case "bottle":
            return [
                Surface(
                    limb([(x, y, z - 0.10), (x, y, z + 0.08), (x, y, z + 0.13)], (0.040, 0.040, 0.018)),
                    colour,
                    "pigment",
                    8,
                    lift=0.03,
                ),
                Surface(
                    blob((x, y, z + 0.14), (0.02, 0.02, 0.02), rings=4),
                    pale,
                    "pigment",
                    8,
                    lift=0.04,
                    minor=True,
                ),
            ]
        case "folder":
            return [
                Surface(
                    box((x - side * 0.05, y + 0.02, z + 0.06), (0.026, 0.155, 0.125)),
                    colour,
                    "pigment",
                    14,
                    squareness=0.5,
                    lift=0.03,
                )
            ]
        case "shopping bag":
            place = (x + side * 0.05, y + 0.02, z - 0.27)
            return [
                Surface(box(place, (0.085, 0.140, 0.165), taper=0.92), colour, "coated", 14, squareness=0.5),
                _strap([(x, y - 0.08, z - 0.11), hand, (x, y + 0.09, z - 0.11)], pale, wide=0.012),
            ]
        case _:
            return [
                Surface(
                    limb([(x, y, z - 0.05), (x, y, z + 0.085)], (0.032, 0.046)),
                    colour,
                    "pigment",
                    8,
                    lift=0.03,
                ),
                Surface(
                    blob((x, y, z + 0.085), (0.046, 0.046, 0.012), rings=4),
                    pale,
                    "pigment",
                    8,
                    lift=0.05,
                    minor=True,
                ),
            ]
