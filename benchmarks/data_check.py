"""Measure how many pictures a second `crossreid data check` opens and hashes, with one process and with two.

Run `python benchmarks/data_check.py`; it prints the rates and writes `benchmarks/results/data_check.json`. The
pictures are drawn pedestrians of 280 x 140, stored as JPEG in a temporary folder, so that they come from the
system's cache, not from a disk.
"""

import json
import os
import platform
import statistics
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from crossreid.data.validation.near_copies import near_copies
from crossreid.data.validation.pictures import scan_pictures
from crossreid.synthesis.pedestrians.attributes import draw_pedestrian
from crossreid.synthesis.pedestrians.rendering import render_rgb
from crossreid.synthesis.pedestrians.shot import draw_shot

DRAWN, LISTED, ROUNDS, HASHES = 200, 6000, 5, 100_000


def processor() -> str:
    """The processor's name where the system tells it."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    return next(
        (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine()
    )


def draw(folder: Path) -> list[Path]:
    """Write some pictures and list them over and over."""
    rng = np.random.default_rng(0)
    for number in range(DRAWN):
        image = render_rgb(draw_pedestrian(rng), draw_shot(rng, camera_id=number % 12))
        cv2.imwrite(str(folder / f"{number:04d}.jpg"), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    files = sorted(folder.iterdir())
    return [files[number % DRAWN] for number in range(LISTED)]


def rates(paths: list[Path], workers: int) -> dict[str, float]:
    """Pictures a second, the start of the processes included."""
    measured = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        scan_pictures(paths, workers=workers, progress=False)
        measured.append(len(paths) / (time.perf_counter() - start))
    return {
        "median": round(statistics.median(measured), 1),
        "min": round(min(measured), 1),
        "max": round(max(measured), 1),
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
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        paths = draw(Path(folder))
        report = {
            "what": "pictures of 280 x 140 opened and hashed per second of wall time",
            "processor": processor(),
            "cores": len(os.sched_getaffinity(0)),
            "python": platform.python_version(),
            "pictures_per_round": LISTED,
            "rounds": ROUNDS,
            "images_per_second": {f"{workers} workers": rates(paths, workers) for workers in (1, 2)},
            "seconds_for_copies_among_100000_hashes": seconds_for_copies(),
        }
    target = Path(__file__).parent / "results" / "data_check.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
