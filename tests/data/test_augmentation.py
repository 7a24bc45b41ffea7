from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossreid.data.augmentation import Augmentation

NOTHING = {"flip": 0.0, "padding": 0, "erase": 0.0}


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, size=(height, width, 3), dtype=np.uint8)


@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    padding=st.integers(0, 8),
    flip=st.sampled_from([0.0, 0.5, 1.0]),
    erase=st.sampled_from([0.0, 1.0]),
    seed=st.integers(0, 1000),
)
def test_shape_stays_and_the_input_is_left_alone(
    height: int, width: int, padding: int, flip: float, erase: float, seed: int
) -> None:
    image = picture(height, width)
    kept = image.copy()
    image.flags.writeable = False
    changed = Augmentation(flip=flip, padding=padding, erase=erase)(image, np.random.default_rng(seed))
    assert changed.shape == image.shape
    assert changed.dtype == np.uint8
    assert changed.flags.c_contiguous
    assert np.array_equal(image, kept)


def test_with_nothing_switched_on_the_picture_comes_back() -> None:
    image = picture(20, 10)
    assert np.array_equal(Augmentation(**NOTHING)(image, np.random.default_rng(0)), image)


def test_a_flip_is_horizontal() -> None:
    image = picture(20, 10)
    flipped = Augmentation(flip=1.0, padding=0, erase=0.0)(image, np.random.default_rng(0))
    assert np.array_equal(flipped, image[:, ::-1])


def test_a_shift_stays_within_the_padding_and_repeats_the_edge() -> None:
    # Grey levels count rows and columns, so that a shifted pixel says where it came from.
    rows, columns = np.mgrid[0:20, 0:10]
    image = np.stack([rows, columns, rows], axis=-1).astype(np.uint8)
    shifts = set()
    for seed in range(60):
        moved = Augmentation(flip=0.0, padding=2, erase=0.0)(image, np.random.default_rng(seed)).astype(int)
        down, right = moved[10, 5, 0] - 10, moved[10, 5, 1] - 5
        assert np.array_equal(moved[..., 0], np.clip(rows + down, 0, 19))
        assert np.array_equal(moved[..., 1], np.clip(columns + right, 0, 9))
        shifts.add((int(down), int(right)))
    assert {down for down, _ in shifts} == {right for _, right in shifts} == {-2, -1, 0, 1, 2}


@pytest.mark.parametrize("share", [0.02, 0.2])
def test_an_erased_rectangle_has_its_area_and_the_mean_colour(share: float) -> None:
    image = picture(100, 60)
    augmentation = Augmentation(flip=0.0, padding=0, erase=1.0, erased_share=(share, share))
    mean = image.reshape(-1, 3).mean(axis=0).astype(np.uint8)
    for seed in range(20):
        erased = augmentation(image, np.random.default_rng(seed))
        changed = (erased != image).any(axis=-1)
        top, bottom = np.flatnonzero(changed.any(axis=1))[[0, -1]]
        left, right = np.flatnonzero(changed.any(axis=0))[[0, -1]]
        assert (erased[top : bottom + 1, left : right + 1] == mean).all()
        area = (bottom - top + 1) * (right - left + 1)
        assert share * 6000 * 0.8 <= area <= share * 6000 + 1


def test_chances_are_kept() -> None:
    image = picture(20, 10)
    rng = np.random.default_rng(0)
    augmentation = Augmentation(flip=0.25, padding=0, erase=0.0)
    flipped = sum(not np.array_equal(augmentation(image, rng), image) for _ in range(800))
    assert 150 < flipped < 250  # 200 expected, standard deviation 12


def test_the_generator_decides_everything() -> None:
    image = picture(40, 20)
    augmentation = Augmentation(flip=0.5, padding=3, erase=0.5)
    first, again = (
        [augmentation(image, rng) for _ in range(5)]
        for rng in (np.random.default_rng(7), np.random.default_rng(7))
    )
    assert all(np.array_equal(one, other) for one, other in zip(first, again, strict=True))


def test_a_vertical_flip_turns_upside_down() -> None:
    image = picture(4, 3)
    settings: Any = NOTHING | {"vertical_flip": 1.0}
    turned = Augmentation(**settings)(image, np.random.default_rng(0))
    np.testing.assert_array_equal(turned, image[::-1])
