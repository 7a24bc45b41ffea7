from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def encoder(colours: Any) -> Any:
    return colours.ColourEncoder()


@pytest.fixture
def paint(colours: Any) -> Callable[..., Path]:
    """Write pictures: path -> one or two colours, the upper and the lower half."""

    def write(folder: Path, pictures: Mapping[str, str]) -> Path:
        for name, words in pictures.items():
            upper, *lower = [colours.COLOURS[word] for word in words.split()]
            image = np.full((40, 20, 3), upper, np.uint8)
            image[20:] = lower[0] if lower else upper
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            kind = {"jpg": "JPEG", "jpeg": "JPEG"}.get(path.suffix[1:].lower(), path.suffix[1:].upper())
            Image.fromarray(image).save(path, kind)
        return folder

    return write
