"""Pictures and words of pretraining people, made once, kept on disk and read again every epoch."""

import json
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from crossreid.data.preprocessing import Preprocessing
from crossreid.synthesis.pedestrians.attributes import attribute_labels
from crossreid.synthesis.pedestrians.captions import write_caption
from crossreid.synthesis.pedestrians.world import World
from crossreid.training.batches import PICTURES
from crossreid.training.progress import step_progress

WITNESSES = 2
"""How many describe each encounter."""

_PEOPLE_PER_TASK = 50


@dataclass(frozen=True, slots=True)
class PictureStore:
    """What is known of some people of a world's pretraining split.

    Args:
        pixels: uint8 [people, encounters, kinds, height, width, 3], kinds in the order of `PICTURES`; on disk.
        captions: of each person, encounter and witness.
        attributes: int64 [people, attributes].
    """

    pixels: np.ndarray
    captions: list[list[list[str]]]
    attributes: np.ndarray


def open_picture_store(
    folder: Path,
    world: World,
    preprocessing: Preprocessing,
    *,
    people: int,
    encounters: int,
    workers: int,
    quiet: bool,
) -> PictureStore:
    """Fill `folder`, or open what an earlier call put there; of a store with more people, the first are taken."""
    shape = (people, encounters, len(PICTURES), preprocessing.height, preprocessing.width, 3)
    path, record = folder / "pictures.npy", folder / "people.json"
    claimed = {"seed": world.seed, "people": people, "shape": list(shape[1:])}
    known = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
    if not path.exists() or not _covers(known.get("drawn", {}), claimed):
        folder.mkdir(parents=True, exist_ok=True)
        record.unlink(missing_ok=True)
        np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape).flush()
        captions = _draw_all(path, world, preprocessing, people, workers, quiet=quiet)
        known = {"drawn": claimed, "captions": captions}
        record.write_text(json.dumps(known), encoding="utf-8")
    labels = [attribute_labels(world.person("pretrain", person)) for person in range(people)]
    return PictureStore(np.load(path, mmap_mode="r")[:people], known["captions"][:people], np.array(labels))


def _covers(drawn: dict, claimed: dict) -> bool:
    """A person's pictures depend on the seed and the person alone."""
    same = all(drawn.get(key) == claimed[key] for key in ("seed", "shape"))
    return same and drawn["people"] >= claimed["people"]


def _draw_all(
    path: Path, world: World, preprocessing: Preprocessing, people: int, workers: int, *, quiet: bool
) -> list[list[list[str]]]:
    captions: dict[int, list[list[list[str]]]] = {}
    starts = range(0, people, _PEOPLE_PER_TASK)
    # Spawned, not forked: the caller may hold threads and an accelerator.
    with (
        ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool,
        step_progress("drawing people", total=len(starts), quiet=quiet) as advance,
    ):
        coming = {pool.submit(_draw, path, world, preprocessing, start): start for start in starts}
        for future in as_completed(coming):
            captions[coming[future]] = future.result()
            advance(0.0)
    return [person for start in starts for person in captions[start]]


def _draw(path: Path, world: World, preprocessing: Preprocessing, start: int) -> list[list[list[str]]]:
    """Fill the rows of some people; returns their captions."""
    pixels = np.load(path, mmap_mode="r+")
    people = range(start, min(start + _PEOPLE_PER_TASK, len(pixels)))
    return [_draw_person(pixels[person], world, preprocessing, person) for person in people]


def _draw_person(
    rows: np.ndarray, world: World, preprocessing: Preprocessing, person: int
) -> list[list[str]]:
    captions = []
    for encounter, row in enumerate(rows):
        group = world.group("pretrain", person, encounter)
        for kind, draw in enumerate((group.rgb, group.infrared, group.sketch)):
            row[kind] = preprocessing.resize(draw())
        rng = np.random.default_rng([world.seed, 0xCA9, person, encounter])
        captions.append([write_caption(group.person, group.shot.view, rng) for _ in range(WITNESSES)])
    return captions
