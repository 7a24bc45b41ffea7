"""Measure how many pictures a second one core draws, for each modality and over all three.

Run `python benchmarks/rendering.py`; it prints the rates and writes `benchmarks/results/rendering.json`.
"""

import argparse
import time
from pathlib import Path

import cv2
import numpy as np
from harness.measuring import summary

from crossreid.synthesis.pedestrians.attributes import draw_pedestrian
from crossreid.synthesis.pedestrians.rendering import render_infrared, render_rgb, render_sketch
from crossreid.synthesis.pedestrians.shot import draw_shot
from crossreid.training.record import write_record

RESULTS = Path(__file__).parent / "results" / "rendering.json"
PEOPLE, ROUNDS = 150, 7
RENDERERS = {"rgb": render_rgb, "ir": render_infrared, "sketch": render_sketch}


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
    figures = {name: summary(of_rounds) for name, of_rounds in rates.items()}
    write_record(
        RESULTS,
        {"pictures_per_round": PEOPLE, "rounds": ROUNDS},
        seed=0,
        what="pictures of 280 x 140 per second of processor time on one core, JPEG degradation included",
        images_per_second=figures,
    )
    for name, rate in figures.items():
        print(f"{name}: {rate['median']:,.0f} pictures/s ({rate['min']:,.0f} to {rate['max']:,.0f})")


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    main()
