import numpy as np
import pytest

from crossreid.synthesis.foreground import foreground


def test_the_person_stands_out(photo: np.ndarray) -> None:
    mask = foreground(photo)
    assert mask.shape == (280, 140)
    assert mask.dtype == np.float32
    assert mask[75:260, 58:82].mean() > 0.95
    assert mask[:, :10].max() < 0.1
    assert mask[:, -10:].max() < 0.1


def test_where_colours_say_nothing_the_middle_is_the_person() -> None:
    mask = foreground(np.full((280, 140, 3), 128, np.uint8))
    assert mask[140, 70] > 0.5 > mask[140, 5]


@pytest.mark.parametrize("size", [(16, 16), (40, 300), (600, 16)])
def test_any_size_will_do(size: tuple[int, int]) -> None:
    mask = foreground(np.random.default_rng(0).integers(256, size=(*size, 3), dtype=np.uint8))
    assert mask.shape == size
    assert 0.0 <= mask.min() <= mask.max() <= 1.0
