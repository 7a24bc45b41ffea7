"""What a training would do, by its configuration and the architecture of its backbone: nothing is trained."""

from dataclasses import dataclass
from typing import Any

from crossreid.core.errors import ConfigurationError
from crossreid.core.modality import Modality
from crossreid.data.dataset import Dataset
from crossreid.models.lora import HierarchicalLora, adapter_parameters
from crossreid.models.outline import Outline
from crossreid.models.presets import TREATMENTS
from crossreid.training.accelerating import training_precision
from crossreid.training.batch_contents import BatchContents, contents_of_data, contents_of_groups
from crossreid.training.config import AlignmentConfig, DsmdConfig, MllmreidConfig, TeacherConfig
from crossreid.training.cost import StepCost, step_cost
from crossreid.training.mllmreid import evidence
from crossreid.training.widths import PlannedConfig, backbone_outline, teacher_width, trained_width

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
        batch: what a batch holds.
        dataset: the training split, or the people that are going to be drawn; None where there is neither.
        cost: of a step; None where it is not known.
        dim: width of the features.
        alignment: that makes the backbone before; None where it is there.
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
    batch: BatchContents
    dataset: Dataset | None
    cost: StepCost | None
    dim: int
    alignment: AlignmentConfig | None = None

    @property
    def epochs(self) -> float | None:
        """How often every person comes up; None without data."""
        if self.batch.per_epoch is None:
            return None
        return self.steps * self.accumulation / self.batch.per_epoch

    @property
    def lowest_memory_mib(self) -> float:
        """Weights in fp32, and of each trained one its gradient and AdamW's two moments. Activations come on top."""
        frozen = self.backbone_parameters if self.adapters else 0
        return (frozen + 4 * self.trained_parameters) * _FLOAT_BYTES / 2**20


def plan_training(
    config: PlannedConfig,
    dataset: Dataset | None,
    *,
    teacher: str | None = None,
) -> TrainingPlan:
    """Read the backbone's settings (of a hub id, nothing else is fetched) and count.

    Args:
        config: of a training on a data set.
        dataset: the training split; None to leave it out.
        teacher: of a distillation, whose width the student is to have, as for `teacher_width`; None for the backbone's
            own.

    Raises:
        CheckpointError: the backbone or the teacher is not there, or incomplete.
        ConfigurationError: it is of another kind, or the input size does not fit its patches.
        DataError: the data set has fewer people than a batch needs.
    """
    drawn = backbone_outline(config)
    kind = _KINDS.get(type(config), "student")
    if drawn.kind != kind:
        raise ConfigurationError(
            f"the backbone {config.backbone!r}, which is a {drawn.kind}", expected=f"a {kind}"
        )
    adapters = _adapters(config, drawn)
    dim = trained_width(config, drawn) if teacher is None else teacher_width(teacher)
    classified = _classified_widths(config, drawn, dim)
    trained = sum(adapters.values()) + _trained_whole(config, drawn, dim)
    if dataset is not None:
        # Classifiers, and the gains of their necks.
        trained += sum(width * (len(dataset.people) + 1) for width in classified)
    named = TREATMENTS[config.input.treatment] if config.input.treatment else None
    size = (named.teacher if kind == "teacher" else named.student) if named else drawn.preprocessing
    batch = _batch(config, dataset)
    height, width = config.input.height or size.height, config.input.width or size.width
    if height % drawn.cell or width % drawn.cell:
        raise ConfigurationError(
            f"an input of {height} x {width} px", expected=f"multiples of {drawn.cell} px"
        )
    return TrainingPlan(
        kind=config.kind,
        backbone=config.backbone,
        height=height,
        width=width,
        backbone_parameters=drawn.parameters,
        adapters=adapters,
        trained_parameters=trained,
        people=config.batch.people,
        groups=config.batch.groups,
        steps=config.loop.steps,
        accumulation=config.loop.accumulation,
        batch=batch,
        dataset=dataset,
        cost=step_cost(
            drawn,
            height=height,
            width=width,
            pictures=batch.pictures,
            captions=batch.captions,
            accumulation=config.loop.accumulation,
            adapted=bool(adapters),
            checkpointing=config.checkpointing,
            half=training_precision(config.loop) != "fp32",
        ),
        dim=dim,
        alignment=config.alignment if isinstance(config, MllmreidConfig) else None,
    )


_KINDS = {TeacherConfig: "teacher", MllmreidConfig: "llava"}
"""What a backbone has to be, where that is no student."""


def _batch(config: PlannedConfig, dataset: Dataset | None) -> BatchContents:
    if isinstance(config, MllmreidConfig):
        if dataset is None:
            kinds = frozenset(map(Modality, (*config.modalities, "text")))
            return contents_of_groups(config.batch, kinds)
        dataset = evidence(config, dataset)
    if dataset is None:
        return contents_of_groups(config.batch, frozenset(Modality))
    return contents_of_data(config.batch, dataset)


def _adapters(config: PlannedConfig, drawn: Outline) -> dict[str, int]:
    backbone: Any = drawn.backbone
    match config:
        case TeacherConfig():
            return adapter_parameters(backbone, HierarchicalLora(**config.lora.model_dump()))
        case MllmreidConfig():
            depth = len(backbone.model.language_model.layers)
            plan = HierarchicalLora(dense=depth, towers=("language",), **config.lora.model_dump())
            return adapter_parameters(backbone.model, plan)
        case _:
            return {}


def _trained_whole(config: PlannedConfig, drawn: Outline, dim: int) -> int:
    """Parameters that are trained beside adapters: of students all with their heads, of a LLaVA what is before its
    language model.
    """
    backbone: Any = drawn.backbone
    match config:
        case TeacherConfig():
            return 0
        case MllmreidConfig():
            parts = [backbone.model.multi_modal_projector]
            parts += [backbone.model.vision_tower] if config.vision_rate else []
            return sum(parameter.numel() for part in parts for parameter in part.parameters())
        case _:
            return drawn.parameters + _head_parameters(drawn, dim)


def _classified_widths(config: PlannedConfig, drawn: Outline, dim: int) -> list[int]:
    """Widths of the features that identities are learnt of."""
    match config:
        case MllmreidConfig():
            settings: Any = drawn.backbone.config
            seen, latent = settings.vision_config.hidden_size, settings.text_config.hidden_size
            return {"none": [], "visual": [seen], "direct": [seen, latent]}[config.mllmreid.reid]
        case DsmdConfig() if not config.dsmd.task:
            return []
        case _:
            return [dim]


def _head_parameters(drawn: Outline, dim: int) -> int:
    """Three heads on the vision tower and one on the text tower."""
    towers: Any = drawn.backbone
    vision, text = (tower.config.hidden_size for tower in towers)
    return dim * (3 * vision + text + 4 * drawn.head_bias)
