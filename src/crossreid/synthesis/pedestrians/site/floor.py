"""The floors of the site: tiles, carpet, asphalt, planks and grating, seen from above."""

from functools import cache

import cv2
import numpy as np

from crossreid.synthesis.pedestrians.shot import Shot
from crossreid.synthesis.pedestrians.site.projection import floor_places, lens_of, spot_of

_SIZE, _DENSITY = 512, 96.0  # samples a side; samples a metre
_FLOORS = 24


def _tiles(rng: np.random.Generator, size: int, tone: np.ndarray, spread: float) -> np.ndarray:
    count = _SIZE // size
    shades = tone + rng.normal(0.0, spread, (count, count, 1))
    picture = np.kron(shades, np.ones((size, size, 1)))
    joint = float(rng.choice([-28.0, 24.0]))
    picture[::size], picture[1::size] = picture[::size] + joint, picture[1::size] + joint
    picture[:, ::size], picture[:, 1::size] = picture[:, ::size] + joint, picture[:, 1::size] + joint
    return picture


@cache
def _floor(number: int) -> np.ndarray:
    """uint8 RGB [_SIZE, _SIZE, 3] that repeats in both directions."""
    rng = np.random.default_rng([number, 70_009])
    tone = float(rng.uniform(70.0, 185.0)) + np.array(
        [rng.normal(4.0, 7.0), rng.normal(0.0, 4.0), rng.normal(-6.0, 7.0)]
    )
    match number % 6:
        case 0:
            picture = _tiles(rng, 64, tone, 5.0)
        case 1:
            picture = _tiles(rng, 32, tone, 9.0)
        case 2:
            board = np.indices((8, 8)).sum(axis=0) % 2
            picture = np.kron(tone + (board * 46.0 - 23.0)[..., None], np.ones((64, 64, 1)))
        case 3:
            planks = tone * (1.0, 0.88, 0.74) + rng.normal(0.0, 9.0, (16, 1, 1))
            picture = np.kron(planks, np.ones((32, _SIZE, 1)))
            picture[::32] -= 30.0
        case 4:
            picture = np.broadcast_to(tone, (_SIZE, _SIZE, 3)).copy()
            picture[(np.arange(_SIZE) // 8 % 2) == 0] -= 16.0
        case _:
            speckle = cv2.GaussianBlur(
                rng.normal(0.0, 60.0, (_SIZE, _SIZE, 1)).astype(np.float32), (0, 0), 1.5
            )
            picture = tone + np.atleast_3d(speckle)
    picture = _marked(np.clip(picture, 0, 255).astype(np.uint8).copy(), rng)
    stains = cv2.resize(
        rng.normal(0.0, 9.0, (12, 12)).astype(np.float32), (_SIZE, _SIZE), interpolation=cv2.INTER_CUBIC
    )
    grain = rng.normal(0.0, 5.0, (_SIZE, _SIZE)).astype(np.float32)
    return np.clip(picture + (stains + grain)[..., None], 0, 255).astype(np.uint8)


def _marked(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Lines, guide strips, mats, drains and arrows that lie on floors."""
    for _ in range(int(rng.integers(1, 4))):
        x, y = (int(v) for v in rng.integers(0, _SIZE, 2))
        colour = tuple(int(c) for c in rng.uniform(50, 210, 3) * 0.5 + 60)
        match int(rng.integers(5)):
            case 0:
                cv2.line(picture, (x, 0), (x, _SIZE), (196, 168, 70), int(rng.integers(6, 18)))
            case 1:
                for row in range(0, _SIZE, 12):
                    for dot in range(-14, 15, 12):
                        cv2.circle(picture, ((x + dot) % _SIZE, row), 4, (190, 164, 84), -1)
            case 2:
                cv2.rectangle(picture, (x, y), (x + 130, y + 84), colour, -1)
            case 3:
                cv2.rectangle(picture, (x, y), (x + 44, y + 44), (52, 52, 54), -1)
                for bar in range(4, 44, 8):
                    cv2.line(picture, (x + bar, y + 3), (x + bar, y + 41), (112, 112, 110), 2)
            case _:
                cv2.line(picture, (0, y), (_SIZE, y), (204, 204, 198), int(rng.integers(4, 10)))
    return picture


@cache
def _infrared_floor(number: int) -> np.ndarray:
    """The same floor as near infrared sees it: its paints rearranged, uint8 [_SIZE, _SIZE]."""
    rng = np.random.default_rng([number, 70_051])
    grey = cv2.cvtColor(_floor(number), cv2.COLOR_RGB2GRAY)
    knots = float(rng.uniform(16, 52)) + np.cumsum(rng.uniform(-5.0, 17.0, 5))
    return cv2.LUT(
        grey, np.clip(np.interp(np.arange(256), [0, 64, 128, 192, 255], knots), 0, 255).astype(np.uint8)
    )


def crop_floor(shot: Shot, *, height: int, width: int, infrared: bool = False) -> np.ndarray:
    """The floor of a shot through its lens, uint8 [height, width, 3] or, in infrared, [height, width]."""
    seed = shot.background_seed
    # Two kinds of floor a camera.
    number = (shot.camera_id * 5 + (seed >> 3) % 2 * 11) % _FLOORS
    x, y = floor_places(lens_of(shot.camera_id, spot_of(shot)), height, width)
    shift_x, shift_y = (seed >> 5) % _SIZE, (seed >> 14) % _SIZE
    source = (_infrared_floor if infrared else _floor)(number)
    return cv2.remap(
        source, x * _DENSITY + shift_x, y * _DENSITY + shift_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP
    )
