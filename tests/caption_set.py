"""Drawn people in the layout of Flickr30k or MSCOCO: a photograph each, five witnesses and one too many."""

import json
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from crossreid.synthesis.pedestrians.captions import write_caption
from crossreid.synthesis.pedestrians.world import World

CAPTIONS = 5
HEIGHT, WIDTH = 84, 56


def write_caption_set(
    root: Path,
    *,
    pictures: dict[str, int],
    style: Literal["flickr30k", "mscoco"] = "flickr30k",
    seed: int = 0,
) -> Path:
    """Write `pictures` of each split; every third picture of MSCOCO has a sixth caption, as some of its have.

    File names fall while the list goes on: an order by name is not the order of the data.
    """
    world, entries, number = World(seed), [], 0
    for split, count in pictures.items():
        for _ in range(count):
            group = world.group("train", number, 0)
            filepath = "val2014" if style == "mscoco" else ""
            place = root / (filepath or "flickr30k-images") / f"{9999 - number:04d}.jpg"
            place.parent.mkdir(parents=True, exist_ok=True)
            image = cv2.cvtColor(group.rgb(height=HEIGHT, width=WIDTH), cv2.COLOR_RGB2BGR)
            assert cv2.imwrite(str(place), image)
            told = CAPTIONS + (style == "mscoco" and number % 3 == 0)
            words = [
                write_caption(group.person, group.shot.view, np.random.default_rng([seed, number, witness]))
                for witness in range(told)
            ]
            entry = {"split": split, "filename": place.name, "sentences": [{"raw": each} for each in words]}
            entries.append(entry | ({"filepath": filepath} if filepath else {}))
            number += 1
    name = "dataset_coco.json" if style == "mscoco" else "dataset_flickr30k.json"
    (root / name).write_text(json.dumps({"images": entries}))
    return root
