from dataclasses import replace

import numpy as np
import pytest

from crossreid.core.embeddings import Embeddings
from crossreid.evaluation.searches import measure_searches


def items(degrees: list[float], people: list[int]) -> Embeddings:
    angles = np.radians(degrees)
    count = len(degrees)
    return Embeddings(
        vectors=np.stack([np.cos(angles), np.sin(angles)], axis=1),
        modalities=np.full(count, "rgb"),
        person_ids=np.array(people),
        camera_ids=np.full(count, -1),
        source_ids=np.full(count, ""),
        item_ids=np.arange(count).astype(np.str_),
        fingerprint="model",
    )


GALLERY = items([0, 60, 90], [0, 0, 1])


def test_people_who_are_there_and_people_who_are_not() -> None:
    scores = measure_searches(items([0, 30], [0, 7]), GALLERY)
    assert scores.mated == pytest.approx([1], abs=1e-7)
    assert scores.non_mated == pytest.approx([3**0.5 / 2], abs=1e-7)
    assert scores.right == pytest.approx([1, 0.5], abs=1e-7)
    assert scores.wrong == pytest.approx([0, 3**0.5 / 2, 3**0.5 / 2, 0.5], abs=1e-7)
    assert scores.candidates == 3


def test_people_can_be_left_out_for_a_second_search() -> None:
    scores = measure_searches(items([0, 90], [0, 1]), GALLERY, leave_out=True)
    assert scores.mated == pytest.approx([1, 1], abs=1e-7)
    # Person 0 meets one item of person 1; person 1 meets two of person 0.
    assert scores.non_mated == pytest.approx([0, 3**0.5 / 2], abs=1e-7)
    assert scores.candidates == 1.5


def test_dropped_items_are_met_by_nobody() -> None:
    keys = np.array(["a"]), np.array(["a", "b", "b"])
    scores = measure_searches(items([0], [0]), GALLERY, exclude=keys, leave_out=True)
    assert scores.mated == pytest.approx([0.5], abs=1e-7)
    assert scores.candidates == 1
    everything = np.array(["a"]), np.full(3, "a")
    assert len(measure_searches(items([0], [0]), GALLERY, exclude=everything).mated) == 0
    assert len(measure_searches(items([0], [0]), GALLERY, exclude=everything).non_mated) == 0


def test_unknown_people_are_never_there() -> None:
    unknown = replace(GALLERY, person_ids=np.full(3, -1))
    scores = measure_searches(items([0], [-1]), unknown)
    assert (len(scores.mated), len(scores.right)) == (0, 0)
    assert scores.non_mated == pytest.approx([1], abs=1e-7)


def test_only_what_is_shown_is_a_candidate() -> None:
    many = items(list(np.linspace(1, 80, 40)), [0] + [1] * 39)
    scores = measure_searches(items([0], [0]), many)
    assert (len(scores.right), len(scores.wrong)) == (1, 9)


def test_dropped_items_take_no_place_among_those_shown() -> None:
    many = items(list(np.linspace(1, 80, 40)), [0] * 20 + [1] * 20)
    keys = np.array(["a"]), np.array(["a"] * 15 + ["b"] * 25)
    scores = measure_searches(items([0], [0]), many, exclude=keys, leave_out=True)
    assert (len(scores.right), len(scores.wrong)) == (5, 5 + 10)
