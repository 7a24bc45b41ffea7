"""Pictures inside an HTML page, as data URLs."""

import base64
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from crossreid.core.errors import DataError
from crossreid.core.html import Html
from crossreid.data.images import decode_image, resize_image

_HEIGHT = 128
"""Of a picture on the page, in pixels."""


def inline_picture(picture: np.ndarray | Path) -> Html | str:
    """Return an `img` element of a small copy of the picture; words where its file cannot be read.

    Args:
        picture: uint8 [height, width, 3], RGB, or its file.
    """
    try:
        pixels = picture if isinstance(picture, np.ndarray) else decode_image(picture, size_hint=(_HEIGHT, 1))
    except DataError:
        return f"no picture at {picture}"
    height, width, _ = pixels.shape
    small = resize_image(pixels, _HEIGHT, max(1, round(_HEIGHT * width / height)))
    stream = BytesIO()
    Image.fromarray(small).save(stream, "JPEG", quality=85)
    return Html(f'<img src="data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode()}">')
