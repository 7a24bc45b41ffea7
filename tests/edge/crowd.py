"""People who cross each other before a camera, and what a detector that is no better than real ones tells of them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from crossreid.edge.detection import Detections

WIDTH, HEIGHT, FRAMES = 640, 360, 150
_ERROR = 0.02  # of a box's sides, as a share of the box
_MISSED, _FALSE = 0.03, 0.03  # how often a person is not found, and somebody who is not there
_HIDDEN = 0.75  # share from which on nobody is found


@dataclass(frozen=True)
class Walker:
    """Somebody who walks along a line, and perhaps turns back."""

    tall: float
    wide: float
    bottom: float
    speed: float
    begins: int
    left: float
    turns: int

    def box(self, frame: int) -> np.ndarray | None:
        """Where they are, unless most of them is outside."""
        steps = frame - self.begins
        left = self.left + self.speed * (min(steps, self.turns) - max(0, steps - self.turns))
        box = np.clip([left, self.bottom - self.tall, left + self.wide, self.bottom], 0, [WIDTH, HEIGHT] * 2)
        return box if steps >= 0 and box[2] - box[0] >= 0.3 * self.wide else None


def walkers(rng: np.random.Generator, count: int) -> list[Walker]:
    made = []
    for _ in range(count):
        tall, speed = rng.uniform(90, 170), rng.uniform(2, 7) * rng.choice([-1, 1])
        wide = tall * rng.uniform(0.38, 0.46)
        outside = -wide if speed > 0 else WIDTH
        left = rng.uniform(0, WIDTH - wide) if rng.random() < 0.3 else outside
        turns = int(rng.integers(20, 80)) if rng.random() < 0.3 else FRAMES
        bottom, begins = rng.uniform(0.6, 0.98) * HEIGHT, int(rng.integers(0, FRAMES // 2))
        made.append(Walker(tall, wide, bottom, speed, begins, left, turns))
    return made


def frames(seed: int, *, people: int = 10) -> Iterator[tuple[int, Detections, list[int]]]:
    """Number, boxes and whose each is (-1: nobody's), of every frame."""
    rng = np.random.default_rng(seed)
    crowd = walkers(rng, people)
    for number in range(FRAMES):
        there = {person: box for person, w in enumerate(crowd) if (box := w.box(number)) is not None}
        boxes, scores, owners = [], [], []
        for person, box in there.items():
            hidden = max((_hides(other, box) for other in there.values() if other[3] > box[3]), default=0.0)
            score = 0.92 * (1 - hidden) + rng.normal(0, 0.04)
            if hidden <= _HIDDEN and rng.random() >= _MISSED:
                size = np.tile(box[2:] - box[:2], 2)
                boxes.append(box + rng.normal(0, _ERROR, 4) * size)
                scores.append(min(score, 1.0))
                owners.append(person)
        if rng.random() < _FALSE:
            left, top = rng.uniform(0, WIDTH - 60), rng.uniform(0, HEIGHT - 140)
            boxes.append(np.array([left, top, left + 50, top + 130]))
            scores.append(rng.uniform(0.1, 0.6))
            owners.append(-1)
        yield number, Detections.unlabelled(np.array(boxes).reshape(-1, 4), np.array(scores)), owners


def _hides(nearer: np.ndarray, box: np.ndarray) -> float:
    """The share of a box that another covers."""
    sides = np.clip(np.minimum(nearer[2:], box[2:]) - np.maximum(nearer[:2], box[:2]), 0, None)
    return float(np.prod(sides) / np.prod(box[2:] - box[:2]))
