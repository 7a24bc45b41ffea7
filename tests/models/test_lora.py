from typing import Any

import pytest
import torch
from torch import nn

from crossreid.core.errors import ConfigurationError
from crossreid.core.modality import Modality
from crossreid.models.lora import HierarchicalLora, adapted_modules, add_adapters
from crossreid.models.teacher import Teacher

PLAN = HierarchicalLora(rank=2, scaling=4.0, dense=1, stride=2)


def test_the_vision_tower_of_the_paper() -> None:
    # 32 blocks: the last four, and every second one before 28, counted backwards.
    even = (0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26)
    assert HierarchicalLora().blocks(32) == (*even, 28, 29, 30, 31)


@pytest.mark.parametrize(
    ("depth", "dense", "stride", "expected"),
    [
        (6, 4, 2, (0, 2, 3, 4, 5)),
        (7, 4, 2, (1, 3, 4, 5, 6)),
        (3, 4, 2, (0, 1, 2)),
        (6, 4, 1, (0, 1, 2, 3, 4, 5)),
        (10, 2, 3, (2, 5, 8, 9)),
        (6, 0, 2, (0, 2, 4)),
        (28, 4, 100, (24, 25, 26, 27)),
    ],
)
def test_blocks_by_hand(depth: int, dense: int, stride: int, expected: tuple[int, ...]) -> None:
    assert HierarchicalLora(dense=dense, stride=stride).blocks(depth) == expected


@pytest.mark.parametrize("wrong", [{"rank": 0}, {"stride": 0}, {"dense": -1}])
def test_impossible_plans_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigurationError, match="at least"):
        HierarchicalLora(**wrong)


def test_every_linear_of_the_chosen_blocks_of_both_towers(tiny: Any) -> None:
    names = adapted_modules(tiny.teacher(depth=3).backbone, PLAN)
    vision = ("attn.qkv", "attn.proj", "mlp.fc1", "mlp.fc2")
    language = (
        *(f"self_attn.{letter}_proj" for letter in "qkvo"),
        *(f"mlp.{name}_proj" for name in ("gate", "up", "down")),
    )
    assert sorted(names) == sorted(
        [f"visual.blocks.{block}.{name}" for block in (0, 2) for name in vision]
        + [f"language_model.layers.{block}.{name}" for block in (0, 2) for name in language]
    )


@pytest.mark.parametrize("depth", [1, 3])
def test_adapters_are_where_the_plan_says_and_nowhere_else(tiny: Any, depth: int) -> None:
    backbone = tiny.teacher(depth=depth).backbone
    planned = set(adapted_modules(backbone, PLAN))
    add_adapters(backbone, PLAN)
    adapted = {name for name, module in backbone.named_modules() if hasattr(module, "lora_A")}
    assert adapted == planned
    assert not any(part in name for name in adapted for part in ("patch_embed", "merger", "embed_tokens"))


def test_only_adapters_are_left_to_train(tiny: Any) -> None:
    backbone = tiny.teacher(depth=3).backbone
    planned = adapted_modules(backbone, PLAN)
    add_adapters(backbone, PLAN)
    trained = {name for name, parameter in backbone.named_parameters() if parameter.requires_grad}
    assert trained == {f"{name}.lora_{side}.default.weight" for name in planned for side in "AB"}
    assert {backbone.get_parameter(name).shape[0] for name in trained if "lora_A" in name} == {2}


def test_adapters_start_as_the_identity_and_merge_without_a_change(tiny: Any) -> None:
    teacher: Teacher = tiny.teacher(depth=3)
    pixels, kinds = tiny.pixels(2), [Modality.RGB, Modality.SKETCH]

    def features() -> torch.Tensor:
        with torch.inference_mode():
            return torch.cat([teacher.embed_images(pixels, kinds), teacher.embed_captions(["a man"])])

    original = features()
    adapted = add_adapters(teacher.backbone, PLAN)
    torch.testing.assert_close(features(), original)
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_B" in name:
                nn.init.normal_(parameter, std=0.1)
    trained = features()
    assert (trained - original).abs().max() > 0.1
    teacher.backbone = adapted.merge_and_unload()
    assert not [name for name, _ in teacher.named_parameters() if "lora" in name]
    assert (features() - trained).abs().max() < 1e-4


def test_the_seed_draws_the_adapters_whatever_was_drawn_before(tiny: Any) -> None:
    def drawn(seed: int) -> torch.Tensor:
        torch.rand(3)
        adapted = add_adapters(tiny.teacher().backbone, PLAN, seed=seed)
        return torch.cat([p.flatten() for name, p in adapted.named_parameters() if "lora_A" in name])

    first = drawn(5)
    assert torch.equal(first, drawn(5))
    assert not torch.equal(first, drawn(6))
