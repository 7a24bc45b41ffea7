from typing import Any

import pytest
import torch

from crossreid.models.lora import HierarchicalLora
from crossreid.training.config import LoopConfig, TaskWeights
from crossreid.training.frozen_weights import FrozenWeights, are_held_in_half
from crossreid.training.tasks.teacher import TeacherTask


def adapted(tiny: Any) -> TeacherTask:
    return TeacherTask(tiny.teacher(), HierarchicalLora(rank=2), people=3, weights=TaskWeights())


def test_frozen_weights_of_linear_layers_are_held_in_half_and_given_back(tiny: Any) -> None:
    task = adapted(tiny)
    before = {name: value.detach().clone() for name, value in task.named_parameters()}
    frozen = FrozenWeights(task)
    kinds = {name: parameter.dtype for name, parameter in task.named_parameters()}
    half = {name for name, dtype in kinds.items() if dtype == torch.bfloat16}
    assert any(name.endswith("q_proj.base_layer.weight") for name in half)
    assert any("visual.blocks.0.attn.qkv" in name for name in half)
    trained = {name for name, parameter in task.named_parameters() if parameter.requires_grad}
    assert not half & trained
    assert not any("embed_tokens" in name or "norm" in name or "patch_embed" in name for name in half)
    frozen.restore()
    for name, parameter in task.named_parameters():
        assert parameter.dtype == torch.float32
        assert torch.equal(parameter, before[name])


def test_a_layer_under_autocast_gives_the_same_numbers_to_the_bit() -> None:
    torch.manual_seed(0)
    layer = torch.nn.Linear(8, 4).requires_grad_(False)
    rows = torch.randn(2, 8)
    with torch.autocast("cpu", torch.bfloat16):
        whole = layer(rows)
        FrozenWeights(layer)
        assert layer.weight.dtype == torch.bfloat16
        assert torch.equal(layer(rows), whole)


def test_shared_weights_stay_as_they_are() -> None:
    words, head = torch.nn.Embedding(5, 4), torch.nn.Linear(4, 5, bias=False)
    head.weight = words.weight
    FrozenWeights(torch.nn.ModuleList([words, head]).requires_grad_(False))
    assert head.weight.dtype == torch.float32


@pytest.mark.parametrize(
    ("precision", "device", "processes", "sharded", "held"),
    [
        ("bf16", "cuda", 1, False, True),
        ("bf16", "cuda", 4, False, True),
        ("bf16", "cuda", 4, True, False),
        ("bf16", "cuda", 1, True, True),
        ("bf16", "cpu", 1, False, False),
        ("fp16", "cuda", 1, False, False),
        ("fp32", "cuda", 1, False, False),
    ],
)
def test_when(precision: str, device: str, processes: int, sharded: bool, held: bool) -> None:
    loop = LoopConfig(steps=1, learning_rate=0.1, sharded=sharded)
    assert are_held_in_half(loop, precision=precision, device=device, processes=processes) == held
