import numpy as np
import pytest

from crossreid.edge.boxes import covered, keep_strongest, overlaps

A, B = [0.0, 0.0, 10.0, 10.0], [5.0, 0.0, 15.0, 10.0]


def test_overlap_is_intersection_over_union() -> None:
    found = overlaps(np.array([A]), np.array([A, B, [20.0, 0.0, 30.0, 10.0], [3.0, 3.0, 3.0, 3.0]]))
    np.testing.assert_allclose(found, [[1, 50 / 150, 0, 0]])


def test_nobody_overlaps_nobody() -> None:
    assert overlaps(np.zeros((0, 4)), np.array([A])).shape == (0, 1)
    assert covered(np.zeros((0, 4))).shape == (0,)


def test_who_reaches_lower_stands_nearer_and_hides_the_other() -> None:
    near = [5.0, 5.0, 15.0, 20.0]
    np.testing.assert_allclose(covered(np.array([A, near])), [0.25, 0])


@pytest.mark.parametrize(("limit", "kept"), [(0.3, [1, 2]), (0.4, [1, 0, 2])])
def test_of_boxes_of_one_person_the_strongest_stays(limit: float, kept: list[int]) -> None:
    boxes = np.array([A, B, [20.0, 0.0, 30.0, 10.0]])
    assert keep_strongest(boxes, np.array([0.8, 0.9, 0.2]), most_overlap=limit).tolist() == kept
