"""How far a pack agrees with the model that it was made from, and how far it must."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from crossreid.core.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Agreement:
    """Cosines between the model's and the pack's vectors of the same items.

    Args:
        mean: over the items.
        lowest: of all items.
        items: how many.
    """

    mean: float
    lowest: float
    items: int


@dataclass(frozen=True, slots=True)
class TaskChange:
    """One retrieval task by the model and by the pack, percent.

    Args:
        task: such as `S->R`.
        r1: of the model.
        r1_change: pack minus model, points.
        mean_ap: of the model.
        mean_ap_change: pack minus model, points.
    """

    task: str
    r1: float
    r1_change: float
    mean_ap: float
    mean_ap_change: float


@dataclass(frozen=True, slots=True)
class Limits:
    """What a pack of some precision must keep.

    Args:
        cosine: with the model, 1 for the same vectors.
        of_mean: the cosine's mean over the items of a modality counts, else their lowest.
        mean_ap_drop: points of mAP that a task may lose.
    """

    cosine: float
    of_mean: bool
    mean_ap_drop: float


# Rounding to half width errs alike on all pictures; eight bits err on some far more than on others.
LIMITS: Mapping[str, Limits] = {
    "fp32": Limits(0.9999, of_mean=False, mean_ap_drop=0.1),
    "fp16": Limits(0.999, of_mean=False, mean_ap_drop=0.5),
    "bf16": Limits(0.999, of_mean=False, mean_ap_drop=0.5),
    "int8": Limits(0.999, of_mean=True, mean_ap_drop=1.0),
}


@dataclass(frozen=True, slots=True)
class Parity:
    """The report of a comparison.

    Args:
        modalities: agreement of each kind of evidence that was compared.
        tasks: retrieval before and after, where there was an evaluation set.
        data: what was compared on.
    """

    modalities: Mapping[str, Agreement]
    tasks: tuple[TaskChange, ...] = ()
    data: str = "drawn people"
    accepted: tuple[str, ...] = field(default=())
    """Limits that are broken and were accepted."""

    def broken(self, precision: str) -> tuple[str, ...]:
        """A line for each limit that is not kept.

        Raises:
            ConfigurationError: nothing was compared.
        """
        if not self.modalities:
            raise ConfigurationError("a pack that was compared on nothing", expected="pictures or captions")
        limits = LIMITS[precision]
        lines = []
        for name, agreement in self.modalities.items():
            value = agreement.mean if limits.of_mean else agreement.lowest
            if not value >= limits.cosine:
                kind = "mean" if limits.of_mean else "lowest"
                lines.append(f"{name}: {kind} cosine {value:.6f}, at least {limits.cosine}")
        lines += [
            f"{change.task}: mAP {change.mean_ap_change:+.2f} points, at least {-limits.mean_ap_drop}"
            for change in self.tasks
            if change.mean_ap_change < -limits.mean_ap_drop
        ]
        return tuple(lines)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Parity":
        """Read what `dataclasses.asdict` made."""
        return cls(
            modalities={name: Agreement(**item) for name, item in values["modalities"].items()},
            tasks=tuple(TaskChange(**item) for item in values["tasks"]),
            data=values["data"],
            accepted=tuple(values["accepted"]),
        )
