"""Where the joints of a walking person are, and where a camera sees them.

Body coordinates are (right, forward, up) of the person, the ground at up = 0; one unit is a pixel of a
280 x 140 picture, in which a person of average height is 236 units tall.
"""

import math
from dataclasses import dataclass

from crossreid.synthesis.pedestrians.attributes import Pedestrian
from crossreid.synthesis.pedestrians.part import Point
from crossreid.synthesis.pedestrians.shot import Shot

Vector = tuple[float, float, float]

_STATURE = {"short": 0.89, "average": 1.0, "tall": 1.09}
_GIRTH = {"slim": 0.84, "average": 1.0, "heavy": 1.32}
_YAW = {"front": 0.0, "right": 90.0, "back": 180.0, "left": -90.0}
# Thigh swing, knee bend in swing, knee bend always, stance half-width; degrees and units.
_GAIT = {
    "strolling": (15.0, 28.0, 3.0, 0.0),
    "striding": (29.0, 46.0, 4.0, 0.0),
    "standing": (1.5, 0.0, 1.0, 4.0),
    "shuffling": (8.0, 8.0, 17.0, 1.5),
}


@dataclass(frozen=True, slots=True)
class Body:
    """Lengths and half-widths of a person's body, in units."""

    stature: float
    girth: float
    thigh: float
    shank: float
    trunk: float  # hip joint to the base of the neck
    shoulder: float
    chest: float
    waist: float
    hip: float
    bust: float  # how far the chest stands forward
    belly: float
    upper_arm: float
    forearm: float
    stoop: float  # forward lean of the neck as a share of the trunk


def measure(person: Pedestrian) -> Body:
    """The body of a person, from gender, age, height and weight."""
    stature, girth = _STATURE[person.height], _GIRTH[person.weight]
    man = person.gender == "man"
    ageing = {"young": 0.0, "middle-aged": 0.55, "elderly": 1.0}[person.age]
    stature *= 1.0 - 0.03 * (person.age == "elderly")
    shoulder = (25.0 if man else 20.5) * (0.62 + 0.38 * girth) * (0.55 + 0.45 * stature)
    return Body(
        stature=stature,
        girth=girth,
        thigh=57.0 * stature,
        shank=54.0 * stature,
        trunk=80.0 * stature,
        shoulder=shoulder - 1.2 * ageing,
        chest=(20.5 if man else 17.0) * girth,
        waist=((17.0 if man else 13.4) + 1.8 * ageing) * girth * (1.07 if girth > 1 else 1.0),
        hip=(17.0 if man else 18.8) * (0.25 + 0.75 * girth),
        bust=0.5 if man else 4.2 * girth,
        belly=(1.0 + 2.0 * ageing) + (7.0 if girth > 1 else 0.0),
        upper_arm=37.0 * stature,
        forearm=33.0 * stature,
        stoop={"young": 0.02, "middle-aged": 0.06, "elderly": 0.27}[person.age]
        + {"striding": 0.05, "shuffling": 0.10}.get(person.gait, 0.0),
    )


@dataclass(frozen=True, slots=True)
class Skeleton:
    """A posed body before a camera. Pairs are (right, left) of the person."""

    body: Body
    hip_height: float
    hips: tuple[Vector, Vector]
    knees: tuple[Vector, Vector]
    ankles: tuple[Vector, Vector]
    toes: tuple[Vector, Vector]
    shoulders: tuple[Vector, Vector]
    elbows: tuple[Vector, Vector]
    wrists: tuple[Vector, Vector]
    cos_yaw: float
    sin_yaw: float
    cos_tilt: float
    sin_tilt: float

    def see(self, point: Vector) -> Point:
        """Where the camera sees a point of the body."""
        right, forward, up = point
        depth = forward * self.cos_yaw + right * self.sin_yaw
        return forward * self.sin_yaw - right * self.cos_yaw, depth * self.sin_tilt - up * self.cos_tilt

    def nearness(self, point: Vector) -> float:
        """How far before the trunk's axis a point lies, towards the camera."""
        return point[1] * self.cos_yaw + point[0] * self.sin_yaw

    def on_trunk(self, right: float, forward: float, height: float) -> Vector:
        """A point at `height` units above the hips, in the frame of the bent spine."""
        share = max(0.0, height) / self.body.trunk
        return (
            right,
            forward + self.body.stoop * self.body.trunk * share * share,
            self.hip_height + height * (1.0 - 0.28 * self.body.stoop * share),
        )


def _reach(
    shoulder: Vector, target: Vector, upper: float, fore: float, pole: Vector
) -> tuple[Vector, Vector]:
    """Elbow and wrist of an arm that reaches for `target` with its elbow pointing along `pole`."""
    delta = tuple(t - s for t, s in zip(target, shoulder, strict=True))
    distance = max(1e-6, math.sqrt(sum(d * d for d in delta)))
    reach = min(distance, (upper + fore) * 0.995)
    axis = tuple(d / distance for d in delta)
    along = (upper * upper - fore * fore + reach * reach) / (2.0 * reach)
    aside = math.sqrt(max(0.0, upper * upper - along * along))
    dot = sum(a * p for a, p in zip(axis, pole, strict=True))
    normal = tuple(p - a * dot for a, p in zip(axis, pole, strict=True))
    length = max(1e-6, math.sqrt(sum(n * n for n in normal)))
    elbow = tuple(s + a * along + n * aside / length for s, a, n in zip(shoulder, axis, normal, strict=True))
    wrist = tuple(s + a * reach for s, a in zip(shoulder, axis, strict=True))
    return (elbow[0], elbow[1], elbow[2]), (wrist[0], wrist[1], wrist[2])


def _leg(body: Body, person: Pedestrian, side: int, phase: float) -> tuple[Vector, Vector, Vector, Vector]:
    """Hip, knee, ankle and toe with the hip joint at height 0."""
    swing, bend, crouch, stance = _GAIT[person.gait]
    cycle = 2.0 * math.pi * (phase + (0.0 if side > 0 else 0.5))
    thigh = math.radians(swing * math.sin(cycle) + 0.5 * crouch + 3.0)
    shank = thigh - math.radians(crouch + 3.0 + bend * max(0.0, math.cos(cycle)) ** 1.5)
    hip = (side * body.hip * 0.54, 0.0, 0.0)
    outward = side * (stance + 1.0)
    knee = (hip[0] + outward * 0.5, body.thigh * math.sin(thigh), -body.thigh * math.cos(thigh))
    ankle = (hip[0] + outward, knee[1] + body.shank * math.sin(shank), knee[2] - body.shank * math.cos(shank))
    pitch = max(-0.9, min(0.3, 0.8 * shank))
    toe = (ankle[0] + side * 4.0, ankle[1] + 17.0 * math.cos(pitch), ankle[2] - 6.0 + 17.0 * math.sin(pitch))
    return hip, knee, ankle, toe


def _arm(
    body: Body, person: Pedestrian, side: int, phase: float, shoulder: Vector, hip_height: float
) -> tuple[Vector, Vector]:
    """Elbow and wrist: what the hand is busy with, or the person's habit."""
    handed = 1 if person.right_handed else -1
    trunk, lean = body.trunk, body.stoop * body.trunk
    if side == handed:
        target = {
            "phone": (side * (body.shoulder - 4.0), 27.0 + lean, hip_height + trunk * 0.80),
            "cup": (side * (body.shoulder + 2.0), 24.0 + lean, hip_height + trunk * 0.62),
            "bottle": (side * (body.shoulder + 5.0), 16.0 + lean, hip_height + trunk * 0.34),
            "folder": (side * (body.shoulder + 3.0), 9.0 + lean * 0.5, hip_height + trunk * 0.10),
        }.get(person.carried)
        if target is not None:
            return _reach(shoulder, target, body.upper_arm, body.forearm, (side * 0.3, -0.5, -1.0))
    elif person.arms == "hand in pocket":
        target = (side * (body.hip + 3.0), 7.0, hip_height + 3.0)
        return _reach(shoulder, target, body.upper_arm, body.forearm, (side * 0.9, -0.7, 0.0))
    elif person.arms == "hand on hip":
        target = (side * (body.waist + 5.0), 3.0, hip_height + trunk * 0.28)
        return _reach(shoulder, target, body.upper_arm, body.forearm, (side * 1.0, -0.25, 0.0))
    loaded = side == handed and (
        person.carried in ("umbrella", "shopping bag") or person.bag in ("handbag", "suitcase")
    )
    swinging = person.arms == "swinging" and not loaded
    vigour = {"strolling": 1.0, "striding": 1.35, "standing": 0.5, "shuffling": 0.7}[person.gait]
    amplitude = (24.0 if swinging else 4.0) * vigour
    cycle = 2.0 * math.pi * (phase + (0.5 if side > 0 else 0.0))
    angle = math.radians(amplitude * math.sin(cycle) + (1.0 if swinging else 0.0))
    bend = math.radians((26.0 if swinging else 9.0) + 0.5 * amplitude * max(0.0, math.sin(cycle)))
    aside = math.radians((6.0 if not loaded else 10.0) + (5.0 if body.girth > 1 else 0.0))
    elbow = (
        shoulder[0] + side * body.upper_arm * math.sin(aside),
        shoulder[1] + body.upper_arm * math.sin(angle),
        shoulder[2] - body.upper_arm * math.cos(angle) * math.cos(aside),
    )
    wrist = (
        elbow[0] + side * body.forearm * 0.4 * math.sin(aside),
        elbow[1] + body.forearm * math.sin(angle + bend),
        elbow[2] - body.forearm * math.cos(angle + bend),
    )
    return elbow, wrist


def pose(person: Pedestrian, shot: Shot) -> Skeleton:
    """The skeleton of a person at the gait phase and seen from the viewpoint of a shot."""
    body = measure(person)
    legs = [_leg(body, person, side, shot.phase) for side in (1, -1)]
    # The lower of the two feet stands on the ground; soles are 9 units under the ankles.
    hip_height = 9.0 - min(min(leg[2][2], leg[3][2] + 6.0) for leg in legs)
    lifted = [tuple((r, f, u + hip_height) for r, f, u in leg) for leg in legs]
    yaw, tilt = math.radians(_YAW[shot.view] + shot.turn), math.radians(shot.tilt)
    lean = body.stoop * body.trunk
    shoulders = tuple(
        (side * (body.shoulder - 5.0), lean * 0.80, hip_height + body.trunk * (0.875 - 0.25 * body.stoop))
        for side in (1, -1)
    )
    arms = [
        _arm(body, person, side, shot.phase, shoulder, hip_height)
        for side, shoulder in zip((1, -1), shoulders, strict=True)
    ]
    return Skeleton(
        body=body,
        hip_height=hip_height,
        hips=(lifted[0][0], lifted[1][0]),
        knees=(lifted[0][1], lifted[1][1]),
        ankles=(lifted[0][2], lifted[1][2]),
        toes=(lifted[0][3], lifted[1][3]),
        shoulders=(shoulders[0], shoulders[1]),
        elbows=(arms[0][0], arms[1][0]),
        wrists=(arms[0][1], arms[1][1]),
        cos_yaw=math.cos(yaw),
        sin_yaw=math.sin(yaw),
        cos_tilt=math.cos(tilt),
        sin_tilt=math.sin(tilt),
    )
