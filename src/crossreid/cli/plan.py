"""What `crossreid train --dry-run` prints."""

import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crossreid.data.dataset import Dataset
    from crossreid.training.config import LoopConfig
    from crossreid.training.plan import TrainingPlan
    from crossreid.training.pretraining_plan import PretrainingPlan
    from crossreid.training.translator_plan import TranslatorPlan

_KINDS = {1: "one modality", 2: "two modalities", 3: "three modalities", 4: "four modalities"}


def show_plan(plan: "TrainingPlan", *, half: bool = False, teacher: str = "") -> None:
    """Print a plan; adapted layers one a line, the blocks that have the same ones together.

    Args:
        plan: of a training.
        half: its matrix products are in half precision.
        teacher: of a distillation: which one, or why it is not counted; "" where there is none.
    """
    print(f"Plan of a {plan.kind} training; nothing is trained.")
    if teacher:
        _line("Teacher", teacher)
    made = plan.alignment
    first = (
        f", made first: {made.loop.steps:,} steps on captions of {made.drawn.people:,} drawn people"
        if made
        else ""
    )
    _line("Backbone", f"{plan.backbone}, {plan.backbone_parameters:,} parameters{first}")
    _line("Input", f"{plan.height} x {plan.width} px")
    if plan.dataset is None:
        _line("Data", "none named; --data counts them")
    else:
        _line("Data", _counted(plan.dataset))
    held = f"{plan.batch.pictures} pictures and {plan.batch.captions} captions of {_KINDS[plan.batch.modalities]}"
    _line("Batch", f"{plan.people} people x {plan.groups} groups, {held}" + _accumulated(plan.accumulation))
    epochs = "" if plan.epochs is None else f", every person {plan.epochs:.1f} times"
    _line("Steps", f"{plan.steps:,}{epochs}")
    whole = "" if plan.dataset is not None else ", without the classifier over the people of the data"
    _line("Trained", f"{plan.trained_parameters:,} parameters{whole}")
    _line(
        "Memory",
        f"at least {plan.lowest_memory_mib:,.0f} MiB in fp32: weights, gradients and AdamW's moments,",
    )
    if plan.cost is None:
        _line("", "without activations, which grow with the batch")
    else:
        _line("", f"and about {plan.cost.activations_mib:,.0f} MiB of activations")
        _line("Time", _time(plan.steps, plan.cost.flops, half=half))
    if plan.adapters:
        _line("Adapters", f"{sum(plan.adapters.values()):,} parameters in {len(plan.adapters)} layers:")
        for layer, blocks in _by_layer(plan.adapters).items():
            _line("", f"{layer}" + (f"  in {', '.join(blocks)}" if blocks else ""))


def show_translator_plan(plan: "TranslatorPlan") -> None:
    """Print what the training of a translator would do."""
    config = plan.config
    print(f"Plan of a {config.kind} training; nothing is trained.")
    _line(
        "Network", f"photograph -> {config.modality}, {plan.generator_parameters:,} parameters, all trained"
    )
    if plan.discriminator_parameters:
        _line("", f"judged by {config.discriminator}, {plan.discriminator_parameters:,} parameters")
    _line("Input", f"{config.network.height} x {config.network.width} px")
    if plan.dataset is None:
        _line("Data", f"{plan.pairs:,} pairs, drawn of {config.drawn_people:,} people")
    else:
        _line("Data", f"{_counted(plan.dataset)}; {plan.pairs:,} pairs")
    _line("Batch", f"{config.batch} pairs" + _accumulated(config.loop.accumulation))
    _line("Steps", f"{config.loop.steps:,}, every pair {plan.epochs:.1f} times")
    _line(
        "Memory",
        f"at least {plan.lowest_memory_mib:,.0f} MiB in fp32: weights, gradients and Adam's moments,",
    )
    _line("", f"and about {plan.cost.activations_mib:,.0f} MiB of activations")
    _line("Time", _time(config.loop.steps, plan.cost.flops, half=_is_half(config.loop)))


def show_pretraining_plan(plan: "PretrainingPlan") -> None:
    """Print what a pretraining would do."""
    config = plan.config
    print(f"Plan of a {config.kind} pretraining; nothing is drawn or trained.")
    start = "nothing" if config.start is None else str(config.start)
    _line("Start", f"{start}, {plan.parameters:,} parameters, all trained")
    drawn = f"{config.photographs:,} photographs and {config.drawings:,} drawings with captions"
    _line("Data", f"{drawn}, {plan.disk_mib:,.0f} MiB")
    batch = f"{config.batch_photographs} photographs and {config.batch_drawings} drawings"
    _line("Batch", batch + _accumulated(config.loop.accumulation))
    _line("Steps", f"{config.loop.steps:,}, every photograph {plan.epochs:.1f} times")
    _line(
        "Memory",
        f"at least {plan.lowest_memory_mib:,.0f} MiB in fp32: weights, gradients and the optimisers' moments,",
    )
    _line("", f"and about {plan.cost.activations_mib:,.0f} MiB of activations")
    _line("Time", _time(config.loop.steps, plan.cost.flops, half=_is_half(config.loop)))


def _is_half(loop: "LoopConfig") -> bool:
    from crossreid.training.accelerating import training_precision

    return training_precision(loop) != "fp32"


def _accumulated(batches: int) -> str:
    return f", {batches} batches a step" if batches > 1 else ""


def _counted(data: "Dataset") -> str:
    kinds = Counter(sample.modality.value for sample in data.samples)
    kinds_text = ", ".join(f"{count:,} {kind}" for kind, count in kinds.items())
    return f"{data.name}: {len(data.people):,} people, {len(data.groups()):,} groups, {kinds_text}"


def _line(name: str, text: str) -> None:
    print(f"{name:<10}{text}")


def _time(steps: int, flops: float, *, half: bool) -> str:
    """At the rate that this machine's matrix products reach when nothing else is done."""
    import torch

    from crossreid.analysis.measuring import peak_flops

    rate = peak_flops(torch.bfloat16 if half else torch.float32, side=1024, repeats=3)
    hours = steps * flops / rate / 3600
    return (
        f"at least {hours:,.2f} hours here: {flops / 1e12:,.3g} TFLOP a step, and matrix products of"
        f" {rate / 1e9:,.0f} GFLOP/s"
    )


def _by_layer(adapters: dict[str, int]) -> dict[str, list[str]]:
    """`visual.blocks.*.attn.qkv` -> the numbers of its blocks."""
    layers: dict[str, list[str]] = {}
    for name in adapters:
        match = re.fullmatch(r"(.*\.(?:blocks|layers))\.(\d+)\.(.*)", name)
        layer = f"{match[1]}.*.{match[3]}" if match else name
        layers.setdefault(layer, []).extend([match[2]] if match else [])
    return layers
