"""What makes a training fit into the memory of its devices."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from crossreid.training.machine import Machine
from crossreid.training.plan import TrainingPlan
from crossreid.training.widths import PlannedConfig


@dataclass(frozen=True, slots=True)
class Remedy:
    """A change that makes a plan fit.

    Args:
        options: of the dry run, as they are typed.
        total_mib: of a process with it.
        counted: by a plan of its own; else in proportion to the people of a process.
        effect: on the training, in words.
    """

    options: str
    total_mib: float
    counted: bool
    effect: str


def find_remedies(
    config: PlannedConfig,
    plan: TrainingPlan,
    machine: Machine,
    again: Callable[[PlannedConfig], TrainingPlan],
) -> Iterator[Remedy]:
    """Changes that make the plan fit, those that leave the mathematics as they are first.

    Where recomputing activations does not suffice, the others come on top of it.

    Args:
        config: of the plan.
        plan: that does not fit.
        machine: whose memory is known.
        again: plans another configuration.
    """
    first = ""
    if plan.can_checkpoint and not config.checkpointing:
        less = again(config.model_copy(update={"checkpointing": True}))
        if fits(less.memory.total, machine):
            effect = "the same numbers, and steps that take about a third longer"
            yield Remedy("--set checkpointing=true", less.memory.total, True, effect)
        else:
            plan, first = less, "--set checkpointing=true "
    if plan.memory.fixed > (machine.usable_mib or 0):
        return
    for processes in range(machine.processes + 1, plan.people + 1):
        if fits(total := _estimate(plan, machine, plan.people, processes), machine):
            yield Remedy(f"{first}--processes {processes}", total, False, "the same numbers, on more devices")
            break
    for parts in range(2, plan.people // 2 + 1):
        people = plan.people // parts
        if people < max(2, machine.processes) or plan.people % parts:
            continue
        if fits(total := _estimate(plan, machine, people, machine.processes), machine):
            options = f"--set batch.people={people} --set loop.accumulation={parts * plan.accumulation}"
            effect = "another training, whose losses compare fewer people"
            yield Remedy(first + options, total, False, effect)
            break


def fits(total_mib: float, machine: Machine) -> bool:
    """Whether a process with so much fits into the usable memory of its device."""
    return machine.usable_mib is not None and total_mib <= machine.usable_mib


def _estimate(plan: TrainingPlan, machine: Machine, people: int, processes: int) -> float:
    """What depends on the batch grows with the people of the process that has the most of them."""
    share = -(-people // processes) / -(-plan.people // machine.processes)
    return plan.memory.fixed + share * (plan.memory.activations + plan.memory.working)
