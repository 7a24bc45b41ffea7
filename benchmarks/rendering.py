"""Measure how many pictures a second one core draws, for each modality and over all three.

Run `python benchmarks/rendering.py`; it prints the rates and writes `benchmarks/results/rendering.json`.
"""

import json
import platform
import statistics
import time
from pathlib import Path

import cv2
import numpy as np

from crossreid.synthesis.pedestrians.attributes import draw_pedestrian
from crossreid.synthesis.pedestrians.rendering import render_infrared, render_rgb, render_sketch
from crossreid.synthesis.pedestrians.shot import draw_shot

PEOPLE, ROUNDS = 150, 7
RENDERERS = {"rgb": render_rgb, "ir": render_infrared, "sketch": render_sketch}


def processor() -> str:
    """The processor's name where the system tells it."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    return next(
        (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine()
    )


def main() -> None:
    """Draw the same people and shots several times; the first round fills the caches and is not counted."""
    cv2.setNumThreads(1)
    rng = np.random.default_rng(0)
    shots = [(draw_pedestrian(rng), draw_shot(rng, camera_id=i % 12)) for i in range(PEOPLE)]
    rates: dict[str, list[float]] = {name: [] for name in (*RENDERERS, "all")}
    for number in range(ROUNDS + 1):
        seconds = {}
        for name, render in RENDERERS.items():
            # Processor time: other work on the machine is not the renderer's.
            start = time.process_time()
            for person, shot in shots:
                render(person, shot)
            seconds[name] = time.process_time() - start
        if number:
            for name, taken in seconds.items():
                rates[name].append(PEOPLE / taken)
            rates["all"].append(3 * PEOPLE / sum(seconds.values()))
    report = {
        "what": "pictures of 280 x 140 per second of processor time on one core, JPEG degradation included",
        "processor": processor(),
        "python": platform.python_version(),
        "pictures_per_round": PEOPLE,
        "rounds": ROUNDS,
        "images_per_second": {
            name: {"median": round(statistics.median(r), 1), "min": round(min(r), 1), "max": round(max(r), 1)}
            for name, r in rates.items()
        },
    }
    target = Path(__file__).parent / "results" / "rendering.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
