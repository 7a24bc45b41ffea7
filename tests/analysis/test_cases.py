import numpy as np
import pytest

from crossreid.analysis import RetrievalCase, retrieval_cases


@pytest.fixture
def gallery(make_embeddings):
    # Two pictures of person 0 near the first axis, two of person 1 near the second.
    return make_embeddings([[1, 0], [0.9, 0.1], [0.1, 0.9], [0, 1]], [0, 0, 1, 1])


def test_a_success_by_hand(make_embeddings, gallery):
    (case,) = retrieval_cases(make_embeddings([[2, 0]], [0]), gallery, top=3)
    assert (case.query_index, case.gallery_indices, case.correct) == (0, (0, 1, 2), (True, True, False))
    assert case.scores == pytest.approx((1, 0.9 / np.hypot(0.9, 0.1), 0.1 / np.hypot(0.1, 0.9)), rel=1e-5)
    assert case.succeeded


def test_a_failure_is_a_wrong_first_result(make_embeddings, gallery):
    (case,) = retrieval_cases(make_embeddings([[0, 1]], [0]), gallery)
    assert (case.gallery_indices[0], case.correct, case.succeeded) == (3, (False, False, True, True), False)


def test_queries_that_have_no_answer_are_no_cases(make_embeddings, gallery):
    assert retrieval_cases(make_embeddings([[1, 0]], [7]), gallery) == ()
    unknown = make_embeddings([[1, 0]], [-1])
    assert retrieval_cases(unknown, unknown) == ()


def test_excluded_items_are_not_shown(make_embeddings, gallery):
    keys = np.array(["a"]), np.array(["a", "b", "a", "b"])
    (case,) = retrieval_cases(make_embeddings([[1, 0]], [0]), gallery, exclude=keys)
    assert case.gallery_indices == (1, 2, 3)


def test_as_many_as_asked_for_successes_first(make_embeddings, gallery):
    queries = make_embeddings([[1, 0]] * 5 + [[0, 1]] * 5, [0] * 10)
    cases = retrieval_cases(queries, gallery, successes=3, failures=1, seed=1)
    assert [case.succeeded for case in cases] == [True, True, True, False]
    assert len({case.query_index for case in cases}) == 4
    assert cases == retrieval_cases(queries, gallery, successes=3, failures=1, seed=1)
    drawn = {retrieval_cases(queries, gallery, successes=1, failures=0, seed=seed) for seed in range(20)}
    assert len(drawn) > 1, "the seed draws the queries"


def test_fewer_when_there_are_not_so_many(make_embeddings, gallery):
    cases = retrieval_cases(make_embeddings([[1, 0]], [0]), gallery, successes=4, failures=4)
    assert len(cases) == 1
    assert isinstance(cases[0], RetrievalCase)
