import numpy as np
import pytest

from crossreid.core.errors import CheckpointError
from crossreid.data.preprocessing import CLIP_MEAN, CLIP_STD, Preprocessing


def test_pixels_are_normalised_channel_by_channel() -> None:
    size = Preprocessing(1, 2, mean=(0.5, 0.0, 0.2), std=(0.5, 1.0, 0.1))
    pixels = size.normalise([np.array([[[255, 255, 0], [0, 51, 51]]], dtype=np.uint8)])
    assert pixels.dtype == np.float32
    # Red: half of 1 above and below the mean, in halves; blue: 0 and 0.2 less 0.2, in tenths.
    np.testing.assert_allclose(pixels, [[[[1, -1]], [[1, 0.2]], [[-2, 0]]]], atol=1e-6)


def test_the_default_statistics_are_clips() -> None:
    # Of openai/clip-vit-large-patch14, preprocessor_config.json; Qwen2-VL's are the same.
    assert Preprocessing(2, 1).mean == CLIP_MEAN == (0.48145466, 0.4578275, 0.40821073)
    assert Preprocessing(2, 1).std == CLIP_STD == (0.26862954, 0.26130258, 0.27577711)


def test_no_pictures_make_an_empty_batch() -> None:
    assert Preprocessing(4, 2).normalise([]).shape == (0, 3, 4, 2)


def test_resizing_gives_the_input_size() -> None:
    resized = Preprocessing(28, 14).resize(np.full((100, 30, 3), 7, dtype=np.uint8))
    assert resized.shape == (28, 14, 3)
    assert (resized == 7).all()


def test_what_is_written_is_read_back() -> None:
    size = Preprocessing(336, 196, mean=(0.1, 0.2, 0.3), std=(0.4, 0.5, 0.6))
    assert Preprocessing.from_dict(size.to_dict()) == size


@pytest.mark.parametrize("wrong", [{}, {"height": 1, "width": 2, "mean": None, "std": [1, 1, 1]}])
def test_an_incomplete_record_is_refused(wrong: dict) -> None:
    with pytest.raises(CheckpointError, match="height, width, mean, std"):
        Preprocessing.from_dict(wrong)
