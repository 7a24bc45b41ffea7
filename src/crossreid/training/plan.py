"""What a training would do, by its configuration and the architecture of its backbone: nothing is trained."""

from dataclasses import dataclass
from typing import Any

from crossreid.core.errors import ConfigurationError
from crossreid.data.dataset import Dataset
from crossreid.models.loading import model_folder
from crossreid.models.lora import HierarchicalLora, adapter_parameters
from crossreid.models.outline import Outline, outline
from crossreid.models.presets import TREATMENTS
from crossreid.training.config import DistillationConfig, StudentConfig, TeacherConfig

_MODALITIES = 4
_FLOAT_BYTES = 4


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """Sizes of a training.

    Args:
        kind: of the configuration.
        backbone: as it names it.
        height: of pictures, in pixels.
        width: likewise.
        backbone_parameters: of the model before anything is added.
        adapters: trained parameters by the full name of the adapted layer; empty where the whole model is trained.
        trained_parameters: with heads and, where the data are known, the identity classifier.
        people: identities a batch.
        groups: groups an identity.
        steps: of the optimiser.
        accumulation: batches a step.
        dataset: the training split; None where there is none.
    """

    kind: str
    backbone: str
    height: int
    width: int
    backbone_parameters: int
    adapters: dict[str, int]
    trained_parameters: int
    people: int
    groups: int
    steps: int
    accumulation: int
    dataset: Dataset | None

    @property
    def items_a_batch(self) -> int:
        """Of groups with one item of every modality."""
        return self.people * self.groups * _MODALITIES

    @property
    def epochs(self) -> float | None:
        """How often every person comes up; None without data."""
        if self.dataset is None:
            return None
        return self.steps * self.accumulation / max(1, len(self.dataset.people) // self.people)

    @property
    def lowest_memory_mib(self) -> float:
        """Weights in fp32, and of each trained one its gradient and AdamW's two moments. Activations come on top."""
        frozen = self.backbone_parameters if self.adapters else 0
        return (frozen + 4 * self.trained_parameters) * _FLOAT_BYTES / 2**20


def plan_training(
    config: TeacherConfig | StudentConfig | DistillationConfig,
    dataset: Dataset | None,
    *,
    teacher: str | None = None,
) -> TrainingPlan:
    """Read the backbone's settings (of a hub id, nothing else is fetched) and count.

    Args:
        config: of a teacher, a student or a distillation.
        dataset: the training split; None to leave it out.
        teacher: of a distillation, whose width the student is to have; None for the backbone's own.

    Raises:
        CheckpointError: the backbone is not there, or incomplete.
        ConfigurationError: it is of another kind.
    """
    drawn = outline(model_folder(config.backbone, weights=False))
    kind = "teacher" if isinstance(config, TeacherConfig) else "student"
    if drawn.kind != kind:
        raise ConfigurationError(
            f"the backbone {config.backbone!r}, which is a {drawn.kind}", expected=f"a {kind}"
        )
    adapters: dict[str, int] = {}
    if isinstance(config, TeacherConfig):
        backbone: Any = drawn.backbone
        adapters = adapter_parameters(backbone, HierarchicalLora(**config.lora.model_dump()))
        dim, trained = drawn.dim, sum(adapters.values())
    else:
        dim = _student_width(config, drawn, teacher)
        trained = drawn.parameters + _head_parameters(drawn, dim)
    if dataset is not None:
        trained += dim * (len(dataset.people) + 1)  # the classifier, and the neck's gains
    named = TREATMENTS[config.input.treatment] if config.input.treatment else None
    size = (named.teacher if kind == "teacher" else named.student) if named else drawn.preprocessing
    return TrainingPlan(
        kind=config.kind,
        backbone=config.backbone,
        height=config.input.height or size.height,
        width=config.input.width or size.width,
        backbone_parameters=drawn.parameters,
        adapters=adapters,
        trained_parameters=trained,
        people=config.batch.people,
        groups=config.batch.groups,
        steps=config.loop.steps,
        accumulation=config.loop.accumulation,
        dataset=dataset,
    )


def _student_width(config: StudentConfig | DistillationConfig, drawn: Outline, teacher: str | None) -> int:
    if isinstance(config, StudentConfig):
        return config.dim or drawn.dim
    return drawn.dim if teacher is None else outline(model_folder(teacher, weights=False)).dim


def _head_parameters(drawn: Outline, dim: int) -> int:
    """Three heads on the vision tower and one on the text tower."""
    towers: Any = drawn.backbone
    vision, text = (tower.config.hidden_size for tower in towers)
    return dim * (3 * vision + text)
