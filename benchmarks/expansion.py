"""Measure how many photographs a second `crossreid expand` turns into sketches and infrared pictures.

Run `python benchmarks/expansion.py`; it prints the rates and writes `benchmarks/results/expansion.json`. Measured are
the generators alone, in processor time of one core, a U-Net of the tiny configuration among them (random weights cost
what trained ones do), and whole expansions of drawn pedestrians of 280 x 140, in wall time, with one process and with
two.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
from harness.measuring import summary

from crossreid.core.modality import Modality
from crossreid.data import load_dataset
from crossreid.synthesis.expansion import expand_dataset
from crossreid.synthesis.infrared import render_photograph
from crossreid.synthesis.pedestrians.dataset import write_world
from crossreid.synthesis.pedestrians.world import World
from crossreid.synthesis.sketch import draw_photograph
from crossreid.synthesis.translators import TranslatorOutline, one_thread, open_translator, save_translator
from crossreid.training.record import write_record

Figures = dict[str, float]
TINY = TranslatorOutline(Modality.SKETCH, height=192, width=96, channels=16, halvings=5)


def rate(work: Callable[[], object], pictures: int, rounds: int, clock: Callable[[], float]) -> Figures:
    """Pictures a second; the first round fills the caches and is not counted."""
    rates = []
    for number in range(rounds + 1):
        start = clock()
        work()
        if number:
            rates.append(pictures / (clock() - start))
    return summary(rates)


def generators(pictures: int, rounds: int, folder: Path) -> dict[str, Figures]:
    photos = [World(0).group("demo", number, 0).rgb() for number in range(pictures)]
    network = open_translator(save_translator(TINY.network(), TINY, folder), "cpu")
    work: dict[str, Callable[[], object]] = {
        "drawn sketch": lambda: [draw_photograph(photo, seed=seed) for seed, photo in enumerate(photos)],
        "rendered infrared": lambda: [
            render_photograph(photo, seed=seed) for seed, photo in enumerate(photos)
        ],
        "tiny U-Net": lambda: [
            network.translate(photos[start : start + 16]) for start in range(0, pictures, 16)
        ],
    }
    with one_thread():
        return {name: rate(done, pictures, rounds, time.process_time) for name, done in work.items()}


def expansions(people: int, rounds: int, folder: Path) -> dict[str, Figures]:
    write_world(
        folder / "world", seed=0, people={"demo": people}, groups_per_person=2, workers=1, progress=False
    )
    photos = load_dataset("pedestrians", folder / "world").of("rgb")
    names = iter(range(1000))

    def expand(workers: int) -> None:
        expand_dataset(photos, folder / f"four-{next(names)}", workers=workers, progress=False)

    return {
        f"{workers} workers": rate(lambda w=workers: expand(w), len(photos), rounds, time.perf_counter)
        for workers in (1, 2)
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "expansion.json")
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = write_record(
            asked.out,
            {
                "rounds": asked.rounds,
                "photographs_an_expansion": 2 * asked.people,
                "cores": len(os.sched_getaffinity(0)),
            },
            seed=0,
            what="photographs of 280 x 140 per second",
            generators_per_second_of_processor_time=generators(min(asked.people, 64), asked.rounds, folder),
            expansions_per_second_of_wall_time=expansions(asked.people, asked.rounds, folder),
        )
    print(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
