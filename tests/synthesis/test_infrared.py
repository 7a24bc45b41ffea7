import cv2
import numpy as np
import pytest

from crossreid.synthesis.infrared import render_photograph

HEAD, COAT, WALL = (
    (slice(36, 58), slice(60, 80)),
    (slice(75, 150), slice(56, 84)),
    (slice(60, 260), slice(3, 25)),
)


def test_the_channels_are_equal(photo: np.ndarray) -> None:
    picture = render_photograph(photo)
    assert picture.shape == photo.shape
    assert picture.dtype == np.uint8
    assert np.ptp(picture.astype(int), axis=2).max() == 0


def test_skin_is_warmest_and_the_surroundings_are_coolest(photo: np.ndarray) -> None:
    picture = render_photograph(photo)[..., 0].astype(float)
    head, coat, wall = (picture[place].mean() for place in (HEAD, COAT, WALL))
    assert head > coat + 40
    assert coat > wall + 25


def test_faces_of_a_few_pixels_are_warm_too(photo: np.ndarray) -> None:
    small = cv2.resize(photo, (35, 70), interpolation=cv2.INTER_AREA)
    picture = render_photograph(small)[..., 0].astype(float)
    assert picture[10:14, 16:19].mean() > picture[20:37, 14:21].mean() + 60


@pytest.mark.parametrize("skin", [(250, 224, 210), (202, 152, 114), (146, 98, 66), (82, 54, 42)])
def test_skin_of_any_tone_is_warmer_than_cloth_of_its_lightness(
    photo: np.ndarray, skin: tuple[int, int, int]
) -> None:
    grey = int(np.dot(skin, (0.299, 0.587, 0.114)))
    bare, clothed = photo.copy(), photo.copy()
    bare[30:62, 56:84], clothed[30:62, 56:84] = skin, grey
    # Against the coat, as the exposure follows the warmest of each picture.
    warm, cool = (seen[HEAD].mean() / seen[COAT].mean() for seen in map(render_photograph, (bare, clothed)))
    assert warm > 1.1 * cool


def test_a_pattern_of_colours_fades(photo: np.ndarray) -> None:
    striped = photo.copy()
    for top in range(62, 160, 8):
        striped[top : top + 4, 46:94] = (170, 70, 40)
    seen = render_photograph(striped)[75:150, 56:84, 0].astype(float)
    luma = cv2.cvtColor(striped, cv2.COLOR_RGB2GRAY)[75:150, 56:84].astype(float)
    assert seen.mean(axis=1).std() < luma.mean(axis=1).std()


def test_the_same_seed_gives_the_same_picture_and_another_another(photo: np.ndarray) -> None:
    assert np.array_equal(render_photograph(photo, seed=4), render_photograph(photo, seed=4))
    assert not np.array_equal(render_photograph(photo, seed=4), render_photograph(photo, seed=5))


@pytest.mark.parametrize("size", [(16, 16), (96, 48), (700, 350)])
def test_it_keeps_the_size(size: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).integers(256, size=(*size, 3), dtype=np.uint8)
    assert render_photograph(picture).shape == picture.shape
