"""What is counted in single precision is what double precision says, to the item."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossreid.evaluation import cosines, screening
from crossreid.evaluation.answers import right_and_dropped
from crossreid.evaluation.cosines import cosine_rows
from crossreid.evaluation.positions import score_queries
from crossreid.evaluation.screening import score_cosines


def assert_same(queries: np.ndarray, gallery: np.ndarray, people: Any, keys: Any = None) -> None:
    def answers() -> Any:
        return right_and_dropped(*people, exclude=keys)

    quick = score_cosines(queries, gallery, answers())
    exact = score_queries(cosine_rows(queries, gallery), answers(), query_count=len(queries), at_a_time=7)
    assert quick.rows.tolist() == exact.rows.tolist()
    assert quick.nearest.tolist() == exact.nearest.tolist()
    np.testing.assert_allclose(quick.precisions, exact.precisions, rtol=1e-12)
    np.testing.assert_allclose(quick.penalties, exact.penalties, rtol=0)


@settings(deadline=None, max_examples=150)
@given(
    seed=st.integers(0, 2**32 - 1),
    dim=st.sampled_from([2, 8, 96]),
    noise=st.sampled_from([0.0, 1e-10, 1e-8, 1e-7, 1e-5, 1e-2, 1.0]),
    scale=st.sampled_from([1e-20, 1.0, 1e15]),
    excluded=st.booleans(),
)
def test_it_agrees_with_double_precision(
    seed: int, dim: int, noise: float, scale: float, excluded: bool
) -> None:
    """Copies of a few vectors, so that cosines tie or nearly do, of any length, some of them of zeros."""
    random = np.random.default_rng(seed)
    few = random.normal(size=(5, dim))
    sides = []
    for count in (11, 60):
        vectors = few[random.integers(0, 5, count)] + noise * random.normal(size=(count, dim))
        vectors *= scale * random.uniform(0.5, 2, (count, 1))
        vectors[random.random(count) < 0.1] = 0
        sides.append(vectors.astype(np.float32))
    people = random.integers(-1, 6, 11), random.integers(-1, 6, 60)
    keys = (random.integers(0, 3, 11), random.integers(0, 3, 60)) if excluded else None
    assert_same(sides[0], sides[1], people, keys)


@pytest.mark.parametrize("dim", [64, 512, 1536])
def test_items_that_single_precision_cannot_tell_apart_are_told(dim: int) -> None:
    random = np.random.default_rng(dim)
    centre = random.normal(size=dim)
    gallery = centre + 1e-7 * random.normal(size=(400, dim))
    far = random.normal(size=(3000, dim))
    queries = centre + 0.3 * random.normal(size=(20, dim))
    people = random.integers(0, 40, 20), random.integers(0, 40, 3400)
    assert_same(queries, np.concatenate([gallery, far]), people)


def test_the_error_of_a_product_is_within_its_bound() -> None:
    """Of the largest sums of products too, where every rounding counts."""
    random = np.random.default_rng(0)
    for dim in (2, 64, 2048):
        vectors = np.abs(random.normal(size=(200, dim)))
        screen = screening._Screen(vectors, vectors)
        units = cosines.unit(vectors)
        off = np.abs(screen._products(units.astype(np.float32)) - units @ units.T)
        assert off.max() < screen._error


def test_where_everything_is_alike_double_precision_takes_over(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []

    def rows(queries: np.ndarray, gallery: np.ndarray) -> Any:
        inner = cosine_rows(queries, gallery)

        def exact(start: int, stop: int) -> np.ndarray:
            asked.append((start, stop))
            return inner(start, stop)

        return exact

    monkeypatch.setattr(screening, "cosine_rows", rows)
    random = np.random.default_rng(1)
    alike = 1 + 1e-6 * random.normal(size=(300, 16))
    people = random.integers(0, 6, 12), random.integers(0, 6, 300)
    score_cosines(alike[:12], alike, right_and_dropped(*people))
    assert asked == [(0, 12)]
    asked.clear()
    score_cosines(random.normal(size=(12, 16)), random.normal(size=(300, 16)), right_and_dropped(*people))
    assert asked == []


def test_what_is_dropped_is_not_above_a_right_answer_that_is_opposite() -> None:
    query = np.array([[1.0, 0.0]])
    gallery = np.array([[-1.0, 0.0], [-1.0, 0.0], [-1.0, 1e-9], [1.0, 0.0]])
    people, keys = (np.array([0]), np.zeros(4, dtype=int)), (np.array([7]), np.array([7, 0, 7, 7]))
    (answer,) = right_and_dropped(*people, exclude=keys)
    assert answer[0].tolist() == [1]
    scores = score_cosines(query, gallery, [answer])
    assert scores.nearest.tolist() == [1]
    assert_same(query, gallery, people, keys)


def test_an_empty_gallery_has_no_answer_for_anybody() -> None:
    people = np.zeros(3, dtype=int), np.zeros(0, dtype=int)
    scores = score_cosines(np.ones((3, 4)), np.ones((0, 4)), right_and_dropped(*people))
    assert len(scores.rows) == 0


def test_a_gallery_larger_than_the_budget_is_gone_through_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(2)
    queries, gallery = random.normal(size=(30, 24)), random.normal(size=(500, 24))
    people = random.integers(0, 9, 30), random.integers(0, 9, 500)
    monkeypatch.setattr(cosines, "BUDGET_BYTES", 9000)
    assert_same(queries.astype(np.float32), gallery.astype(np.float32), people)
