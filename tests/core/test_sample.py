from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import pytest

from crossreid.core.errors import DataError
from crossreid.core.modality import Modality
from crossreid.core.sample import UNKNOWN, Sample

PICTURE = np.zeros((4, 2, 3), dtype=np.uint8)


def test_an_image_of_an_unknown_person():
    sample = Sample(Modality.SKETCH, path=Path("drawn/1.png"))
    assert (sample.person_id, sample.camera_id, sample.source_id) == (UNKNOWN, UNKNOWN, "")
    assert sample.item_id == str(Path("drawn/1.png"))


def test_a_caption_names_itself():
    assert Sample(Modality.TEXT, caption="a red coat").item_id == "a red coat"


def test_a_given_name_stays():
    assert Sample(Modality.TEXT, caption="a red coat", item_id="7").item_id == "7"


def test_a_sample_does_not_change():
    with pytest.raises(FrozenInstanceError):
        Sample(Modality.RGB, image=PICTURE).person_id = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"modality": Modality.RGB}, r"a sample with no content; expected one of path, caption, image"),
        ({"modality": Modality.RGB, "path": Path("a.jpg"), "image": PICTURE}, r"\['path', 'image'\]"),
        ({"modality": Modality.RGB, "caption": "a red coat"}, r"a rgb sample made of a caption"),
        ({"modality": Modality.TEXT, "path": Path("a.jpg")}, r"a text sample made of a path"),
        ({"modality": Modality.TEXT, "image": PICTURE}, r"a text sample made of a image"),
        ({"modality": Modality.TEXT, "caption": " \n"}, r"an empty caption"),
        ({"modality": Modality.IR, "image": PICTURE.astype(np.float32)}, r"an image of float32"),
        ({"modality": Modality.IR, "image": PICTURE[..., 0]}, r"\(4, 2\); expected uint8"),
        ({"modality": Modality.IR, "image": PICTURE[..., :1]}, r"\(4, 2, 1\); expected uint8"),
    ],
)
def test_content_and_modality_must_fit(arguments, message):
    with pytest.raises(DataError, match=message):
        Sample(**arguments)


@pytest.mark.parametrize(
    ("sample", "printed"),
    [
        (
            Sample(Modality.RGB, 3, path=Path("a.jpg"), camera_id=1),
            "Sample(rgb, 'a.jpg', person 3, camera 1)",
        ),
        (Sample(Modality.IR, image=np.zeros((60, 30, 3), np.uint8)), "Sample(ir, 60 x 30 px)"),
        (Sample(Modality.TEXT, caption="coat " * 40), f"Sample(text, '{('coat ' * 40)[:77]}...')"),
    ],
)
def test_what_is_printed_is_short(sample, printed):
    assert repr(sample) == printed
