from typing import Any

import torch

from crossreid.losses import balanced_weights
from crossreid.training.config import BalancerConfig
from crossreid.training.tasks.balancing import LossBalancer


def step(balancer: LossBalancer, *values: float) -> torch.Tensor:
    losses = {name: torch.tensor(value) for name, value in zip("abc", values, strict=False)}
    weights = balancer(losses)
    assert list(weights) == list(losses)
    return torch.stack(list(weights.values()))


def test_the_first_step_has_weights_of_1_and_the_next_ones_balance() -> None:
    balancer = LossBalancer(2, BalancerConfig(scale=4.0, temperature=0.5)).train()
    assert step(balancer, 8.0, 1.0).tolist() == [1.0, 1.0]
    for now, before in (((4.0, 1.0), (8.0, 1.0)), ((5.0, 0.5), (4.0, 1.0))):
        expected = balanced_weights(torch.tensor(now), torch.tensor(before), scale=4.0, temperature=0.5)
        torch.testing.assert_close(step(balancer, *now), expected)


def test_the_released_reading_forgets_what_was_before() -> None:
    settings: Any = {"rate_of": "released"}
    histories = [(1.0, 1.0, 1.0), (9.0, 0.1, 3.0)]
    weights = []
    for history in histories:
        balancer = LossBalancer(3, BalancerConfig(**settings)).train()
        step(balancer, *history)
        weights.append(step(balancer, 4.0, 2.0, 1.0))
    torch.testing.assert_close(weights[0], weights[1], rtol=1e-5, atol=0)
    torch.testing.assert_close(weights[0], torch.tensor([10 / 3, 20 / 3, 40 / 3]), rtol=1e-5, atol=0)


def test_nothing_is_remembered_while_nothing_is_trained() -> None:
    balancer = LossBalancer(2, BalancerConfig()).train()
    step(balancer, 1.0, 2.0)
    before = {name: value.clone() for name, value in balancer.state_dict().items()}
    assert step(balancer.eval(), 7.0, 7.0).tolist() == [1.0, 1.0]
    assert all(torch.equal(value, before[name]) for name, value in balancer.state_dict().items())


def test_it_goes_on_from_its_state() -> None:
    first, second = (LossBalancer(2, BalancerConfig()).train() for _ in range(2))
    step(first, 3.0, 1.0)
    second.load_state_dict(first.state_dict())
    assert torch.equal(step(first, 1.0, 1.0), step(second, 1.0, 1.0))
