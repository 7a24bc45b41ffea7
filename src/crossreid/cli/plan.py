"""What `crossreid train --dry-run` prints."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crossreid.data.dataset import Dataset
    from crossreid.training.machine import Machine
    from crossreid.training.memory import TrainingMemory
    from crossreid.training.plan import TrainingPlan
    from crossreid.training.pretraining_plan import PretrainingPlan
    from crossreid.training.remedies import Remedy
    from crossreid.training.translator_plan import TranslatorPlan

_KINDS = {1: "one modality", 2: "two modalities", 3: "three modalities", 4: "four modalities"}


def show_plan(
    plan: "TrainingPlan", machine: "Machine", *, teacher: str = "", remedies: Sequence["Remedy"] = ()
) -> None:
    """Print a plan; adapted layers one a line, the blocks that have the same ones together.

    Args:
        plan: of a training.
        machine: that it is made for.
        teacher: of a distillation: which one, or why it is not counted; "" where there is none.
        remedies: what makes it fit, where it does not.
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
    held = f"{plan.batch.pictures} pictures and {plan.batch.captions} captions of {_KINDS[len(plan.batch.kinds)]}"
    _line("Batch", f"{plan.people} people x {plan.groups} groups, {held}" + _accumulated(plan.accumulation))
    if machine.processes > 1:
        own = plan.batch.of_process(plan.people, machine.processes)
        _line(
            "", f"in {machine.processes} processes: {own.pictures} pictures and {own.captions} captions each"
        )
    epochs = "" if plan.epochs is None else f", every person {plan.epochs:.1f} times"
    _line("Steps", f"{plan.steps:,}{epochs}")
    whole = "" if plan.dataset is not None else ", without the classifier over the people of the data"
    _line("Trained", f"{plan.trained_parameters:,} parameters{whole}")
    _line("Words", _words(plan))
    _show_memory(plan.memory, machine, remedies)
    _line("Time", _time(plan.steps, plan.cost.flops, machine))
    if plan.adapters:
        _line("Adapters", f"{sum(plan.adapters.values()):,} parameters in {len(plan.adapters)} layers:")
        for layer, blocks in _by_layer(plan.adapters).items():
            _line("", f"{layer}" + (f"  in {', '.join(blocks)}" if blocks else ""))


def show_translator_plan(plan: "TranslatorPlan", machine: "Machine") -> None:
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
    _show_memory(plan.memory, machine)
    _line("Time", _time(config.loop.steps, plan.cost.flops, machine))


def show_pretraining_plan(plan: "PretrainingPlan", machine: "Machine") -> None:
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
    _show_memory(plan.memory, machine)
    _line("Time", _time(config.loop.steps, plan.cost.flops, machine))


def _accumulated(batches: int) -> str:
    return f", {batches} batches a step" if batches > 1 else ""


def _counted(data: "Dataset") -> str:
    kinds = Counter(sample.modality.value for sample in data.samples)
    kinds_text = ", ".join(f"{count:,} {kind}" for kind, count in kinds.items())
    return f"{data.name}: {len(data.people):,} people, {len(data.groups()):,} groups, {kinds_text}"


def _line(name: str, text: str) -> None:
    print(f"{name:<10}{text}")


def _words(plan: "TrainingPlan") -> str:
    which = "the longest caption of the data" if plan.dataset else "captions that are cut to the longest"
    how = "" if plan.exact_words else ", of one token a word: the backbone has no tokenizer"
    return f"every caption counts as {which}{how}"


_PARTS = {
    "frozen": "frozen weights",
    "trained": "trained weights",
    "gradients": "gradients",
    "moments": "moments of the optimiser",
    "average": "average of the weights",
    "exchange": "exchange between processes",
    "stored": "stored features and buffers",
    "activations": "activations kept for the backward pass",
    "working": "working memory",
}


def _show_memory(memory: "TrainingMemory", machine: "Machine", remedies: Sequence["Remedy"] = ()) -> None:
    """A line for each part of the memory of a process, their sum, and whether that fits."""
    unit, scale = ("GiB", 1024.0) if memory.total >= 1024 else ("MiB", 1.0)
    _line("Memory", f"of {'each' if machine.processes > 1 else 'the'} process, {unit}:")
    rows = {words: getattr(memory, part) for part, words in _PARTS.items()} | {"in all": memory.total}
    for words, mib in rows.items():
        if mib:
            _line("", f"{words:<40}{mib / scale:>9,.2f}")
    if machine.usable_mib is None or machine.memory_gib is None:
        return
    total, usable = memory.total / 1024, machine.usable_mib / 1024
    device = f"{machine.memory_gib:,.0f} GiB, of which {machine.memory_gib - usable:,.1f} are left free"
    if total <= usable:
        _line("Fits", f"yes: {total:,.1f} GiB into {device}")
        return
    _line("Fits", f"no: {total:,.1f} GiB into {device}")
    for remedy in remedies:
        about = "" if remedy.counted else "about "
        _line("", f"{remedy.options}  fits: {about}{remedy.total_mib / 1024:,.1f} GiB; {remedy.effect}")
    if not remedies:
        _line("", "Use devices with more memory, or a smaller backbone.")


def _time(steps: int, flops: float, machine: "Machine") -> str:
    """By the share of the rate that is assumed."""
    hours = steps * flops / (machine.share * machine.flops) / 3600
    rate = f"{machine.flops / 1e9:,.0f} GFLOP/s in {machine.precision}"
    if machine.described == "measured here":
        where = f"at the {rate} measured here"
    else:
        where = f"at {100 * machine.share:.0f} % {machine.described}, {machine.flops / 1e12:,.4g} TFLOP/s"
    each = " in each process" if machine.processes > 1 else ""
    least = "at least" if machine.share == 1 else "about"
    return f"{least} {hours:,.2f} hours: {flops / 1e12:,.3g} TFLOP a step{each}, {where}"


def _by_layer(adapters: dict[str, int]) -> dict[str, list[str]]:
    """`visual.blocks.*.attn.qkv` -> the numbers of its blocks."""
    layers: dict[str, list[str]] = {}
    for name in adapters:
        match = re.fullmatch(r"(.*\.(?:blocks|layers))\.(\d+)\.(.*)", name)
        layer = f"{match[1]}.*.{match[3]}" if match else name
        layers.setdefault(layer, []).extend([match[2]] if match else [])
    return layers
