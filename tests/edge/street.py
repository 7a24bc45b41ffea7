"""A street of coloured people, the same each time; and a program that follows them until it is killed.

python street.py FOLDER URL SEED     processes that die by SIGKILL, one after another, until one has finished
"""

import importlib.util
import json
import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from crossreid.edge import sender
from crossreid.edge.detection import Detections
from crossreid.edge.device import Device, Settings
from crossreid.edge.frames import Frame
from crossreid.edge.motion import Motion, TrackingRules
from crossreid.edge.sender import Cloud, Sender
from crossreid.edge.sightings import CropRules
from crossreid.edge.spool import Spool

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FRAMES = 60
SETTINGS = Settings(
    "cam7", crops=CropRules(spacing=3, longest=25), tracking=TrackingRules(patience=5, confirmed_after=2)
)

# Number -> colour, first and last frame, row, width; each walks 2 pixels a frame. Number 3 is too far away to tell.
PEOPLE = {
    1: ((224, 32, 32), 0, 20, 10, 20),
    2: ((32, 160, 32), 5, 57, 60, 20),
    3: ((32, 32, 224), 24, 28, 10, 6),
    4: ((224, 224, 32), 35, 60, 10, 20),
}


class Street:
    """Frames, and the boxes in them."""

    live = False

    def frames(self, first: int, start: datetime) -> Iterator[Frame]:
        for number in range(first, FRAMES):
            image = np.full((120, 200, 3), 120, np.uint8)
            image[..., 0] = 200  # not grey
            for (left, top, right, bottom), colour in self._people(number):
                texture = np.random.default_rng(number).integers(0, 30, (bottom - top, right - left, 1))
                image[top:bottom, left:right] = np.clip(np.array(colour) + texture, 0, 255)
            yield Frame(number, start + timedelta(seconds=number / 10), image)

    def detect(self, frame: Frame) -> Detections:
        boxes = [box for box, _ in self._people(frame.number)]
        rows = np.array(boxes, np.float64).reshape(-1, 4)
        return Detections.unlabelled(rows, np.full(len(rows), 0.9))

    def _people(self, number: int) -> Iterator[tuple[tuple[int, int, int, int], tuple[int, int, int]]]:
        for colour, first, last, top, wide in PEOPLE.values():
            if first <= number < last:
                left = 20 + 2 * (number - first)
                yield (left, top, left + wide, top + 48), colour


def colour_encoder() -> Any:
    spec = importlib.util.spec_from_file_location("colours", Path(__file__).parents[1] / "colour_encoder.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.ColourEncoder(space="colours")


def follow(folder: Path, url: str, *, die_after: int = 0) -> None:
    """Follow the people of the street; after so many statements to the database, die."""
    spool = Spool(folder)
    if die_after:
        left = iter(range(die_after))
        spool.connection.set_trace_callback(
            lambda statement: os.kill(os.getpid(), signal.SIGKILL) if next(left, None) is None else None
        )
    street = Street()
    with Sender(folder, Cloud(url, timeout_s=5.0)) as sending:
        Device(colour_encoder(), street, spool, SETTINGS).run(street, "street", start=NOON)
        sending.drain(30.0)
    spool.close()


def main(folder: Path, url: str, seed: int) -> None:
    sender._IDLE_S = sender._FIRST_PAUSE_S = 0.01
    Motion(SETTINGS.tracking)  # its library is loaded here, and not in each of the processes
    rng = random.Random(seed)
    killed = finished = 0
    for attempt in range(400):
        # At first within the making of the spool, then everywhere, by count and by the clock.
        die_after = attempt + 1 if attempt < 20 else rng.randint(40, 160)
        by_clock = attempt >= 20 and attempt % 4 == 3
        child = os.fork()
        if not child:
            follow(folder, url, die_after=10**9 if by_clock else die_after)
            os._exit(0)
        if by_clock:
            time.sleep(rng.uniform(0.0, 0.3))
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            assert os.WTERMSIG(status) == signal.SIGKILL
            killed += 1
        else:
            assert os.WEXITSTATUS(status) == 0
            finished += 1
            break
    print(json.dumps({"killed": killed, "finished": finished}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
