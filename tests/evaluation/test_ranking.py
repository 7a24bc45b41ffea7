import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossreid.core.errors import ConfigurationError, DataError
from crossreid.evaluation import rank, ranking


def line(*cosines):
    """Unit vectors whose cosines with (1, 0) are as given."""
    return np.array([[cosine, math.sqrt(1 - cosine**2)] for cosine in cosines])


ONE_QUERY = np.array([[1.0, 0.0]])


def test_one_query_by_hand():
    # The gallery in rank order is person 2, 1, 2, 1: right answers of person 1 at positions 2 and 4.
    result = rank(ONE_QUERY, line(0.9, 0.8, 0.7, 0.6), np.array([1]), np.array([2, 1, 2, 1]), ks=(1, 2, 3))
    assert result.cmc == {1: 0, 2: 100, 3: 100}
    assert result.mean_ap == pytest.approx(100 * (1 / 2 + 2 / 4) / 2)
    assert result.mean_inp == pytest.approx(100 * 2 / 4)
    assert (result.queries, result.skipped_queries) == (1, 0)


def test_two_queries_are_averaged_and_one_without_an_answer_is_skipped():
    queries = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    gallery = line(0.9, 0.1)
    # Person 5: first; person 6: nearest to (0, 1) is the second item, which is person 5's, so second.
    result = rank(queries, gallery, np.array([5, 6, 7]), np.array([5, 5]), ks=(1, 2))
    assert (result.cmc, result.queries, result.skipped_queries) == ({1: 100, 2: 100}, 1, 2)
    result = rank(queries, gallery, np.array([5, 6, 7]), np.array([6, 5]), ks=(1, 2))
    assert result.cmc == {1: 0, 2: 100}
    assert result.mean_ap == pytest.approx(50)


def test_no_query_with_an_answer_gives_no_number():
    result = rank(ONE_QUERY, line(0.5), np.array([1]), np.array([2]))
    assert result.skipped_queries == 1
    assert all(math.isnan(value) for value in (*result.cmc.values(), result.mean_ap, result.mean_inp))


def test_excluded_items_leave_the_ranking_and_others_with_their_key_stay():
    gallery, people = line(0.9, 0.8, 0.7, 0.6), np.array([1, 2, 1, 1])
    keys = np.array(["a", "a", "b", "c"])
    # Without the first item person 2 leads, and the right answers are at positions 2 and 3.
    result = rank(ONE_QUERY, gallery, np.array([1]), people, exclude=(np.array(["a"]), keys))
    assert result.cmc[1] == 0
    assert result.mean_ap == pytest.approx(100 * (1 / 2 + 2 / 3) / 2)
    assert result.mean_inp == pytest.approx(100 * 2 / 3)


def test_a_query_whose_only_answer_is_excluded_is_skipped():
    exclude = (np.array([3]), np.array([3, 3]))
    result = rank(ONE_QUERY, line(0.9, 0.8), np.array([1]), np.array([1, 2]), exclude=exclude)
    assert (result.queries, result.skipped_queries) == (0, 1)


def test_unknown_people_are_nobody_s_right_answer():
    result = rank(ONE_QUERY, line(0.9, 0.8), np.array([-1]), np.array([-1, 2]))
    assert (result.queries, result.skipped_queries) == (0, 1)


@pytest.mark.parametrize("size", [2, 7, 33, 257])
@pytest.mark.parametrize("dim", [3, 16, 129])
def test_ties_go_to_the_lower_index(size, dim):
    # One direction in many lengths: all cosines are equal, though their roundings need not be.
    random = np.random.default_rng(size * dim)
    direction = random.normal(size=dim)
    gallery = direction * random.uniform(0.1, 10, size=(size, 1))
    people = np.arange(size)
    wanted = np.array([0, size // 2, size - 1])
    queries = np.repeat(random.normal(size=(1, dim)), 3, axis=0)
    result = rank(queries, gallery, wanted, people, ks=(1,))
    positions = wanted + 1
    assert result.mean_ap == pytest.approx(100 * np.mean(1 / positions), rel=1e-9)


def test_a_zero_vector_has_cosine_zero():
    gallery = np.array([[0.0, 0.0], [1.0, 0.1], [-1.0, 0.0]])
    result = rank(ONE_QUERY, gallery, np.array([1]), np.array([1, 2, 2]), ks=(1, 2))
    assert result.cmc == {1: 0, 2: 100}


def test_golden_values_without_a_filter(golden_inputs, golden_values):
    assert_golden(golden_inputs, golden_values["rank_all"], exclude=None)


def test_golden_values_without_the_query_s_camera(golden_inputs, golden_values):
    cameras = golden_inputs["rank_query_camera_ids"], golden_inputs["rank_gallery_camera_ids"]
    assert_golden(golden_inputs, golden_values["rank_market"], exclude=cameras)


def assert_golden(inputs, expected, *, exclude):
    result = rank(
        inputs["rank_queries"],
        inputs["rank_gallery"],
        inputs["rank_query_person_ids"],
        inputs["rank_gallery_person_ids"],
        exclude=exclude,
    )
    got = {f"R{k}": value for k, value in result.cmc.items()}
    got |= {"mAP": result.mean_ap, "mINP": result.mean_inp}
    assert got == pytest.approx({name: expected[name] for name in got}, rel=1e-5)
    assert result.queries == expected.get("valid_queries", 120)


def by_loop(queries, gallery, query_people, gallery_people, exclude, ks):
    """The definition, one query and one item at a time, on integers so that ties are exact."""
    hits, precisions, penalties, skipped = [], [], [], 0
    for q, query in enumerate(queries):
        kept = [
            g
            for g in range(len(gallery))
            if not (gallery_people[g] == query_people[q] and exclude[1][g] == exclude[0][q])
        ]
        ranked = sorted(kept, key=lambda g: (-int(query @ gallery[g]), g))
        positions = [p for p, g in enumerate(ranked, 1) if gallery_people[g] == query_people[q]]
        if not positions:
            skipped += 1
            continue
        hits.append([positions[0] <= k for k in ks])
        precisions.append(np.mean([j / p for j, p in enumerate(positions, 1)]))
        penalties.append(len(positions) / positions[-1])
    return np.mean(hits, axis=0), np.mean(precisions), np.mean(penalties), skipped


@given(st.integers(1, 12), st.integers(1, 30), st.integers(0, 2**32 - 1), st.integers(1, 5))
def test_agrees_with_a_loop(query_count, gallery_count, seed, chunk_rows):
    random = np.random.default_rng(seed)
    # Rows with the same number of ones are of equal length: integer products order as cosines do, with many ties.
    queries = random.permuted(np.tile([1, 1, 1, 0, 0, 0], (query_count, 1)), axis=1)
    gallery = random.permuted(np.tile([1, 1, 1, 0, 0, 0], (gallery_count, 1)), axis=1)
    people = random.integers(0, 4, query_count), random.integers(0, 4, gallery_count)
    exclude = random.integers(0, 3, query_count), random.integers(0, 3, gallery_count)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranking, "_CHUNK_BYTES", 32 * gallery_count * chunk_rows)
        result = rank(queries * 1.0, gallery * 1.0, *people, exclude=exclude, ks=(1, 2, 5))
    assert result.skipped_queries + result.queries == query_count
    if result.queries:
        cmc, precision, penalty, skipped = by_loop(queries, gallery, *people, exclude, (1, 2, 5))
        assert list(result.cmc.values()) == pytest.approx(list(100 * cmc))
        assert (result.mean_ap, result.mean_inp) == pytest.approx((100 * precision, 100 * penalty))
        assert result.skipped_queries == skipped


@given(st.permutations(range(8)), st.floats(0.01, 100))
def test_the_order_of_the_queries_and_lengths_do_not_matter(order, length):
    random = np.random.default_rng(0)
    queries, gallery = random.normal(size=(8, 5)), random.normal(size=(20, 5))
    people = random.integers(0, 4, 8), random.integers(0, 4, 20)
    shuffled = rank(queries[order] * length, gallery, people[0][order], people[1])
    expected = rank(queries, gallery, *people)
    assert shuffled.cmc == pytest.approx(expected.cmc)
    assert shuffled.mean_ap == pytest.approx(expected.mean_ap)


def test_memory_does_not_grow_with_the_number_of_queries():
    random = np.random.default_rng(0)
    gallery, people = random.normal(size=(500, 4)), random.integers(0, 50, 500)
    queries = random.normal(size=(4000, 4))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranking, "_CHUNK_BYTES", 2**20)
        tracemalloc.start()
        rank(queries, gallery, random.integers(0, 50, 4000), people)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 3 * 2**20, "all cosines alone would be 16 MB"


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"query_vectors": np.ones(2)}, DataError, r"query vectors of shape \(2,\)"),
        ({"gallery_vectors": np.ones((3, 5))}, DataError, r"widths 2 and 5"),
        ({"gallery_vectors": np.full((3, 2), np.nan)}, DataError, r"gallery vectors with NaN"),
        (
            {"query_person_ids": np.array([1])},
            DataError,
            r"query person ids of shape \(1,\); expected \(2,\)",
        ),
        (
            {"exclude": (np.zeros(2), np.zeros(2))},
            DataError,
            r"gallery keys of shape \(2,\); expected \(3,\)",
        ),
        ({"ks": (0, 1)}, ConfigurationError, r"depths \(0, 1\)"),
        ({"ks": ()}, ConfigurationError, r"one or more depths"),
    ],
)
def test_what_does_not_fit_is_refused(change, error, message):
    arguments = {
        "query_vectors": np.ones((2, 2)),
        "gallery_vectors": np.ones((3, 2)),
        "query_person_ids": np.array([1, 2]),
        "gallery_person_ids": np.array([1, 2, 3]),
    }
    with pytest.raises(error, match=message):
        rank(**(arguments | change))
