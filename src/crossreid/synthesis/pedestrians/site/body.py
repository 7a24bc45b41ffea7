"""Bodies of the site and how they are posed: long arms, broad shoulders, large heads."""

import math
from dataclasses import dataclass

from crossreid.synthesis.pedestrians.attributes import Pedestrian
from crossreid.synthesis.pedestrians.site.surface import Vector

_STATURE = {"short": 0.90, "average": 1.0, "tall": 1.09}
_GIRTH = {"slim": 0.84, "average": 1.0, "heavy": 1.30}
# Thigh swing and knee bend in degrees, half-width of the stance in metres.
_GAIT = {
    "strolling": (14.0, 26.0, 0.01),
    "striding": (27.0, 44.0, 0.0),
    "standing": (1.0, 2.0, 0.05),
    "shuffling": (7.0, 14.0, 0.02),
}


@dataclass(frozen=True, slots=True)
class Body:
    """A posed body. Pairs are (right, left) of the person; lengths in metres."""

    stature: float
    girth: float
    hip: float  # height of the hip joints
    shoulder: float  # half-width
    stoop: float  # how far forward the neck is
    hips: tuple[Vector, Vector]
    knees: tuple[Vector, Vector]
    ankles: tuple[Vector, Vector]
    shoulders: tuple[Vector, Vector]
    elbows: tuple[Vector, Vector]
    wrists: tuple[Vector, Vector]
    head: Vector
    levels: tuple[tuple[float, float, float, float], ...]  # (up, half-width, half-depth, forward)

    def level(self, up: float, *, ease: float = 0.0) -> tuple[float, float, float, float]:
        """The trunk's cross-section at a height, `ease` metres wider all around."""
        below = self.levels[0]
        if up <= below[0]:
            return up, below[1] + ease, below[2] + ease, below[3]
        for above in self.levels[1:]:
            if up <= above[0]:
                share = (up - below[0]) / (above[0] - below[0])
                return (
                    up,
                    below[1] + (above[1] - below[1]) * share + ease,
                    below[2] + (above[2] - below[2]) * share + ease,
                    below[3] + (above[3] - below[3]) * share,
                )
            below = above
        return up, below[1] + ease, below[2] + ease, below[3]

    def at(self, share: float) -> float:
        """The height that is `share` of the way from the hips to the base of the neck."""
        return self.hip + share * 0.60 * self.stature

    def chest(self, right: float, share: float, *, ease: float = 0.0, back: bool = False) -> Vector:
        """A point of the chest or the back, `right` metres beside the middle."""
        up, w, d, y = self.level(self.at(share), ease=ease)
        depth = d * math.sqrt(max(0.05, 1.0 - (right / w) ** 2))
        return right, y - depth if back else y + depth, up


def _leg(person: Pedestrian, stature: float, hip_width: float, side: int, phase: float) -> list[Vector]:
    swing, bend, stance = _GAIT[person.gait]
    cycle = 2.0 * math.pi * (phase + (0.0 if side > 0 else 0.5))
    thigh = math.radians(swing * math.sin(cycle) + 4.0)
    shank = thigh - math.radians(5.0 + bend * max(0.0, math.cos(cycle)))
    hip = (side * hip_width * 0.56, 0.0, 0.0)
    knee = (hip[0] + side * stance * 0.5, 0.43 * stature * math.sin(thigh), -0.43 * stature * math.cos(thigh))
    ankle = (
        hip[0] + side * stance,
        knee[1] + 0.41 * stature * math.sin(shank),
        knee[2] - 0.41 * stature * math.cos(shank),
    )
    return [hip, knee, ankle]


def _bend(shoulder: Vector, target: Vector, length: float, outward: float) -> tuple[Vector, Vector]:
    """Elbow and wrist of an arm whose hand goes to `target`, the elbow sinking and turning `outward`."""
    delta = [t - s for t, s in zip(target, shoulder, strict=True)]
    distance = math.sqrt(sum(d * d for d in delta))
    reach = min(1.0, 2.0 * length * 0.98 / max(1e-6, distance))
    wrist = (shoulder[0] + delta[0] * reach, shoulder[1] + delta[1] * reach, shoulder[2] + delta[2] * reach)
    slack = math.sqrt(max(0.0, length**2 - (distance * reach * 0.5) ** 2))
    elbow = (
        (shoulder[0] + wrist[0]) * 0.5 + outward * slack * 0.7,
        (shoulder[1] + wrist[1]) * 0.5 - slack * 0.55,
        (shoulder[2] + wrist[2]) * 0.5 - slack * 0.45,
    )
    return elbow, wrist


def _arm(
    person: Pedestrian, shoulder: Vector, hip: float, stature: float, side: int, phase: float, girth: float
) -> tuple[Vector, Vector]:
    length, handed = 0.285 * stature, 1 if person.right_handed else -1
    if side == handed:
        target = {
            "phone": (side * 0.10, 0.26, hip + 0.50 * stature),
            "cup": (side * 0.20, 0.30, hip + 0.33 * stature),
            "bottle": (side * 0.27, 0.22, hip + 0.14 * stature),
            "folder": (side * 0.24, 0.10, hip + 0.12 * stature),
        }.get(person.carried)
        if target is not None:
            return _bend(shoulder, (target[0], target[1] + shoulder[1], target[2]), length, float(side))
    elif person.arms == "hand in pocket":
        return _bend(shoulder, (side * 0.20 * girth, 0.08, hip + 0.02), length, float(side))
    elif person.arms == "hand on hip":
        return _bend(shoulder, (side * 0.19 * girth, 0.04, hip + 0.14), length, side * 1.3)
    loaded = side == handed and (
        person.carried in ("umbrella", "shopping bag") or person.bag in ("handbag", "suitcase")
    )
    swing = 26.0 if person.arms == "swinging" and not loaded else 5.0
    swing *= 0.4 if person.gait == "standing" else 1.0
    angle = math.radians(swing * math.sin(2.0 * math.pi * (phase + (0.5 if side > 0 else 0.0))))
    aside = 0.05 + 0.05 * (girth > 1) + 0.03 * loaded
    elbow = (
        shoulder[0] + side * aside,
        shoulder[1] + length * math.sin(angle) - 0.01,
        shoulder[2] - length * math.cos(angle),
    )
    bend = angle + math.radians(10.0 + abs(swing))
    return elbow, (
        elbow[0] - side * 0.01,
        elbow[1] + length * math.sin(bend) * 0.9,
        elbow[2] - length * math.cos(bend) * 0.9,
    )


def pose(person: Pedestrian, phase: float) -> Body:
    """The body of a person at a phase of the gait, in [0, 1)."""
    man, girth = person.gender == "man", _GIRTH[person.weight]
    stature = _STATURE[person.height] * (0.96 if person.age == "elderly" else 1.0)
    shoulder = (0.225 if man else 0.185) * (0.6 + 0.4 * girth) * (0.5 + 0.5 * stature)
    hip_width = (0.165 if man else 0.185) * (0.3 + 0.7 * girth)
    waist = (0.160 if man else 0.130) * girth
    depth, belly = 0.115 * (0.4 + 0.6 * girth), 0.0 if girth <= 1.0 else 0.06
    legs = [_leg(person, stature, hip_width, side, phase) for side in (1, -1)]
    hip = 0.085 - min(leg[2][2] for leg in legs)
    lift = [[(x, y, z + hip) for x, y, z in leg] for leg in legs]
    stoop = {"young": 0.01, "middle-aged": 0.03, "elderly": 0.16}[person.age] + 0.06 * (
        person.gait == "shuffling"
    )
    trunk = 0.60 * stature
    bust = 0.0 if man else 0.035 * girth
    levels = tuple(
        (hip + share * trunk, w, d, y + stoop * share * share)
        for share, w, d, y in (
            (-0.12, hip_width, depth * 1.05, -0.01),
            (0.05, hip_width * 1.02, depth * 1.1, -0.01),
            (0.32, waist, depth * 0.9 + belly * 0.6, belly * 0.5),
            (0.66, shoulder * 0.86, depth * 1.1 + bust * 0.6, bust * 0.5),
            (0.86, shoulder * 0.97, depth * 0.98, bust * 0.2),
            (0.94, shoulder * 0.80, depth * 0.80, 0.0),
            (1.0, 0.075, 0.07, 0.0),
        )
    )
    up = hip + trunk * 0.885
    shoulders = tuple((side * (shoulder - 0.03), stoop * 0.75, up) for side in (1, -1))
    arms = [
        _arm(person, s, hip, stature, side, phase, girth) for s, side in zip(shoulders, (1, -1), strict=True)
    ]
    return Body(
        stature=stature, girth=girth, hip=hip, shoulder=shoulder, stoop=stoop,
        hips=(lift[0][0], lift[1][0]), knees=(lift[0][1], lift[1][1]), ankles=(lift[0][2], lift[1][2]),
        shoulders=(shoulders[0], shoulders[1]), elbows=(arms[0][0], arms[1][0]), wrists=(arms[0][1], arms[1][1]),
        head=(0.0, stoop * 1.25 + 0.02, hip + trunk + 0.165),
        levels=levels,
    )  # fmt: skip
