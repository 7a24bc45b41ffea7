"""Put a calibration beside the weights of the package, so that `crossreid search --fpir` works on a new gallery.

python tools/ship_calibration.py tiny-edge tiny-cloud

Thresholds and probabilities are learnt from validation people of the procedural world, whom no pretraining has seen.
`tools/ship_weights.py` does the same for the weights that it ships: new weights need new thresholds.
"""

import argparse
import hashlib
import tempfile
from pathlib import Path

from crossreid.core.encoder import Encoder
from crossreid.data.dataset import Dataset
from crossreid.data.loading import load_dataset
from crossreid.evaluation.calibration import calibrate
from crossreid.evaluation.calibration_file import CALIBRATIONS, write_calibrations
from crossreid.models.loading import load_encoder
from crossreid.models.shipped import SHIPPED, shipped_folder
from crossreid.synthesis.pedestrians.dataset import write_world

SUMS = "SHA256SUMS"
WORLD, PEOPLE, ENCOUNTERS = 0, 300, 4
"""1,200 searches for absent people of each kind of evidence: enough for a false-positive rate of 0.1 %."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", choices=SHIPPED, nargs="+")
    with tempfile.TemporaryDirectory() as folder:
        people = draw_people(Path(folder))
        for name in parser.parse_args().names:
            print(f"{ship_calibration(shipped_folder(name), people)} is written")


def draw_people(folder: Path, *, people: int = PEOPLE, encounters: int = ENCOUNTERS) -> Dataset:
    write_world(
        folder, seed=WORLD, people={"validation": people}, groups_per_person=encounters, progress=False
    )
    return load_dataset("pedestrians", folder, "validation")


def ship_calibration(folder: Path, people: Dataset) -> Path:
    """Of the model in a folder, which receives the file and its hash."""
    encoder: Encoder = load_encoder(folder)
    seen = encoder.encode(people.samples)
    learnt = calibrate(seen, data=f"validation people of the procedural world {WORLD}")
    path = write_calibrations(folder / CALIBRATIONS, [learnt])
    path.chmod(0o644)
    write_sums(folder)
    return path


def write_sums(folder: Path) -> None:
    """The hash of every file beside it and below."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != SUMS)
    lines = (
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}\n"
        for path in files
    )
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
