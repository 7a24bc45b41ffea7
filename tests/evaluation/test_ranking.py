import math
import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from crossreid.core.errors import ConfigurationError, DataError
from crossreid.evaluation import cosines, rank
from crossreid.evaluation.cosines import gallery_at_a_time, queries_at_a_time


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
        patch.setattr(cosines, "BUDGET_BYTES", 48 * chunk_rows)
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


@given(st.permutations(range(20)), st.integers(0, 2**32 - 1))
def test_the_order_of_a_gallery_without_ties_does_not_matter(order, seed):
    random = np.random.default_rng(seed)
    queries, gallery = random.normal(size=(8, 5)), random.normal(size=(20, 5))
    people, keys = random.integers(0, 4, 20), random.integers(0, 3, 20)
    query_people, query_keys = random.integers(0, 4, 8), random.integers(0, 3, 8)
    expected = rank(queries, gallery, query_people, people, exclude=(query_keys, keys))
    shuffled = rank(queries, gallery[order], query_people, people[order], exclude=(query_keys, keys[order]))
    assert shuffled == expected


def test_a_gallery_in_many_pieces_gives_the_same(golden_inputs):
    inputs = [golden_inputs[f"rank_{name}"] for name in ("queries", "gallery")]
    people = [golden_inputs[f"rank_{name}_person_ids"] for name in ("query", "gallery")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cosines, "BUDGET_BYTES", 8 * 16 * 7)
        assert gallery_at_a_time(16) == 7
        in_pieces = rank(*inputs, *people)
    assert in_pieces == rank(*inputs, *people)


def planned_bytes(query_count, gallery_count, dim):
    """Two sets of similarities (one is made while the last is held), unit vectors, a product; 64 an item."""
    at_a_time = min(query_count, queries_at_a_time(gallery_count, dim))
    piece = min(gallery_count, gallery_at_a_time(dim))
    similarities, product = 2 * 4 * at_a_time * gallery_count, 8 * at_a_time * piece
    return similarities + product + 8 * dim * (at_a_time + piece) + 64 * (query_count + gallery_count)


def test_ten_thousand_queries_in_a_hundred_thousand_items_are_planned_below_a_gibibyte():
    assert planned_bytes(10_000, 100_000, 1536) < 2**30


def test_memory_is_what_was_planned():
    # A hundredth of the size in all, a hundredth of the budget.
    random = np.random.default_rng(0)
    queries = random.normal(size=(1000, 154)).astype(np.float32)
    gallery = random.normal(size=(10_000, 154)).astype(np.float32)
    people = random.integers(0, 500, 1000), random.integers(0, 500, 10_000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cosines, "BUDGET_BYTES", 128 * 2**20 // 100)
        planned = planned_bytes(1000, 10_000, 154)
        tracemalloc.start()
        rank(queries, gallery, *people)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 1.2 * planned
    assert peak < 2**30 / 100
    assert peak < 4 * 1000 * 10_000 / 3, "all similarities at once would be 40 MB"


def devices():
    return ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]


@pytest.mark.parametrize("device", devices())
def test_torch_and_numpy_agree(golden_inputs, device):
    names = ("queries", "gallery", "query_person_ids", "gallery_person_ids")
    arrays = [golden_inputs[f"rank_{name}"] for name in names]
    cameras = [golden_inputs[f"rank_{side}_camera_ids"] for side in ("query", "gallery")]
    tensors = [torch.from_numpy(array).to(device) for array in (*arrays, *cameras)]
    expected = rank(*arrays, exclude=(cameras[0], cameras[1]))
    assert rank(*tensors[:4], exclude=(tensors[4], tensors[5])) == expected
    assert rank(arrays[0], *tensors[1:4], exclude=(cameras[0], cameras[1])) == expected


@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
def test_torch_and_numpy_agree_under_ties(seed, piece):
    random = np.random.default_rng(seed)
    queries = random.permuted(np.tile([1.0, 1, 0, 0], (6, 1)), axis=1)
    gallery = random.permuted(np.tile([1.0, 1, 0, 0], (40, 1)), axis=1)
    people = random.integers(0, 4, 6), random.integers(0, 4, 40)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cosines, "BUDGET_BYTES", 8 * 4 * piece)
        by_torch = rank(torch.from_numpy(queries), torch.from_numpy(gallery).requires_grad_(), *people)
    assert by_torch == rank(queries, gallery, *people)


def test_tensors_that_are_not_finite_are_refused():
    broken = torch.tensor([[1.0, math.inf]])
    with pytest.raises(DataError, match=r"gallery vectors with NaN or infinity"):
        rank(ONE_QUERY, broken, np.array([1]), np.array([1]))


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
