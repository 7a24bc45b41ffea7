"""Two people of the procedural world before a camera, and where each is in every frame."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from crossreid.synthesis.pedestrians.world import World

HEIGHT, WIDTH = 160, 320
TALL, WIDE = 120, 60


class Walk:
    """Two people of the procedural world walk towards each other and pass: frames, and where each is."""

    def __init__(self, *, infrared: bool = False) -> None:
        self.infrared = infrared
        self.groups = [World(0).group("demo", person, 0) for person in (0, 2)]
        self.count = 24

    def boxes(self, number: int) -> list[tuple[int, int]]:
        """Left and top of each."""
        return [(6 * number, 30), (WIDTH - WIDE - 6 * number, 36)]

    def frame(self, number: int) -> np.ndarray:
        image = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
        if not self.infrared:
            image[..., 2] = 140
        for group, (left, top) in zip(self.groups, self.boxes(number), strict=True):
            moved = replace(group, shot=replace(group.shot, phase=number % 12 / 12, occluder="none"))
            draw = moved.infrared if self.infrared else moved.rgb
            image[top : top + TALL, left : left + WIDE] = draw(height=TALL, width=WIDE)
        return image

    def write_video(self, file: Path, *, code: str = "MJPG") -> Path:
        writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*code), 12, (WIDTH, HEIGHT))
        for number in range(self.count):
            writer.write(np.ascontiguousarray(self.frame(number)[..., ::-1]))
        writer.release()
        return file

    def write_boxes(self, file: Path, *, people: bool) -> Path:
        rows = [
            f"{number + 1},{person + 1 if people else -1},{left},{top},{WIDE},{TALL},0.9"
            for number in range(self.count)
            for person, (left, top) in enumerate(self.boxes(number))
        ]
        file.write_text("\n".join(rows))
        return file


def person() -> np.ndarray:
    """One of them alone."""
    return Walk().groups[0].rgb(height=TALL, width=WIDE)
