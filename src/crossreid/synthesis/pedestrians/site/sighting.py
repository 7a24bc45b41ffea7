"""How the site's cameras take pictures: habits of the cameras, and what varies from shot to shot."""

from functools import lru_cache
from typing import get_args

import numpy as np

from crossreid.synthesis.pedestrians.shot import Occluder, Shot, View

_VIEWS: tuple[View, ...] = ("front", "back", "left", "right")


@lru_cache(maxsize=1024)
def _habit(camera_id: int) -> tuple[float, float, float, tuple[float, float, float], float, float]:
    """Gain, gamma, saturation, white balance, noise and side of the lamps."""
    rng = np.random.default_rng([camera_id & 0xFFFFFFFF, 48_271])
    green, warm = float(rng.normal(0.03, 0.03)), float(rng.normal(-0.02, 0.07))
    return (
        float(rng.uniform(0.88, 1.16)),
        float(rng.uniform(0.84, 1.10)),
        float(rng.uniform(0.80, 1.10)),
        (1.0 + warm, 1.0 + green, 1.0 - warm),
        float(rng.uniform(2.0, 6.0)),
        float(rng.uniform(-0.8, 0.8)),
    )


def draw_site_shot(rng: np.random.Generator, *, camera_id: int) -> Shot:
    """Draw a picture-taking at the site. `tilt` and `scene` are the lens's and floor's business there.

    About one shot in ten is a bad one, one in eight is partly occluded.
    """
    gain, gamma, saturation, white_balance, noise, light_side = _habit(camera_id)
    bad = rng.random() < 0.1
    view = _VIEWS[int(np.searchsorted((0.30, 0.58, 0.79), rng.random(), side="right"))]
    occluded = rng.random() < 0.12
    return Shot(
        view=view,
        phase=float(rng.random()),
        turn=float(np.clip(rng.normal(0.0, 16.0), -38.0, 38.0)),
        scale=float(np.clip(rng.normal(1.0, 0.05), 0.88, 1.14)),
        offset_x=float(np.clip(rng.normal(0.0, 5.0), -13.0, 13.0)),
        offset_y=float(np.clip(rng.normal(0.0, 5.0), -12.0, 12.0)),
        rotation=float(rng.normal(0.0, 4.0)),
        light_side=float(np.clip(light_side + rng.normal(0.0, 0.25), -1.0, 1.0)),
        light_strength=float(rng.uniform(0.75, 1.25)),
        shadow=float(rng.uniform(0.2, 0.6)),
        background_seed=int(rng.integers(2**31)),
        occluder=get_args(Occluder)[int(rng.integers(1, 5))] if occluded else "none",
        gain=gain * float(rng.uniform(0.92, 1.08)) * (0.7 if bad and rng.random() < 0.4 else 1.0),
        gamma=gamma * float(rng.uniform(0.95, 1.05)),
        saturation=saturation,
        white_balance=white_balance,
        blur=float(rng.uniform(1.2, 2.0)) if bad else max(0.0, float(rng.normal(0.4, 0.3))),
        noise=noise * float(rng.uniform(0.7, 1.3)) + (float(rng.uniform(4.0, 9.0)) if bad else 0.0),
        coarseness=float(rng.uniform(1.8, 2.6)) if bad else float(rng.choice([1.0, 1.0, 1.3])),
        jpeg_quality=int(rng.uniform(28, 55)) if bad else int(rng.uniform(50, 92)) * int(rng.random() < 0.5),
        camera_id=camera_id,
        seed=int(rng.integers(2**31)),
    )
