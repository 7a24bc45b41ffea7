"""Settings of the arms: learning rates to choose from, numbers of labelled people, widths of PCM."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, TypeVar

from crossreid.core.errors import ConfigurationError
from crossreid.data.dataset import Dataset
from crossreid.training.config import DistillationConfig, StudentConfig, TeacherConfig

_RATES = "_learning_rates"
_Config = TypeVar("_Config", bound=TeacherConfig | StudentConfig | DistillationConfig)


@dataclass(frozen=True, slots=True)
class ArmSettings:
    """What the arms of a study are tuned and varied by.

    Args:
        teacher_learning_rates: peak rates of the cloud model, of which validation people choose; empty for the
            configuration's own.
        student_learning_rates: the same of the edge model alone.
        distillation_learning_rates: the same of each distillation.
        labelled_people: training identities of the item `labels`, ascending.
        scarce_people: training identities with names of the item `scarce`.
        component_shares: PCM components of the item `components`, as shares of the feature width.

    Raises:
        ConfigurationError: a value is out of range.
    """

    teacher_learning_rates: tuple[float, ...] = ()
    student_learning_rates: tuple[float, ...] = ()
    distillation_learning_rates: tuple[float, ...] = ()
    labelled_people: tuple[int, ...] = (50, 200, 800, 2000)
    scarce_people: int = 200
    component_shares: tuple[float, ...] = (0.05, 0.15, 0.5)

    def __post_init__(self) -> None:
        for name, values in asdict(self).items():
            if name.endswith(_RATES):
                _check(name, values, all(value > 0 for value in values), "positive numbers")
        people, shares = self.labelled_people, self.component_shares
        ascending = people == tuple(sorted(set(people))) and all(count >= 2 for count in people)
        _check("labelled_people", people, bool(people) and ascending, "ascending numbers of 2 or more")
        _check("scarce_people", self.scarce_people, self.scarce_people >= 2, "2 or more")
        _check("component_shares", shares, all(0 < share <= 1 for share in shares), "numbers in (0, 1]")

    def rates_of(self, config: TeacherConfig | StudentConfig | DistillationConfig) -> tuple[float, ...]:
        """The peak learning rates to try for a configuration; its own where none are declared."""
        return getattr(self, f"{config.kind}{_RATES}") or (config.loop.learning_rate,)

    def to_json(self) -> dict[str, Any]:
        """As JSON holds them."""
        return asdict(self)


def arm_settings(values: Mapping[str, Any]) -> ArmSettings:
    """Arm settings from what a user wrote.

    Raises:
        ConfigurationError: a name is unknown, or a value is out of range.
    """
    known = [field.name for field in fields(ArmSettings)]
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise ConfigurationError(f"--set arms.{unknown[0]}", expected=f"one of {', '.join(known)}")
    read: dict[str, Any] = {}
    for name, value in values.items():
        number, many = (int if name.endswith("people") else float), name != "scarce_people"
        try:
            read[name] = tuple(number(one) for one in value) if many else number(value)
        except (TypeError, ValueError) as error:
            expected = "a list of numbers, such as [1, 2]" if many else "a number"
            raise ConfigurationError(f"--set arms.{name}={value}", expected=expected) from error
    return ArmSettings(**read)


def with_rate(config: _Config, learning_rate: float) -> _Config:
    """The configuration at another peak learning rate; its floor and Muon's rate keep their ratio to the peak."""
    loop, ratio = config.loop, learning_rate / config.loop.learning_rate
    muon = loop.muon_learning_rate
    changed = {
        "learning_rate": learning_rate,
        "final_learning_rate": loop.final_learning_rate * ratio,
        "muon_learning_rate": None if muon is None else muon * ratio,
    }
    return config.model_copy(update={"loop": loop.model_copy(update=changed)})


def with_people(config: _Config, people: int) -> _Config:
    """The configuration with a batch of at most so many identities."""
    batch = config.batch.model_copy(update={"people": min(config.batch.people, people)})
    return config.model_copy(update={"batch": batch})


def first_people(dataset: Dataset, count: int | None) -> Dataset:
    """The first people of a data set, so that smaller numbers are subsets of larger ones; None for all."""
    return dataset if count is None else dataset.of_people(dataset.people[:count])


def without_names(dataset: Dataset) -> Dataset:
    """Every encounter as a person of its own: nothing says who was met twice."""
    sources = {source: place for place, source in enumerate(dataset.groups())}
    samples = tuple(
        replace(sample, person_id=sources.get(sample.source_id, -1)) for sample in dataset.samples
    )
    return replace(dataset, name=f"{dataset.name} without names", samples=samples, labels=tuple(sources))


def _check(name: str, value: object, passed: bool, expected: str) -> None:
    if not passed:
        raise ConfigurationError(f"--set arms.{name}={value}", expected=expected)


TUNED = ArmSettings(
    teacher_learning_rates=(1e-3, 3e-3),
    student_learning_rates=(1e-3, 3e-3),
    distillation_learning_rates=(1e-3, 3e-3),
)
"""The grid of the preset `tiny`."""
