"""Measure how many pictures a second `crossreid data check` opens and hashes, with one process and with two.

Run `python benchmarks/data_check.py`; it prints the rates and writes `benchmarks/results/data_check.json`. The
pictures are drawn pedestrians of 280 x 140, stored as JPEG in a temporary folder, so that they come from the
system's cache, not from a disk. Beside the opening alone, whole checks of a drawn world are timed: reading, counting,
opening, and the search for copies.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from harness.measuring import summary

from crossreid.data.validation import check_dataset
from crossreid.data.validation.near_copies import near_copies
from crossreid.data.validation.pictures import scan_pictures
from crossreid.synthesis.pedestrians.attributes import draw_pedestrian
from crossreid.synthesis.pedestrians.dataset import write_world
from crossreid.synthesis.pedestrians.rendering import render_rgb
from crossreid.synthesis.pedestrians.shot import draw_shot
from crossreid.training.record import write_record

DRAWN, HASHES = 200, 100_000
KINDS = 3  # of pictures, of which a world has one each of every encounter


def draw(folder: Path, listed: int) -> list[Path]:
    """Write some pictures and list them over and over."""
    rng = np.random.default_rng(0)
    for number in range(DRAWN):
        image = render_rgb(draw_pedestrian(rng), draw_shot(rng, camera_id=number % 12))
        cv2.imwrite(str(folder / f"{number:04d}.jpg"), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    files = sorted(folder.iterdir())
    return [files[number % DRAWN] for number in range(listed)]


def rates(work: Callable[[], object], pictures: int, rounds: int) -> dict[str, float]:
    """Pictures a second of wall time, the start of the processes included."""
    measured = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        measured.append(pictures / (time.perf_counter() - start))
    return summary(measured)


def opening(folder: Path, listed: int, rounds: int) -> dict[str, dict[str, float]]:
    folder.mkdir()
    paths = draw(folder, listed)
    return {
        f"{workers} workers": rates(
            partial(scan_pictures, paths, workers=workers, progress=False), listed, rounds
        )
        for workers in (1, 2)
    }


def checking(folder: Path, listed: int, rounds: int) -> dict[str, dict[str, float]]:
    """Of as many pictures, none twice."""
    people = {"train": -(-listed // (2 * KINDS))}
    write_world(folder, seed=0, people=people, groups_per_person=2, workers=2, progress=False)
    count = 2 * KINDS * people["train"]
    return {
        f"{workers} workers": rates(
            partial(check_dataset, "pedestrians", folder, workers=workers), count, rounds
        )
        for workers in (1, 2)
    }


def seconds_for_copies() -> float:
    """Time to search random hashes, a tenth of them close to others, for near copies."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 2**63, HASHES, dtype=np.uint64)
    codes[: HASHES // 10] = codes[-(HASHES // 10) :] ^ np.uint64(1 << 17)
    thumbnails = rng.integers(0, 256, (HASHES, 128), dtype=np.uint8)
    start = time.perf_counter()
    near_copies(codes, thumbnails)
    return round(time.perf_counter() - start, 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=6000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "data_check.json")
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        path = write_record(
            asked.out,
            {
                "pictures_per_round": asked.pictures,
                "rounds": asked.rounds,
                "cores": len(os.sched_getaffinity(0)),
            },
            seed=0,
            what="pictures of 280 x 140 per second of wall time",
            opened_and_hashed_per_second=opening(Path(folder) / "pictures", asked.pictures, asked.rounds),
            checked_per_second=checking(Path(folder) / "world", asked.pictures, asked.rounds),
            seconds_for_copies_among_100000_hashes=seconds_for_copies(),
        )
    print(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
