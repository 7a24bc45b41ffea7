"""What `crossreid train --dry-run` prints."""

import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crossreid.training.plan import TrainingPlan

_KINDS = {1: "one modality", 2: "two modalities", 3: "three modalities", 4: "four modalities"}


def show_plan(plan: "TrainingPlan") -> None:
    """Print a plan; adapted layers one a line, the blocks that have the same ones together."""
    print(f"Plan of a {plan.kind} training; nothing is trained.")
    _line("Backbone", f"{plan.backbone}, {plan.backbone_parameters:,} parameters")
    _line("Input", f"{plan.height} x {plan.width} px")
    if plan.dataset is None:
        _line("Data", "none named; --data counts them")
    else:
        data = plan.dataset
        kinds = Counter(sample.modality.value for sample in data.samples)
        kinds_text = ", ".join(f"{count:,} {kind}" for kind, count in kinds.items())
        _line(
            "Data", f"{data.name}: {len(data.people):,} people, {len(data.groups()):,} groups, {kinds_text}"
        )
    batch = f"{plan.people} people x {plan.groups} groups, {plan.items_a_batch} items of {_KINDS[plan.modalities]}"
    _line("Batch", batch + (f", {plan.accumulation} batches a step" if plan.accumulation > 1 else ""))
    epochs = "" if plan.epochs is None else f", every person {plan.epochs:.1f} times"
    _line("Steps", f"{plan.steps:,}{epochs}")
    whole = "" if plan.dataset is not None else ", without the classifier over the people of the data"
    _line("Trained", f"{plan.trained_parameters:,} parameters{whole}")
    _line(
        "Memory",
        f"at least {plan.lowest_memory_mib:,.0f} MiB in fp32: weights, gradients and AdamW's moments,",
    )
    _line("", "without activations, which grow with the batch")
    if plan.adapters:
        _line("Adapters", f"{sum(plan.adapters.values()):,} parameters in {len(plan.adapters)} layers:")
        for layer, blocks in _by_layer(plan.adapters).items():
            _line("", f"{layer}" + (f"  in {', '.join(blocks)}" if blocks else ""))


def _line(name: str, text: str) -> None:
    print(f"{name:<10}{text}")


def _by_layer(adapters: dict[str, int]) -> dict[str, list[str]]:
    """`visual.blocks.*.attn.qkv` -> the numbers of its blocks."""
    layers: dict[str, list[str]] = {}
    for name in adapters:
        match = re.fullmatch(r"(.*\.(?:blocks|layers))\.(\d+)\.(.*)", name)
        layer = f"{match[1]}.*.{match[3]}" if match else name
        layers.setdefault(layer, []).extend([match[2]] if match else [])
    return layers
