"""Everything about one picture that is not the person: viewpoint, crop, light, surroundings and camera."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

import numpy as np

View = Literal["front", "back", "left", "right"]
Scene = Literal["street", "shop fronts", "park", "corridor", "square", "car park"]
Occluder = Literal["none", "pole", "railing", "bush", "passer-by"]


@dataclass(frozen=True, slots=True)
class Shot:
    """How one picture of a person is taken. The defaults are a clean, centred picture.

    `view` names the side of the person that the camera sees; angles are in degrees, lengths in pixels
    of a 280 x 140 picture. `phase` is the position within the gait cycle, in [0, 1).
    """

    view: View = "front"
    phase: float = 0.1
    turn: float = 0.0  # degrees off the exact view
    tilt: float = 8.0  # degrees that the camera looks down
    scale: float = 1.0
    offset_x: float = 0.0
    offset_y: float = 0.0
    rotation: float = 0.0
    light_side: float = -0.6  # -1: light from the left of the picture, 1: from the right
    light_strength: float = 1.0  # contrast of the shading
    shadow: float = 0.5  # opacity of the cast shadow
    scene: Scene = "street"
    background_seed: int = 0
    occluder: Occluder = "none"
    gain: float = 1.0
    gamma: float = 1.0
    saturation: float = 1.0
    white_balance: tuple[float, float, float] = (1.0, 1.0, 1.0)
    blur: float = 0.0  # standard deviation, pixels
    noise: float = 0.0  # standard deviation, grey levels
    coarseness: float = 1.0  # how many times fewer pixels a side the sensor had
    jpeg_quality: int = 0  # 0: not compressed
    camera_id: int = 0
    seed: int = 0  # of noise, occluder and the sketching hand


@dataclass(frozen=True, slots=True)
class _Habit:
    """What stays with a camera from picture to picture."""

    scenes: tuple[Scene, Scene]
    tilt: float
    gain: float
    gamma: float
    saturation: float
    white_balance: tuple[float, float, float]
    noise: float
    light_side: float


@lru_cache(maxsize=1024)
def _habit(camera_id: int) -> _Habit:
    rng = np.random.default_rng([camera_id & 0xFFFFFFFF, 20_771])
    scenes = rng.choice(get_args(Scene), size=2, replace=False)
    warm = float(rng.normal(0.0, 0.05))
    return _Habit(
        scenes=(scenes[0], scenes[1]),
        tilt=float(rng.uniform(3.0, 17.0)),
        gain=float(rng.uniform(0.86, 1.14)),
        gamma=float(rng.uniform(0.86, 1.18)),
        saturation=float(rng.uniform(0.75, 1.15)),
        white_balance=(1.0 + warm, 1.0 + float(rng.normal(0.0, 0.015)), 1.0 - warm),
        noise=float(rng.uniform(1.0, 5.0)),
        light_side=float(rng.choice([-0.7, 0.7])),
    )


def draw_shot(rng: np.random.Generator, *, camera_id: int = 0) -> Shot:
    """Draw a picture-taking. The camera sets the habitual response, tilt and surroundings; the rest varies.

    About one shot in ten is a bad one (blurred, noisy, coarse or dark); one in seven is partly occluded.
    """
    habit = _habit(camera_id)
    bad = rng.random() < 0.1
    view = ("front", "back", "left", "right")[
        int(np.searchsorted((0.34, 0.64, 0.82), rng.random(), side="right"))
    ]
    occluded = rng.random() < 0.15
    compressed = rng.random() < 0.5
    quality = rng.uniform(25, 50) if bad else rng.uniform(45, 92)
    gain = (
        habit.gain * rng.uniform(0.9, 1.1) * (rng.choice([0.62, 1.25]) if bad and rng.random() < 0.5 else 1.0)
    )
    return Shot(
        view=view,
        phase=float(rng.random()),
        turn=float(np.clip(rng.normal(0.0, 9.0), -20.0, 20.0)),
        tilt=habit.tilt + float(rng.uniform(-2.0, 2.0)),
        scale=float(np.clip(rng.normal(1.04, 0.05), 0.9, 1.18)),
        offset_x=float(np.clip(rng.normal(0.0, 5.0), -14.0, 14.0)),
        offset_y=float(np.clip(rng.normal(0.0, 5.0), -12.0, 12.0)),
        rotation=float(rng.normal(0.0, 1.4)),
        light_side=float(np.clip(habit.light_side + rng.normal(0.0, 0.4), -1.0, 1.0)),
        light_strength=float(rng.uniform(0.7, 1.35)),
        shadow=float(rng.uniform(0.15, 0.7)),
        scene=habit.scenes[int(rng.random() < 0.25)],
        background_seed=int(rng.integers(2**31)),
        occluder=get_args(Occluder)[int(rng.integers(1, 5))] if occluded else "none",
        gain=float(gain),
        gamma=habit.gamma * float(rng.uniform(0.94, 1.06)),
        saturation=habit.saturation * float(rng.uniform(0.92, 1.08)),
        white_balance=habit.white_balance,
        blur=float(rng.uniform(1.2, 2.0)) if bad else max(0.0, float(rng.normal(0.35, 0.35))),
        noise=habit.noise * float(rng.uniform(0.7, 1.3)) + (float(rng.uniform(4.0, 9.0)) if bad else 0.0),
        coarseness=float(rng.uniform(1.8, 2.8)) if bad else float(rng.choice([1.0, 1.0, 1.4])),
        jpeg_quality=int(quality) if compressed or bad else 0,
        camera_id=camera_id,
        seed=int(rng.integers(2**31)),
    )
