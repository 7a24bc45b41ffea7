from typing import Any

import pytest
import torch
from torch import nn

from crossreid.core.errors import ConfigurationError
from crossreid.training.config import LoopConfig
from crossreid.training.optimiser import AdamWWithMuon, make_optimiser
from crossreid.training.tasks.parameter_groups import decayed_groups


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(5, 4)
        self.layers = nn.ModuleList(nn.Linear(4, 4) for _ in range(2))
        self.head = nn.Linear(4, 3)

    def parameter_groups(self, learning_rate: float) -> list[dict[str, Any]]:
        return decayed_groups(self, learning_rate)


def config(muon: float | None) -> LoopConfig:
    return LoopConfig(steps=3, learning_rate=0.1, muon_learning_rate=muon, weight_decay=0.01)


def names(net: Net, groups: list[dict[str, Any]]) -> set[str]:
    known = {id(parameter): name for name, parameter in net.named_parameters()}
    return {known[id(parameter)] for group in groups for parameter in group["params"]}


def test_adamw_takes_everything_unless_muon_is_asked_for() -> None:
    net = Net()
    optimiser = make_optimiser(net, config(None))
    assert isinstance(optimiser, torch.optim.AdamW)
    assert names(net, optimiser.param_groups) == {name for name, _ in net.named_parameters()}


def test_muon_takes_the_matrices_inside_blocks() -> None:
    net = Net()
    optimiser = make_optimiser(net, config(0.02))
    inside = [group for group in optimiser.param_groups if group["lr"] == 0.02]
    others = [group for group in optimiser.param_groups if group["lr"] == 0.1]
    assert names(net, inside) == {"layers.0.weight", "layers.1.weight"}
    assert names(net, others) == {
        "embed.weight", "head.weight", "layers.0.bias", "layers.1.bias", "head.bias",
    }  # fmt: skip
    assert len(inside) + len(others) == len(optimiser.param_groups)


def test_a_step_of_muon_is_orthogonal_and_of_adamw_is_not() -> None:
    net = Net()
    before = {name: parameter.detach().clone() for name, parameter in net.named_parameters()}
    optimiser = make_optimiser(net, config(0.02))
    for name, parameter in net.named_parameters():
        parameter.grad = torch.randn(parameter.shape, generator=torch.Generator().manual_seed(len(name)))
    optimiser.step()
    change = (net.layers[0].weight.detach() - before["layers.0.weight"] * (1 - 0.02 * 0.01)) / 0.02  # type: ignore[index]
    values = torch.linalg.svdvals(change)
    # Five Newton-Schulz steps bring the singular values near one, not to it.
    assert 0.5 < float(values.min()) <= float(values.max()) < 1.4
    step = (net.head.bias.detach() - before["head.bias"]).abs()
    torch.testing.assert_close(step, torch.full((3,), 0.1), rtol=1e-3, atol=1e-4)


def test_a_schedule_reaches_both() -> None:
    optimiser = make_optimiser(Net(), config(0.02))
    assert isinstance(optimiser, AdamWWithMuon)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: 0.5**step)
    optimiser.step()
    schedule.step()
    assert {group["lr"] for part in optimiser._parts for group in part.param_groups} == {0.05, 0.01}


def test_muon_without_blocks_is_refused() -> None:
    net = Net()
    net.layers.requires_grad_(False)
    with pytest.raises(ConfigurationError, match="no matrix inside a block"):
        make_optimiser(net, config(0.02))


def test_closures_are_refused() -> None:
    with pytest.raises(NotImplementedError, match="twice"):
        make_optimiser(Net(), config(0.02)).step(lambda: 0.0)
