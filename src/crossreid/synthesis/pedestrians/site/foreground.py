"""What hangs or stands between the ceiling camera and the person; a quarter of the picture at most."""

import cv2
import numpy as np

from crossreid.synthesis.pedestrians.shot import Shot


def cover(picture: np.ndarray, shot: Shot) -> np.ndarray:
    """Draw the shot's occluder over the picture, uint8 [height, width] or [height, width, 3], in place."""
    if shot.occluder == "none":
        return picture
    rng = np.random.default_rng([shot.seed, 15_013])
    height, width = picture.shape[:2]
    unit = height / 280.0
    grey = float(rng.uniform(40, 170))

    def tone(factor: float) -> tuple[float, ...]:
        return (grey * factor,) * (1 if picture.ndim == 2 else 3)

    match shot.occluder:
        case "pole":  # a hanging sign across
            top = (
                int(rng.uniform(0.02, 0.16) * height)
                if rng.random() < 0.5
                else int(rng.uniform(0.55, 0.8) * height)
            )
            cv2.rectangle(picture, (0, top), (width, top + int(24 * unit)), tone(1.0), -1)
            cv2.line(picture, (0, top), (width, top), tone(1.4), max(1, int(2 * unit)))
        case "railing":
            lean = int(rng.uniform(-60, 60) * unit)
            base = int(rng.uniform(0.66, 0.86) * height)
            for step in range(4):
                y = base + int(step * 20 * unit)
                cv2.line(
                    picture, (0, y), (width, y + lean // 3), tone(1.0 + 0.1 * step), max(2, int(4 * unit))
                )
        case "bush":  # a potted plant at one side
            side = float(rng.choice([0.0, 1.0])) * width
            for _ in range(34):
                x, y = side + float(rng.normal(0, 20)) * unit, height * 0.78 + float(rng.normal(0, 36)) * unit
                axes = int(rng.uniform(4, 13) * unit) + 1, int(rng.uniform(3, 6) * unit) + 1
                leaf = (74.0, 104.0, 62.0) if picture.ndim == 3 else (164.0,)
                shade = float(rng.uniform(0.6, 1.2))
                cv2.ellipse(
                    picture,
                    (int(x), int(y)),
                    axes,
                    float(rng.uniform(0, 180)),
                    0,
                    360,
                    tuple(c * shade for c in leaf),
                    -1,
                )
        case _:  # the head and shoulders of somebody nearer to the camera
            x = int((0.5 + float(rng.choice([-1.0, 1.0])) * rng.uniform(0.52, 0.66)) * width)
            y = int(rng.uniform(0.45, 0.95) * height)
            cloth = (
                tuple(float(c) for c in rng.uniform(-20, 20, 3) + rng.uniform(60, 160))
                if picture.ndim == 3
                else tone(1.2)
            )
            cv2.ellipse(
                picture, (x, y + int(26 * unit)), (int(46 * unit), int(34 * unit)), 0, 0, 360, cloth, -1
            )
            cv2.circle(
                picture, (x, y), int(22 * unit), (52.0, 42.0, 38.0) if picture.ndim == 3 else tone(0.6), -1
            )
    return picture
