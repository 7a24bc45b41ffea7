"""Pictures that differ, and are quickly made."""

import base64
from io import BytesIO

import numpy as np
from PIL import Image


def jpeg(rng: np.random.Generator) -> str:
    """Smooth colours, 140 x 280, in base64."""
    stream = BytesIO()
    coarse = rng.integers(0, 256, (14, 7, 3), dtype=np.uint8)
    Image.fromarray(coarse).resize((140, 280), Image.Resampling.BICUBIC).save(stream, "JPEG", quality=90)
    return base64.b64encode(stream.getvalue()).decode()


def noise(rng: np.random.Generator, side: int) -> str:
    """Of that height, in base64; it does not compress: three bytes a pixel are written."""
    stream = BytesIO()
    Image.fromarray(rng.integers(0, 256, (side, side // 2, 3), dtype=np.uint8)).save(stream, "PNG")
    return base64.b64encode(stream.getvalue()).decode()
