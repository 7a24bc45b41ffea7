import copy
from typing import Any

import pytest
import torch
from torch import nn

from crossreid.training.muon import Muon, orthogonalised


def matrices(*shapes: tuple[int, int], seed: int = 0) -> list[nn.Parameter]:
    generator = torch.Generator().manual_seed(seed)
    return [nn.Parameter(torch.randn(shape, generator=generator)) for shape in shapes]


@pytest.mark.parametrize("shape", [(24, 24), (16, 40), (40, 16)])
def test_singular_values_become_nearly_one(shape: tuple[int, int]) -> None:
    matrix = torch.randn(2, *shape, generator=torch.Generator().manual_seed(1))
    values = torch.linalg.svdvals(orthogonalised(matrix))
    assert float(values[:, : 3 * min(shape) // 4].min()) > 0.65
    assert float(values.max()) < 1.25


def test_directions_stay() -> None:
    u, _, v = torch.linalg.svd(torch.randn(12, 12, generator=torch.Generator().manual_seed(2)))
    matrix = u @ torch.diag(torch.linspace(1.0, 0.3, 12)) @ v
    found = u.T @ orthogonalised(matrix[None])[0] @ v.T
    assert float((found - torch.diag(torch.diagonal(found))).abs().max()) < 1e-4


def test_it_steps_as_the_one_in_torch_does_in_half_precision() -> None:
    ours = matrices((16, 40), (40, 16), (16, 40))
    theirs = copy.deepcopy(ours)
    settings: dict[str, Any] = {"lr": 0.02, "momentum": 0.95, "weight_decay": 0.1}
    pairs = (Muon(ours, **settings), ours), (torch.optim.Muon(theirs, **settings), theirs)
    for step in range(3):
        for optimiser, parameters in pairs:
            for number, parameter in enumerate(parameters):
                noise = torch.Generator().manual_seed(10 * step + number)
                parameter.grad = torch.randn(parameter.shape, generator=noise)
            optimiser.step()
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, other, atol=2e-3, rtol=0)


def test_its_products_are_not_in_half_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.Tensor, "bfloat16", lambda _: pytest.fail("bfloat16"))
    (parameter,) = matrices((8, 8))
    parameter.grad = torch.ones_like(parameter)
    Muon([parameter], lr=0.1).step()


def test_a_matrix_without_a_gradient_stays() -> None:
    moved, still = matrices((4, 4), (4, 4))
    before = still.detach().clone()
    moved.grad = torch.ones_like(moved)
    Muon([moved, still], lr=0.1).step()
    assert torch.equal(still, before)


def test_what_it_refuses() -> None:
    with pytest.raises(ValueError, match=r"a parameter of shape \(3,\), expected a matrix"):
        Muon([nn.Parameter(torch.zeros(3))], lr=0.1)
    with pytest.raises(NotImplementedError):
        Muon(matrices((2, 2)), lr=0.1).step(lambda: 0.0)
