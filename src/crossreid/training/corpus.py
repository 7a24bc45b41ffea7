"""What the small backbones are pretrained on: photographs of people and drawings of things, each with captions."""

import json
import re
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from crossreid.data.preprocessing import Preprocessing
from crossreid.synthesis.pedestrians.attributes import attribute_labels
from crossreid.synthesis.pedestrians.captions import write_caption
from crossreid.synthesis.pedestrians.world import World
from crossreid.synthesis.things import draw_thing
from crossreid.training.progress import step_progress

CAPTIONS_PER_PHOTOGRAPH = 3

_PER_TASK = 100
_FORMAT = 1  # of the folder; raised when the same settings give other content
_PHOTOGRAPHS, _DRAWINGS, _CONTENT = "photographs.npy", "drawings.npy", "content.json"


@dataclass(frozen=True, slots=True)
class Corpus:
    """Pictures with captions. Nobody is photographed twice.

    Args:
        photographs: uint8 [people, height, width, 3]; memory-mapped.
        captions: of each photograph, `CAPTIONS_PER_PHOTOGRAPH`.
        attributes: int64 [people, attributes].
        drawings: uint8 [drawings, height, width, 3]; memory-mapped.
        titles: one caption a drawing.
    """

    photographs: np.ndarray
    captions: list[list[str]]
    attributes: np.ndarray
    drawings: np.ndarray
    titles: list[str]


def open_corpus(
    folder: Path,
    world: World,
    preprocessing: Preprocessing,
    *,
    photographs: int,
    drawings: int,
    workers: int,
    quiet: bool,
) -> Corpus:
    """Draw the corpus into `folder`, or open the one that an earlier call left there.

    A larger corpus of the same world and picture size serves its first pictures.
    """
    size = [preprocessing.height, preprocessing.width]
    wanted = {"format": _FORMAT, "seed": world.seed, "style": world.style, "size": size}
    record = folder / _CONTENT
    content = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
    kept = (
        content.get("made") == wanted
        and len(content["captions"]) >= photographs
        and len(content["titles"]) >= drawings
    )
    if not kept:
        folder.mkdir(parents=True, exist_ok=True)
        record.unlink(missing_ok=True)
        captions = _draw_all(
            folder / _PHOTOGRAPHS, _Photographer(world, preprocessing), photographs, workers, quiet=quiet
        )
        titles = _draw_all(
            folder / _DRAWINGS, _Draughtsman(world.seed, preprocessing), drawings, workers, quiet=quiet
        )
        content = {"made": wanted, "captions": captions, "titles": titles}
        record.write_text(json.dumps(content), encoding="utf-8")
    labels = [attribute_labels(world.person("pretrain", person)) for person in range(photographs)]
    return Corpus(
        photographs=np.load(folder / _PHOTOGRAPHS, mmap_mode="r")[:photographs],
        captions=content["captions"][:photographs],
        attributes=np.array(labels),
        drawings=np.load(folder / _DRAWINGS, mmap_mode="r")[:drawings],
        titles=content["titles"][:drawings],
    )


@dataclass(frozen=True, slots=True)
class _Photographer:
    world: World
    preprocessing: Preprocessing

    def __call__(self, index: int) -> tuple[np.ndarray, list[str]]:
        group = self.world.group("pretrain", index, 0)
        rng = np.random.default_rng([self.world.seed, 0xCA9, index])
        captions = [write_caption(group.person, group.shot.view, rng) for _ in range(CAPTIONS_PER_PHOTOGRAPH)]
        return self.preprocessing.resize(group.rgb()), [shortened(caption, rng) for caption in captions]


@dataclass(frozen=True, slots=True)
class _Draughtsman:
    seed: int
    preprocessing: Preprocessing

    def __call__(self, index: int) -> tuple[np.ndarray, str]:
        rng = np.random.default_rng([self.seed, 0xD2A3, index])
        drawing = draw_thing(rng, height=self.preprocessing.height, width=self.preprocessing.width)
        return drawing.pixels, drawing.caption


def shortened(caption: str, rng: np.random.Generator) -> str:
    """Half of the captions as they are, of the others the first sentence: captions of the web are short."""
    return caption if rng.random() < 0.5 else re.split(r"(?<=\.) ", caption, maxsplit=1)[0]


def _draw_all(
    path: Path, draw: _Photographer | _Draughtsman, count: int, workers: int, *, quiet: bool
) -> list:
    shape = (count, draw.preprocessing.height, draw.preprocessing.width, 3)
    np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape).flush()
    starts = range(0, count, _PER_TASK)
    words: dict[int, list] = {}
    # Spawned, not forked: the caller may hold threads and an accelerator.
    with (
        ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool,
        step_progress(f"drawing {path.stem}", total=len(starts), quiet=quiet) as advance,
    ):
        coming = {pool.submit(_fill, path, draw, start): start for start in starts}
        for future in as_completed(coming):
            words[coming[future]] = future.result()
            advance(0.0)
    return [one for start in starts for one in words[start]]


def _fill(path: Path, draw: _Photographer | _Draughtsman, start: int) -> list:
    """Fill some rows of the file; return their captions."""
    pixels = np.load(path, mmap_mode="r+")
    captions = []
    for row in range(start, min(start + _PER_TASK, len(pixels))):
        pixels[row], caption = draw(row)
        captions.append(caption)
    return captions
