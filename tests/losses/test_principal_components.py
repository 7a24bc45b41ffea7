import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from crossreid.core.errors import ConfigurationError
from crossreid.losses import cosine_loss, principal_basis, principal_component_loss


def test_golden_value(golden_inputs, golden_values):
    student, teacher = torch.from_numpy(golden_inputs["student"]), torch.from_numpy(golden_inputs["teacher"])
    loss = principal_component_loss(student, teacher, principal_basis(teacher, 8))
    assert loss.item() == pytest.approx(golden_values["pcm_batch_k_8_cosine"], rel=1e-3)


def test_only_the_basis_counts():
    basis = torch.tensor([[1.0], [0.0]])
    agrees_there = torch.tensor([[3.0, -9.0]])
    assert principal_component_loss(agrees_there, torch.tensor([[1.0, 5.0]]), basis).item() == pytest.approx(
        0
    )
    assert principal_component_loss(
        agrees_there, torch.tensor([[-1.0, -9.0]]), basis
    ).item() == pytest.approx(2)


def test_axes_are_found_in_the_order_of_their_energy():
    features = torch.tensor([[0.0, 3.0, 0.0], [0.0, 0.0, -2.0], [1.0, 0.0, 0.0]])
    expected = torch.tensor([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    torch.testing.assert_close(principal_basis(features, 3), expected)


def test_the_mean_is_not_taken_away():
    features = torch.tensor([[10.0, 1.0], [10.0, -1.0]])
    torch.testing.assert_close(principal_basis(features, 1), torch.tensor([[1.0], [0.0]]))


@given(st.integers(2, 20), st.integers(2, 20), st.integers(0, 2**32 - 1), st.data())
def test_the_basis_is_the_svd_s(rows, dim, seed, data):
    k = data.draw(st.integers(1, min(rows, dim)))
    features = torch.randn(rows, dim, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    basis = principal_basis(features, k)
    torch.testing.assert_close(basis.T @ basis, torch.eye(k, dtype=torch.float64), rtol=0, atol=1e-8)
    _, energies, directions = torch.linalg.svd(features, full_matrices=False)
    captured = torch.linalg.vector_norm(features @ basis, dim=0)
    torch.testing.assert_close(captured, energies[:k], rtol=1e-6, atol=1e-6)
    alignment = (directions[:k] @ basis).diagonal().abs()
    separated = torch.ones(k, dtype=torch.bool)
    gaps = (energies[:-1] - energies[1:]) > 1e-3
    separated[: len(gaps)] &= gaps[:k]
    separated[1:] &= gaps[: k - 1]
    assert (alignment[separated] > 1 - 1e-6).all()


@given(st.permutations(range(6)))
def test_signs_do_not_depend_on_the_rows_order(order):
    features = torch.randn(6, 9, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(principal_basis(features[order], 6), principal_basis(features, 6))
    torch.testing.assert_close(principal_basis(-features, 6), principal_basis(features, 6))


def test_a_basis_of_few_directions_stays_orthonormal():
    features = torch.ones(5, 8)
    basis = principal_basis(features, 3)
    torch.testing.assert_close(basis.T @ basis, torch.eye(3))
    torch.testing.assert_close(basis[:, 0], torch.full((8,), 8**-0.5))


def test_a_full_basis_changes_no_cosine():
    generator = torch.Generator().manual_seed(0)
    teacher, student = torch.randn(12, 6, generator=generator), torch.randn(12, 6, generator=generator)
    loss = principal_component_loss(student, teacher, principal_basis(teacher, 6))
    torch.testing.assert_close(loss, cosine_loss(student, teacher))


def test_gradient():
    generator = torch.Generator().manual_seed(0)
    student = torch.randn(4, 6, dtype=torch.float64, generator=generator).requires_grad_()
    teacher = torch.randn(4, 6, dtype=torch.float64, generator=generator)
    basis = principal_basis(teacher, 2)
    assert torch.autograd.gradcheck(lambda x: principal_component_loss(x, teacher, basis), (student,))


@pytest.mark.parametrize("k", [0, 4])
def test_more_components_than_there_are_is_refused(k):
    with pytest.raises(ConfigurationError, match=rf"k = {k} for features of shape \[3, 5\]; expected 1 to 3"):
        principal_basis(torch.ones(3, 5), k)


@pytest.mark.usefixtures("shapes_unchecked")
def test_a_basis_of_another_width_is_refused():
    with pytest.raises(ConfigurationError, match=r"4 of basis"):
        principal_component_loss(torch.ones(2, 3), torch.ones(2, 3), torch.ones(4, 2))
