"""Writes the data sets beside it: `python make.py FOLDER`. They are of `datasets` 5.2.0, which is no dependency."""

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
from datasets import (  # pyright: ignore[reportMissingImports]
    ClassLabel,
    Dataset,
    DatasetDict,
    Features,
    Image,
    Value,
)
from PIL import Image as Picture

FEATURES = Features(
    {
        "image": Image(),
        "caption": Value("string"),
        "modality": ClassLabel(names=["rgb", "ir", "sketch", "text"]),
        "person": ClassLabel(names=["adam", "zoe"]),
        "camera": Value("int64"),
        "source": Value("string"),
    }
)


def picture(seed: int) -> dict[str, Any]:
    stream = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(256, size=(6, 4, 3), dtype=np.uint8)
    Picture.fromarray(pixels).save(stream, format="PNG")
    return {"bytes": stream.getvalue(), "path": f"{seed}.png"}


def people(seed: int, person: int) -> Dataset:
    shared = {"person": person, "source": f"g{seed}", "camera": None, "caption": None, "image": None}
    rows = [
        shared | {"image": picture(seed), "modality": 0, "camera": 3},
        shared | {"image": picture(seed + 1), "modality": 2},
        shared | {"caption": "A man, tall.", "modality": 3},
    ]
    return Dataset.from_list(rows, features=FEATURES)


def main(folder: Path) -> None:
    DatasetDict(train=people(0, 1), test=people(10, 0)).save_to_disk(folder / "splits")
    people(0, 1).to_parquet(folder / "people.parquet")
    paths = [
        {"path": "a/1.jpg", "modality": "rgb", "person": "zoe"},
        {"path": "a/2.jpg", "modality": "ir", "person": None},
    ]
    Dataset.from_list(paths * 3).save_to_disk(folder / "paths", num_shards=2)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
