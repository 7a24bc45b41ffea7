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
        Aim("Untrained cloud model", means[UNTRAINED_CLOUD], 15.0, 45.0),
        Aim("Gain of the cloud model by adaptation", cloud - means[UNTRAINED_CLOUD], 25.0),
        Aim("Adapted cloud model above the edge model trained alone", cloud - alone, 5.0),
        Aim("Distilled edge model above the edge model trained alone", edge - alone, 3.0),
        Aim("Gain of the edge model by distillation", edge - means[UNTRAINED_EDGE], 20.0),
        Aim("Adapted cloud model above the distilled edge model", cloud - edge, 0.0),
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
    cloud, edge, alone, start = means["C2C"], means["E2E"], means[TASK_ONLY], zero_steps(means)
    untrained = (
        f"Untrained, the cloud model has a mean mAP of {means[UNTRAINED_CLOUD]:.1f} % among {unseen_people} people of"
        f" the site, and the edge model {means[UNTRAINED_EDGE]:.1f} %."
    )
    adapted = (
        f"Adapted to {labelled_people:,} labelled people of the site, the cloud model has {cloud:.1f} %"
        f" ({cloud - means[UNTRAINED_CLOUD]:+.1f})."
    )
    gain = edge - means[UNTRAINED_EDGE]
    distilled = f"Distilled from the adapted cloud model, the edge model has {edge:.1f} % ({gain:+.1f})."
    rivals = (
        f"That is {edge - alone:+.1f} against the edge model trained without the cloud model ({alone:.1f} %), and"
        f" {edge - start:+.1f} against the best edge model without a training step ({start:.1f} %)."
    )
    together = (
        f"In the cloud model's gallery the edge model's queries reach {means['E2C']:.1f} %; the other way round it is"
        f" {means['C2E']:.1f} %."
    )
    chance = "This is one seed: differences of a few points are within chance."
    return [untrained, adapted, distilled, rivals, _verdict(edge, alone, start), together, chance]


def _verdict(edge: float, alone: float, start: float) -> str:
    """Say whether distillation was worth its steps: only above both of its rivals."""
    rivals = {"training without the cloud model": alone, "no training step at all": start}
    stronger = [name for name, value in rivals.items() if edge <= value]
    if stronger:
        return f"Here distillation was not better than {' or '.join(stronger)}."
    return f"Here distillation was better than {' and than '.join(rivals)}."
