import cv2
import numpy as np
import pytest

from crossreid.synthesis.sketch import draw_photograph


def test_it_is_grey_on_pale_paper(photo: np.ndarray) -> None:
    drawing = draw_photograph(photo)
    assert drawing.shape == photo.shape
    assert drawing.dtype == np.uint8
    assert np.ptp(drawing.astype(int), axis=2).max() == 0
    assert np.median(drawing) > 220


def test_ink_is_where_the_edges_are(photo: np.ndarray) -> None:
    ink = 255 - draw_photograph(photo)[..., 0].astype(float)
    hem, beside, wall = ink[157:164, 56:84], ink[200:230, 60:80], ink[60:260, 5:25]
    assert hem.max(axis=0).mean() > 110
    assert hem.max(axis=0).mean() > 1.5 * beside.mean()
    assert wall.mean() < 25


@pytest.mark.parametrize("height", [64, 128])
def test_small_photographs_get_lines_as_well(photo: np.ndarray, height: int) -> None:
    small = cv2.resize(photo, (height // 2, height), interpolation=cv2.INTER_AREA)
    ink = 255 - draw_photograph(small)[..., 0].astype(float)
    hem = ink[round(0.535 * height) : round(0.61 * height), height // 5 : height // 4 + 2]
    assert hem.max(axis=0).mean() > 120
    assert ink[height // 5 :, 2 : height // 11].mean() < 25


def test_a_boundary_of_hue_alone_is_drawn_too() -> None:
    picture = np.full((280, 140, 3), 120, np.uint8)
    picture[60:260, 45:95] = (200, 60, 60)
    picture[150:260, 45:95] = (41, 130, 41)  # as light as the red above it
    ink = 255 - draw_photograph(picture)[..., 0].astype(float)
    assert ink[146:155, 60:80].max(axis=0).mean() > ink[100:135, 60:80].mean() + 40


def test_dark_cloth_is_hatched_and_pale_cloth_is_left_blank(photo: np.ndarray) -> None:
    pale = photo.copy()
    pale[170:260, 56:84] = 235
    dark, blank = (255 - draw_photograph(picture)[180:250, 62:78].astype(float) for picture in (photo, pale))
    assert dark.mean() > blank.mean() + 25
    assert dark.std() > 3 * blank.std()


def test_noise_is_not_drawn() -> None:
    rng = np.random.default_rng(0)
    wall = np.clip(170 + rng.normal(0, 6, (280, 140, 3)), 0, 255).astype(np.uint8)
    assert (draw_photograph(wall)[..., 0] < 200).mean() < 0.01


def test_the_same_seed_gives_the_same_drawing_and_another_another(photo: np.ndarray) -> None:
    assert np.array_equal(draw_photograph(photo, seed=4), draw_photograph(photo, seed=4))
    assert not np.array_equal(draw_photograph(photo, seed=4), draw_photograph(photo, seed=5))


@pytest.mark.parametrize("size", [(16, 16), (96, 48), (700, 350)])
def test_it_keeps_the_size(size: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).integers(256, size=(*size, 3), dtype=np.uint8)
    assert draw_photograph(picture).shape == picture.shape
