import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import cosine_similarity

from crossreid.core.errors import ConfigurationError
from crossreid.losses import feature_relation_loss

RELATIONS = ("gram", "correlation")
MATCHES = ("rowwise", "frobenius")


def by_relation_matrices(student, teacher, relation, match):
    """The loss as the paper writes it: both dim x dim matrices in full."""
    matrix = {"gram": lambda x: x.T @ x, "correlation": lambda x: torch.corrcoef(x.T)}[relation]
    first, second = matrix(student), matrix(teacher)
    if match == "frobenius":
        first, second = first.reshape(1, -1), second.reshape(1, -1)
    return 1 - cosine_similarity(first, second, dim=1).mean()


@pytest.mark.parametrize(
    ("relation", "match"), [("gram", "rowwise"), ("gram", "frobenius"), ("correlation", "rowwise")]
)
def test_golden_values(golden_inputs, golden_values, relation, match):
    student, teacher = torch.from_numpy(golden_inputs["student"]), torch.from_numpy(golden_inputs["teacher"])
    loss = feature_relation_loss(student, teacher, relation=relation, match=match)
    assert loss.item() == pytest.approx(golden_values[f"fr_{relation}_{match}"], rel=1e-3)


def test_golden_gradient(golden_inputs):
    student = torch.from_numpy(golden_inputs["student"]).requires_grad_()
    feature_relation_loss(student, torch.from_numpy(golden_inputs["teacher"])).backward()
    expected = torch.from_numpy(golden_inputs["fr_gram_rowwise_grad_student"])
    torch.testing.assert_close(student.grad, expected, rtol=1e-3, atol=1e-7)


def test_two_dimensions_by_hand():
    # S'S = [[1, 0], [0, 4]] and T'T = [[1, 1], [1, 1]].
    # The rows' cosines are 1 / sqrt 2, that of the matrices is 5 / (2 sqrt 17).
    student, teacher = torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.tensor([[1.0, 1.0]])
    teacher = torch.cat([teacher, torch.zeros(1, 2)])
    assert feature_relation_loss(student, teacher).item() == pytest.approx(1 - 2**-0.5)
    whole = feature_relation_loss(student, teacher, match="frobenius")
    assert whole.item() == pytest.approx(1 - 5 / (17**0.5 * 2))


@pytest.mark.parametrize("match", MATCHES)
@pytest.mark.parametrize("relation", RELATIONS)
@given(rows=st.integers(3, 24), dim=st.integers(2, 24), seed=st.integers(0, 2**32 - 1))
def test_value_and_gradient_are_those_of_the_full_matrices(relation, match, rows, dim, seed):
    generator = torch.Generator().manual_seed(seed)
    teacher = torch.randn(rows, dim, dtype=torch.float64, generator=generator)
    student = torch.randn(rows, dim, dtype=torch.float64, generator=generator).requires_grad_()
    loss = feature_relation_loss(student, teacher, relation=relation, match=match)
    expected = by_relation_matrices(student, teacher, relation, match)
    torch.testing.assert_close(loss, expected, rtol=1e-9, atol=1e-9)
    (gradient,) = torch.autograd.grad(loss, student)
    (expected_gradient,) = torch.autograd.grad(expected, student)
    torch.testing.assert_close(gradient, expected_gradient, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("relation", RELATIONS)
@pytest.mark.parametrize("match", MATCHES)
def test_no_relation_matrix_is_formed_from_few_samples(relation, match):
    dim, largest = 64, 0

    class Watch(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            nonlocal largest
            result = function(*args, **(kwargs or {}))
            if isinstance(result, torch.Tensor):
                largest = max(largest, result.numel())
            return result

    features = torch.randn(2, 8, dim, generator=torch.Generator().manual_seed(0))
    with Watch():
        feature_relation_loss(features[0], features[1], relation=relation, match=match)
    assert 0 < largest < dim * dim


@pytest.mark.parametrize("match", MATCHES)
@pytest.mark.parametrize("relation", RELATIONS)
@pytest.mark.parametrize("rows", [3, 8])
def test_gradient(relation, match, rows):
    generator = torch.Generator().manual_seed(0)
    teacher = torch.randn(rows, 8, dtype=torch.float64, generator=generator)
    student = torch.randn(rows, 8, dtype=torch.float64, generator=generator).requires_grad_()
    assert torch.autograd.gradcheck(
        lambda x: feature_relation_loss(x, teacher, relation=relation, match=match), (student,)
    )


@given(st.permutations(range(5)), st.sampled_from(RELATIONS), st.floats(0.1, 10))
def test_the_order_of_the_samples_and_the_scale_do_not_matter(order, relation, scale):
    student, teacher = torch.randn(2, 5, 12, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    expected = feature_relation_loss(student, teacher, relation=relation)
    result = feature_relation_loss(student[order] * scale, teacher[order], relation=relation)
    torch.testing.assert_close(result, expected)


def test_correlation_ignores_the_mean_of_each_dimension():
    student, teacher = torch.randn(2, 5, 12, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    shift = torch.linspace(-1, 1, 12, dtype=torch.float64)
    expected = feature_relation_loss(student, teacher, relation="correlation")
    torch.testing.assert_close(
        feature_relation_loss(student + shift, teacher, relation="correlation"), expected
    )
    assert feature_relation_loss(student + shift, teacher).item() != pytest.approx(
        feature_relation_loss(student, teacher).item()
    )


@pytest.mark.parametrize("relation", RELATIONS)
def test_a_dead_dimension_gives_a_finite_gradient(relation):
    features = np.random.default_rng(0).normal(size=(4, 10))
    features[:, 3] = 0
    student = torch.from_numpy(features).requires_grad_()
    feature_relation_loss(student, torch.ones(4, 10).double(), relation=relation).backward()
    assert student.grad is not None
    assert torch.isfinite(student.grad).all()


def test_one_row_has_no_correlation():
    with pytest.raises(ConfigurationError, match=r"1 row to correlate"):
        feature_relation_loss(torch.ones(1, 3), torch.ones(1, 3), relation="correlation")


@pytest.mark.usefixtures("shapes_unchecked")
def test_other_widths_are_refused():
    with pytest.raises(ConfigurationError, match=r"3 of student, 4 of teacher"):
        feature_relation_loss(torch.ones(2, 3), torch.ones(2, 4))
