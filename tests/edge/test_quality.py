import numpy as np
import pytest

from crossreid.edge.frames import is_grey
from crossreid.edge.quality import crop_quality, sharpness

NOISE = np.random.default_rng(0).integers(0, 256, (128, 64, 3), dtype=np.uint8)
FRAME = (480, 640, 3)
INSIDE = np.array([100.0, 100.0, 164.0, 228.0])


def quality(
    crop: np.ndarray = NOISE, box: np.ndarray = INSIDE, *, score: float = 1.0, hidden: float = 0.0
) -> float:
    return crop_quality(crop, box, frame_shape=FRAME, score=score, hidden=hidden)


def test_each_flaw_takes_its_share() -> None:
    best = quality()
    assert 0.9 < best < 1
    assert quality(score=0.5) == pytest.approx(best / 2)
    assert quality(hidden=0.25) == pytest.approx(best * 3 / 4)
    assert quality(box=INSIDE - [100, 0, 100, 0]) == pytest.approx(best / 2)  # cut off by the border
    assert quality(NOISE[:32]) == pytest.approx(best / 4, rel=0.02)


def test_a_ready_made_crop_fills_its_picture_and_is_not_cut_off() -> None:
    whole = crop_quality(NOISE, np.array([0.0, 0, 64, 128]), frame_shape=NOISE.shape, score=1.0, hidden=0.0)
    assert whole == pytest.approx(quality())


def test_a_blank_picture_shows_nothing() -> None:
    assert quality(np.full((128, 64, 3), 90, np.uint8)) == 0


def test_sharpness_of_a_checkerboard() -> None:
    # The Laplacian of a checkerboard of ± 2.5 is ∓ 20: a variance of 400.
    board = np.where(np.indices((64, 64)).sum(axis=0) % 2, 100, 105).astype(np.uint8)
    assert sharpness(np.repeat(board[..., None], 3, axis=2)) == pytest.approx(400 / (400 + 100), abs=0.01)


def test_grey_frames_are_told_from_coloured_ones() -> None:
    grey = np.repeat(NOISE[..., :1], 3, axis=2)
    assert is_grey(grey)
    assert is_grey(
        np.clip(grey.astype(int) + np.array([0, 1, 2]), 0, 255).astype(np.uint8)
    )  # as JPEG leaves it
    assert not is_grey(NOISE)
