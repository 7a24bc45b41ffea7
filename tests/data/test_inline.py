import base64
import re
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from crossreid.core.html import Html
from crossreid.data.inline import inline_picture


def decoded(element: str) -> Image.Image:
    found = re.fullmatch(r'<img src="data:image/jpeg;base64,([A-Za-z0-9+/=]+)">', element)
    assert found
    return Image.open(BytesIO(base64.b64decode(found.group(1))))


def test_a_picture_is_a_small_copy_in_the_page(tmp_path: Path) -> None:
    red = np.full((512, 256, 3), (200, 30, 10), np.uint8)
    Image.fromarray(red).save(tmp_path / "red.png")
    for picture in (red, tmp_path / "red.png"):
        shown = decoded(inline_picture(picture))
        assert shown.size == (64, 128)
        np.testing.assert_allclose(np.asarray(shown)[60, 30], (200, 30, 10), atol=4)


def test_a_missing_picture_is_words_that_are_no_html(tmp_path: Path) -> None:
    said = inline_picture(tmp_path / "<gone>.jpg")
    assert said == f"no picture at {tmp_path / '<gone>.jpg'}"
    assert not isinstance(said, Html)
