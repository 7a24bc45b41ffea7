import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from crossreid.data.images import decode_image
from crossreid.data.validation.appearance import appearance
from crossreid.data.validation.near_copies import TOLERANCE, near_copies, near_pairs


def photograph(seed: int, height: int = 128, width: int = 64) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 6, 3), dtype=np.uint8)
    return np.clip(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), 0, 255)


def test_another_size_and_quality_of_a_picture_is_a_near_copy() -> None:
    original = photograph(0)
    smaller = cv2.cvtColor(cv2.resize(original, (48, 100)), cv2.COLOR_RGB2BGR)
    _, encoded = cv2.imencode(".jpg", smaller, [cv2.IMWRITE_JPEG_QUALITY, 60])
    seen = [appearance(image) for image in (original, decode_image(encoded.tobytes()), photograph(1))]
    codes = np.array([one.code for one in seen], np.uint64)
    (cluster,) = near_copies(codes, np.stack([one.thumbnail for one in seen]))
    assert cluster.tolist() == [0, 1]


def test_a_picture_of_one_tone_is_blank_and_no_other() -> None:
    assert appearance(np.full((40, 20, 3), 90, np.uint8)).blank
    assert not appearance(photograph(0)).blank


def test_equal_hashes_with_unlike_thumbnails_are_no_copies() -> None:
    rng = np.random.default_rng(0)
    assert not near_copies(np.zeros(2, np.uint64), rng.integers(0, 256, (2, 128), dtype=np.uint8))


def test_copies_of_copies_are_one_cluster() -> None:
    codes = np.array([0b1111, 0, 2**63, 0b11111111], np.uint64)
    thumbnails = np.tile(np.arange(128, dtype=np.uint8), (4, 1))
    assert [cluster.tolist() for cluster in near_copies(codes, thumbnails)] == [[0, 1, 2, 3]]


def test_hundreds_of_equal_pictures_are_one_cluster() -> None:
    thumbnails = np.tile(np.arange(128, dtype=np.uint8), (300, 1))
    (cluster,) = near_copies(np.full(300, 7, np.uint64), thumbnails)
    assert len(cluster) == 300


def test_nothing_and_one_picture_have_no_pairs() -> None:
    for count in (0, 1):
        assert near_pairs(np.zeros(count, np.uint64)).shape == (0, 2)


@given(
    st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=6),
    st.lists(st.sets(st.integers(0, 63), max_size=6), min_size=1, max_size=6),
)
def test_all_pairs_within_the_tolerance_are_found_and_no_others(
    codes: list[int], changes: list[set[int]]
) -> None:
    changed = [code ^ sum(1 << bit for bit in bits) for code in codes for bits in changes]
    everything = np.array(changed[:40], np.uint64)
    expected = {
        (one, other)
        for one in range(len(everything))
        for other in range(one + 1, len(everything))
        if (int(everything[one]) ^ int(everything[other])).bit_count() <= TOLERANCE
    }
    assert set(map(tuple, near_pairs(everything).tolist())) == expected
