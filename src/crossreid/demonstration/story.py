"""What the demonstration's numbers say: sentences, aims and bars, all from the mean mAP of each setting."""

from collections.abc import Mapping
from dataclasses import dataclass

UNTRAINED_CLOUD, UNTRAINED_EDGE = "untrained cloud", "untrained edge"
CLOSED_FORM, TASK_ONLY = "edge, closed form", "edge, task only"
"""Settings beside those of the paper's table 1 (C2C, E2E, E2C) and C2E."""

Means = Mapping[str, float]
"""Mean mAP of the three tasks by setting, percent."""

QUANTITY = "Mean average precision (mAP) of searches by sketch, infrared picture and words"


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the picture: a model, and its mean mAP in percent."""

    model: str
    value: float


@dataclass(frozen=True, slots=True)
class Aim:
    """What was asked of the demonstration before it was measured.

    Args:
        name: of what was measured.
        value: in points of mean mAP.
        lowest: that meets the aim.
        highest: that meets the aim; None for no limit.
    """

    name: str
    value: float
    lowest: float
    highest: float | None = None

    @property
    def met(self) -> bool:
        """Whether the value lies within the limits."""
        return self.lowest <= self.value <= (float("inf") if self.highest is None else self.highest)

    @property
    def limits(self) -> str:
        """In words."""
        if self.highest is None:
            return f"at least {self.lowest:g}"
        return f"{self.lowest:g} to {self.highest:g}"

    def __str__(self) -> str:
        return f"{self.name}: {self.value:.1f} (aim: {self.limits}) - {'met' if self.met else 'missed'}"


def bars(means: Means) -> list[Bar]:
    """Where the edge model begins, what it learns from, and where it ends."""
    return [
        Bar("Edge model, untrained", means[UNTRAINED_EDGE]),
        Bar("Cloud model, adapted", means["C2C"]),
        Bar("Edge model, distilled", means["E2E"]),
    ]


def aims(means: Means) -> list[Aim]:
    """The aims, and what this run reached."""
    cloud, edge, alone = means["C2C"], means["E2E"], means[TASK_ONLY]
    return [
        Aim("Untrained cloud model", means[UNTRAINED_CLOUD], 15, 45),
        Aim("Gain of the cloud model by adaptation", cloud - means[UNTRAINED_CLOUD], 25),
        Aim("Adapted cloud model above the edge model trained alone", cloud - alone, 5),
        Aim("Distilled edge model above the edge model trained alone", edge - alone, 3),
        Aim("Gain of the edge model by distillation", edge - means[UNTRAINED_EDGE], 20),
        Aim("Adapted cloud model above the distilled edge model", cloud - edge, 0),
    ]


def zero_steps(means: Means) -> float:
    """The best that the edge model finds without a training step, percent."""
    return max(means[UNTRAINED_EDGE], means[CLOSED_FORM])


def claims(means: Means, *, labelled_people: int, unseen_people: int) -> list[str]:
    """What this run measured, in sentences; nothing is claimed that the table does not say.

    Args:
        means: of the run.
        labelled_people: that the models learnt from.
        unseen_people: that were searched for.
    """
    cloud, edge, alone = means["C2C"], means["E2E"], means[TASK_ONLY]
    return [
        f"Nobody has shown this site to the models: among {unseen_people} people the untrained cloud model has a mean"
        f" mAP of {means[UNTRAINED_CLOUD]:.1f} %, the untrained edge model {means[UNTRAINED_EDGE]:.1f} %.",
        f"The cloud model, adapted to {labelled_people:,} labelled people of the site, has {cloud:.1f} %"
        f" ({cloud - means[UNTRAINED_CLOUD]:+.1f}).",
        f"The edge model, distilled from it, has {edge:.1f} %: {edge - means[UNTRAINED_EDGE]:+.1f} against the untrained"
        f" edge model, {edge - means[CLOSED_FORM]:+.1f} against heads set in closed form without a training step, and"
        f" {edge - alone:+.1f} against the same edge model trained without the cloud model ({alone:.1f} %).",
        _verdict(edge, alone=alone, start=zero_steps(means)),
        f"Queries of the edge model in the cloud model's gallery: {means['E2C']:.1f} %; the other way round:"
        f" {means['C2E']:.1f} %.",
        "This is one seed: differences of a few points are within chance.",
    ]


def _verdict(edge: float, *, alone: float, start: float) -> str:
    """Distillation is worth its steps only above both of its rivals."""
    above = {"training without the cloud model": edge > alone, "no training step at all": edge > start}
    if all(above.values()):
        return "In this run distillation was better than training without the cloud model and than no training step."
    better = " and ".join(f"than {name}" for name, is_above in above.items() if not is_above)
    return f"In this run distillation was not better {better}."
