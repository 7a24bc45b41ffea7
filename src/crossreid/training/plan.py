"""What a training would do, by its configuration and the architecture of its backbone: nothing is trained."""

from dataclasses import dataclass, replace
from typing import Any

from torch import nn

from crossreid.core.errors import ConfigurationError
from crossreid.core.modality import Modality
from crossreid.data.dataset import Dataset
from crossreid.data.preprocessing import Preprocessing
from crossreid.models.heads import IdentityHead
from crossreid.models.lora import HierarchicalLora, adapter_parameters
from crossreid.models.outline import Outline
from crossreid.models.presets import TREATMENTS
from crossreid.training.batch_contents import BatchContents, contents_of_data, contents_of_groups
from crossreid.training.config import AlignmentConfig, MllmreidConfig, TeacherConfig
from crossreid.training.cost import StepCost, step_cost
from crossreid.training.frozen_weights import FrozenWeights, are_held_in_half
from crossreid.training.machine import Machine
from crossreid.training.memory import TrainingMemory, training_memory
from crossreid.training.mllmreid import evidence
from crossreid.training.weightless import weightless_batch, weightless_task
from crossreid.training.widths import PlannedConfig, backbone_outline, teacher_width, trained_width


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
        batch: what a batch holds, over all processes.
        dataset: the training split, or the people that are going to be drawn; None where there is neither.
        cost: of a step in one process.
        memory: of one process.
        dim: width of the features.
        can_checkpoint: activations can be computed again.
        exact_words: token ids are those of the backbone's tokenizer.
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
    cost: StepCost
    memory: TrainingMemory
    dim: int
    can_checkpoint: bool
    exact_words: bool
    alignment: AlignmentConfig | None = None

    @property
    def epochs(self) -> float | None:
        """How often every person comes up; None without data."""
        if self.batch.per_epoch is None:
            return None
        return self.steps * self.accumulation / self.batch.per_epoch


def check_backbone(
    config: PlannedConfig, *, teacher: str | None = None
) -> tuple[Outline, Preprocessing, int]:
    """Read the backbone's settings (of a hub id, nothing but these and its words are fetched).

    Returns:
        Its architecture, the treatment of pictures, and the width of the features.

    Raises:
        CheckpointError: the backbone or the teacher is not there, or incomplete.
        ConfigurationError: it is of another kind, or the input size does not fit its patches.
    """
    drawn = backbone_outline(config)
    kind = _KINDS.get(type(config), "student")
    if drawn.kind != kind:
        raise ConfigurationError(
            f"the backbone {config.backbone!r}, which is a {drawn.kind}", expected=f"a {kind}"
        )
    dim = trained_width(config, drawn) if teacher is None else teacher_width(teacher)
    named = TREATMENTS[config.input.treatment] if config.input.treatment else None
    size = (named.teacher if kind == "teacher" else named.student) if named else drawn.preprocessing
    size = replace(size, height=config.input.height or size.height, width=config.input.width or size.width)
    if size.height % drawn.cell or size.width % drawn.cell:
        raise ConfigurationError(
            f"an input of {size.height} x {size.width} px", expected=f"multiples of {drawn.cell} px"
        )
    return drawn, size, dim


def plan_training(
    config: PlannedConfig, dataset: Dataset | None, *, machine: Machine, teacher: str | None = None
) -> TrainingPlan:
    """Run a batch of one process forward and backward on tensors without data, and count.

    Args:
        config: of a training on a data set.
        dataset: the training split; None to leave it out.
        machine: that it is planned for.
        teacher: of a distillation, whose width the student is to have, as for `teacher_width`; None for the backbone's
            own.

    Raises:
        CheckpointError: the backbone or the teacher is not there, or incomplete.
        ConfigurationError: it is of another kind, the input size does not fit its patches, or a batch has fewer people
            than there are processes.
        DataError: the data set has fewer people than a batch needs.
    """
    drawn, size, dim = check_backbone(config, teacher=teacher)
    batch = _batch(config, dataset)
    if config.batch.people < machine.processes:
        raise ConfigurationError(
            f"batches of {config.batch.people} people for {machine.processes} processes",
            expected="at least one person a process",
            remedy=f"--set batch.people={machine.processes}",
        )
    counted, exact = drawn.parameters, drawn.has_tokenizer
    adapters = _adapters(config, drawn)
    own = batch.of_process(config.batch.people, machine.processes)
    people = len(dataset.people) if dataset else config.batch.people
    rows = len(dataset.samples) if dataset else 0
    task = weightless_task(config, drawn, own, dim=dim, people=people, rows=rows)
    if are_held_in_half(
        config.loop, precision=machine.precision, device=machine.device, processes=machine.processes
    ):
        FrozenWeights(task)
    cost = step_cost(
        task,
        lambda: weightless_batch(config, own, size, dataset),
        device=machine.device,
        precision=machine.precision,
        accumulation=config.loop.accumulation,
    )
    trained = sum(parameter.numel() for parameter in task.parameters() if parameter.requires_grad)
    return TrainingPlan(
        kind=config.kind,
        backbone=config.backbone,
        height=size.height,
        width=size.width,
        backbone_parameters=counted,
        adapters=adapters,
        trained_parameters=trained - (0 if dataset else _classifiers(task)),
        people=config.batch.people,
        groups=config.batch.groups,
        steps=config.loop.steps,
        accumulation=config.loop.accumulation,
        batch=batch,
        dataset=dataset,
        cost=cost,
        memory=training_memory(task, config.loop, cost, processes=machine.processes),
        dim=dim,
        can_checkpoint=not drawn.is_vision_text,
        exact_words=exact,
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


def _classifiers(task: nn.Module) -> int:
    """Trained parameters of the classifiers over people who are not known yet, and of their necks."""
    heads = (module for module in task.modules() if isinstance(module, IdentityHead))
    return sum(
        parameter.numel() for head in heads for parameter in head.parameters() if parameter.requires_grad
    )
