from typing import Any

import pytest
import torch
from torch import nn

from crossreid.core.errors import ConfigurationError
from crossreid.core.modality import Modality
from crossreid.models.lora import HierarchicalLora, adapted_modules, adapter_parameters, add_adapters
from crossreid.models.teacher import Teacher
from crossreid.training.config import TaskWeights
from crossreid.training.tasks.teacher import TeacherTask

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


@pytest.mark.parametrize("wrong", [{"rank": 0}, {"stride": 0}, {"dense": -1}, {"towers": ()}])
def test_impossible_plans_are_refused(wrong: dict[str, Any]) -> None:
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


VISION_ATTENTION, VISION_MLP = ("attn.qkv", "attn.proj"), ("mlp.fc1", "mlp.fc2")


def test_the_release_adapts_attention_everywhere_and_the_merger(tiny: Any) -> None:
    plan = HierarchicalLora(dense=1, stride=2, attention="all", merger=True, towers=("vision",))
    assert adapted_modules(tiny.teacher(depth=4).backbone, plan) == [
        *(f"visual.blocks.0.{name}" for name in VISION_ATTENTION),
        *(f"visual.blocks.1.{name}" for name in (*VISION_ATTENTION, *VISION_MLP)),
        *(f"visual.blocks.2.{name}" for name in VISION_ATTENTION),
        *(f"visual.blocks.3.{name}" for name in (*VISION_ATTENTION, *VISION_MLP)),
        "visual.merger.mlp.0",
        "visual.merger.mlp.2",
    ]


def test_one_tower_and_its_attention_alone(tiny: Any) -> None:
    plan = HierarchicalLora(dense=1, stride=9, mlp="none", merger=True, towers=("language",))
    names = adapted_modules(tiny.teacher(depth=2).backbone, plan)
    assert names == [f"language_model.layers.1.self_attn.{letter}_proj" for letter in "qkvo"]


@pytest.mark.parametrize(
    "plan",
    [
        HierarchicalLora(rank=2, dense=1, stride=1),
        HierarchicalLora(rank=3, dense=1, attention="all", merger=True, dora=True),
    ],
    ids=["paper", "release"],
)
def test_the_counted_adapters_are_those_that_are_made(tiny: Any, plan: HierarchicalLora) -> None:
    # More than twenty layers: peft then stores suffixes, which must not reach any other layer.
    backbone = tiny.teacher(depth=3).backbone
    planned = adapter_parameters(backbone, plan)
    add_adapters(backbone, plan)
    made = {
        name: sum(p.numel() for part, p in module.named_parameters() if "lora_" in part)
        for name, module in backbone.named_modules()
        if hasattr(module, "lora_A")
    }
    assert made == planned
    assert len(made) > 20
    assert not any("patch_embed" in name for name in made)


def test_parameters_by_hand(tiny: Any) -> None:
    # qkv is 32 -> 96: rank 2 has 2 x (32 + 96); DoRA's lengths are one for each of 96 rows.
    backbone = tiny.teacher(depth=1).backbone
    for dora, expected in ((False, 256), (True, 352)):
        plan = HierarchicalLora(rank=2, dora=dora)
        assert adapter_parameters(backbone, plan)["visual.blocks.0.attn.qkv"] == expected


def test_gaussian_adapters_have_deviation_one_over_rank(tiny: Any) -> None:
    plan = HierarchicalLora(rank=8, initialisation="gaussian")
    adapted = add_adapters(tiny.teacher(depth=3).backbone, plan)
    drawn = torch.cat([p.detach().flatten() for name, p in adapted.named_parameters() if "lora_A" in name])
    assert float(drawn.std()) == pytest.approx(1 / 8, rel=0.03)
    assert float(drawn.abs().max()) > 2.5 / 8  # no uniform distribution reaches this


@pytest.mark.parametrize("checkpointing", [False, True], ids=["kept", "checkpointed"])
@pytest.mark.parametrize("dora", [False, True], ids=["lora", "dora"])
def test_every_adapter_receives_a_gradient(tiny: Any, checkpointing: bool, dora: bool) -> None:
    plan = HierarchicalLora(rank=2, dense=1, stride=1, attention="all", merger=True, dora=dora)
    weights = TaskWeights(triplet_warmup=0.0)
    task = TeacherTask(tiny.teacher(), plan, people=3, weights=weights, checkpointing=checkpointing).train()
    adapters = {name: p for name, p in task.adapters.named_parameters() if p.requires_grad}
    with torch.no_grad():
        for name, parameter in adapters.items():
            if "lora_B" in name:  # while B is zero, A cannot have a gradient
                parameter.normal_(std=0.1, generator=torch.Generator().manual_seed(1))
    task(tiny.batch(people=3), progress=1.0)["total"].backward()
    assert len(adapters) == (3 if dora else 2) * 24
    silent = [name for name, p in adapters.items() if p.grad is None or not p.grad.abs().max() > 0]
    assert silent == []


@pytest.mark.parametrize("kind", ["teacher", "teacher_2_5"])
def test_checkpointing_changes_no_gradient_and_keeps_less(tiny: Any, kind: str) -> None:
    gradients, kept = [], []
    for checkpointing in (False, True):
        weights = TaskWeights()
        task = TeacherTask(
            getattr(tiny, kind)(), PLAN, people=3, weights=weights, checkpointing=checkpointing
        ).train()
        saved: list[int] = []
        with torch.autograd.graph.saved_tensors_hooks(
            lambda t, s=saved: s.append(t.numel()) or t, lambda t: t
        ):
            loss = task(tiny.batch(people=3), progress=0.0)["total"]
        loss.backward()
        kept.append(sum(saved))
        gradients.append({n: p.grad for n, p in task.named_parameters() if p.requires_grad})
    assert kept[1] < 0.5 * kept[0]
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradients[1][name], gradient, atol=1e-6, rtol=1e-5, msg=name)


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
